/**
 * What an engine says about rules. It never sees a register: it names packet fields, and hands a packet on only to typed
 * targets, from which the core makes the rules. So an engine cannot send a packet of one network into another.
 */
import type { OxmField } from '../../src/openflow/index.ts'
import type { Placement } from '../../topology/graph.ts'
import type { Hypervisor, Network, Port, Vnic } from '../../topology/model.ts'
import type { Prefix } from './prefix.ts'

/** What is kept apart from all else: a network, or a port that is in none and on its own. */
export type Domain = Network | Port

/** The fields of a packet that an engine's rules may match. */
export type PacketField = Extract<
  OxmField,
  {
    field:
      | 'eth_dst'
      | 'eth_src'
      | 'eth_type'
      | 'ip_proto'
      | 'ipv4_src'
      | 'ipv4_dst'
      | 'ipv6_src'
      | 'ipv6_dst'
      | 'udp_src'
      | 'udp_dst'
      | 'arp_sha'
      | 'arp_spa'
      | 'arp_tpa'
      | 'icmpv6_type'
      | 'nd_target'
  }
>

/** How a domain reaches the fabric from one hypervisor. */
export type Fabric =
  /** A physical network, on which others live too. `vlanId` null: untagged. */
  | { readonly kind: 'uplink'; readonly role: string; readonly vlanId: number | null }
  /** Tunnels to the other hypervisors with members. */
  | { readonly kind: 'overlay'; readonly role: string; readonly tunnelKey: number }
  /** One tunnel, to somebody else's end. */
  | Wire
  /** A physical network on which each member is known by an address of its own, and nothing is bridged. */
  | Routed

export interface Routed {
  readonly kind: 'routed'
  readonly role: string
  /** null: untagged. */
  readonly vlanId: number | null
  /** The addresses that members have there. */
  readonly prefix: Prefix
  /** What is reached there without its router. */
  readonly onLink: Prefix
  /** Its router; null: there is none. */
  readonly nextHop: number | null
  /** The addresses that the members themselves know. */
  readonly inside: Prefix
  /** Of those the one of their gateway, which is in the switch. */
  readonly gateway: number
}

/** The two addresses of a member of a routed network, and its VNIC's MAC address. */
export interface Translation {
  /** On the physical network. */
  readonly floating: number
  /** As the VM knows it. */
  readonly inside: number
  readonly mac: number
}

export interface Wire {
  readonly kind: 'wire'
  readonly role: string
  readonly tunnelKey: number
  readonly remoteIp: string
}

/** One kind of frame that a VNIC may send, or must not. Of those that fit a frame the one of the highest rank counts. */
export interface Guard {
  readonly may: 'pass' | 'never'
  /** From 1. */
  readonly rank: number
  readonly match: readonly PacketField[]
  /** What it is, for the reason of the rule: `from its own address`. */
  readonly what: string
}

/** Where a packet may be handed on to. */
export type Target =
  | { readonly to: 'member'; readonly member: Placement }
  | { readonly to: 'peer'; readonly peer: Hypervisor }
  /** Out to the physical network, which finds it by itself. */
  | { readonly to: 'uplink' }
  /** A copy to every member, here and beyond the fabric. */
  | { readonly to: 'everybody' }
  /** Where it may be if nobody is known to have it: on a physical network or a wire, or at members that ask for such frames. */
  | { readonly to: 'unknown' }

/** One rule of the engine's forward stage, within its domain. */
export interface Forward {
  readonly priority: number
  readonly match: readonly PacketField[]
  readonly target: Target
  readonly why: string
}

/** Why a domain cannot work on a hypervisor. `pending`: it will, without anybody's doing. */
export interface Fault {
  readonly code: string
  readonly message: string
  readonly pending: boolean
}

/** An IP address and the MAC address that has it: numbers of 32 or 128, and of 48 bits. */
export type Neighbour =
  | { readonly family: 4; readonly address: number; readonly mac: number }
  | { readonly family: 6; readonly address: bigint; readonly mac: number }

/** One kind of frame of a member that the controller answers: it goes there alone, and not into the network. */
export interface Punt {
  readonly match: readonly PacketField[]
  /** What it is, for the reason of the rule: `DHCP from everybody`. */
  readonly what: string
}

/** A frame that the controller sends by itself, for a member that is at a new place. */
export interface Announcement {
  /** An Ethernet frame without a tag and without a checksum. */
  readonly frame: Uint8Array
  readonly target: Extract<Target, { readonly to: 'member' | 'uplink' }>
  /** What it is good for, in words. */
  readonly why: string
}

export interface EngineRules {
  readonly alias: string
  /** The way to the fabric; where it is missing, the fault. */
  fabric(domain: Domain, here: Hypervisor): Fabric | Fault
  /** What a VNIC may send; what fits none of these is dropped. */
  guard(member: Member, domain: Domain): readonly Guard[]
  /** What is known of a member's addresses: who asks for one is answered in the switch. Without it nobody is. */
  neighbours?(member: Member, domain: Domain): readonly Neighbour[]
  /** Addresses that nobody but the controller has, in a domain: a member that asks for one is answered in the switch. */
  servers?(domain: Domain): readonly Neighbour[]
  /** What of a member the engine's `answer` is asked, as far as its limit of packets a second lets it. Without it nothing. */
  punts?(member: Member, domain: Domain): readonly Punt[]
  /** The addresses of a member, of a domain that is routed. */
  translation?(member: Member): Translation
  /** The forward rules of the domain itself, on a hypervisor with members. */
  domain(domain: Domain): readonly Forward[]
  /** The forward rules for a member on this hypervisor. */
  member(domain: Domain, member: Member): readonly Forward[]
  /** The forward rules for a member on another one: on a mesh, and where a port asks for frames to unknown addresses. */
  remote(domain: Domain, member: Member, peer: Hypervisor): readonly Forward[]
  /**
   * What others are told once a switch has confirmed a member's rules at a place where it was not before: a physical network
   * goes by the frames that it has seen. Without it nobody is told.
   */
  announcements?(domain: Domain, member: Member): readonly Announcement[]
}

/** A VNIC in its port, at its place. */
export type Member = Placement & { readonly vnic: Vnic; readonly ofport: number }

export const isFault = <T extends object>(value: T | Fault): value is Fault => 'pending' in value

/** The name of a network or port in a rule's `why`: its name where it has one, and its id. */
export const named = ({ name, id }: Pick<Domain, 'name' | 'id'>): string => (name ? `"${name}" ${id}` : id)

/** The VNIC and its port, in a rule's `why`. */
export const describeMember = ({ vnic, port, tag }: Member): string =>
  `VNIC ${vnic.id} ${tag === null ? 'in' : `with tag ${tag} in`} port ${named(port)}`

/** The same with what it is. */
export const called = (domain: Domain): string => `${'segment' in domain ? 'network' : 'port'} ${named(domain)}`
