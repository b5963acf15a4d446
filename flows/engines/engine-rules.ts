/**
 * What an engine says about rules. It never sees a register: it names packet fields, and hands a packet on only to typed
 * targets, from which the stages make the rules. So an engine cannot send a packet of one network into another.
 */
import type { OxmField } from '../../src/openflow/index.ts'
import type { Hypervisor, Network, Port, Vnic } from '../../topology/model.ts'
import type { Placement } from '../../topology/placement.ts'

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

/** A way to the fabric: a physical network, on which others live, too. */
export interface Uplink {
  readonly kind: 'uplink'
  /** The name of the OpenFlow port in `Hypervisor.fabric`: `uplink:physnet1`. */
  readonly role: string
  /** null: untagged. */
  readonly vlanId: number | null
}

/** A way to the fabric: tunnels to the other hypervisors with members. */
export interface Overlay {
  readonly kind: 'overlay'
  /** `tunnel:vxlan` */
  readonly role: string
  readonly tunnelKey: number
}

/** A way to the fabric: one tunnel, to somebody else's end. */
export interface Wire {
  readonly kind: 'wire'
  /** `tunnel:gre` */
  readonly role: string
  readonly tunnelKey: number
  readonly remoteIp: string
}

/** Ways to the fabric by kind. A stage that brings a kind adds it here, by declaration merging. */
export interface Fabrics {
  readonly uplink: Uplink
  readonly overlay: Overlay
  readonly wire: Wire
}

/** How a domain reaches the fabric from one hypervisor. */
export type Fabric = Fabrics[keyof Fabrics]

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

/** One rule of the engine's own table `forward`, within its domain. */
export interface Forward {
  readonly priority: number
  readonly match: readonly PacketField[]
  readonly target: Target
  readonly why: string
}

/** Why a domain cannot work on a hypervisor. */
export interface Fault {
  readonly code: string
  readonly message: string
  /** Will it work soon, without anybody's doing? */
  readonly pending: boolean
}

/** An IP address and the MAC address that has it: numbers of 32 or 128, and of 48 bits. */
export type Neighbour =
  | { readonly family: 4; readonly address: number; readonly mac: number }
  | { readonly family: 6; readonly address: bigint; readonly mac: number }

/** One kind of frame of a member that the controller answers: it goes there alone, and not into the network. */
export interface Punt {
  readonly match: readonly PacketField[]
  /** What it is, for the reason of the rule: `who is a router`. */
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

/** A stage that asks engines for more than this adds a function here, by declaration merging. */
export interface EngineRules {
  readonly alias: string
  /** The way to the fabric; where it is missing, the fault. */
  fabric(domain: Domain, here: Hypervisor): Fabric | Fault
  /** What a VNIC may send; what fits none of these is dropped. */
  guard(member: Member, domain: Domain): readonly Guard[]
  /** The addresses that a member is known to have: the switch answers who asks for one. Without it nobody is answered. */
  neighbours?(member: Member, domain: Domain): readonly Neighbour[]
  /** Addresses that only the controller has, in a domain: the switch answers members that ask for one. */
  servers?(domain: Domain): readonly Neighbour[]
  /** Which frames of a member the engine's `answer` gets, at a limited rate. Without it none. */
  punts?(member: Member, domain: Domain): readonly Punt[]
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

export const isMember = (placement: Placement): placement is Member => placement.vnic !== null

export const isFault = <T extends object>(value: T | Fault): value is Fault => 'pending' in value

/** The name of a network or port in a rule's `why`: its name where it has one, and its id. */
export const named = ({ name, id }: Pick<Domain, 'name' | 'id'>): string => (name ? `"${name}" ${id}` : id)

/** A network or port in a rule's `why`, with what it is. */
export const called = (domain: Domain): string => `${'segment' in domain ? 'network' : 'port'} ${named(domain)}`

/** A VNIC and its port, in a rule's `why`. */
export const describeVnic = ({ vnic, port }: Pick<Member, 'vnic' | 'port'>): string =>
  `VNIC ${vnic.id} in port ${named(port)}`

/** A VNIC, its port, and the tag of its frames if it has one, in a rule's `why`. */
export const describeMember = (member: Member): string =>
  member.tag === null
    ? describeVnic(member)
    : `VNIC ${member.vnic.id} with tag ${member.tag} in port ${named(member.port)}`
