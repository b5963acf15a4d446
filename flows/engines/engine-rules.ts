/**
 * What an engine says about rules. It never uses a register: it names packet fields, and passes packets only to typed targets.
 * The stages make the rules from these. So an engine cannot send a packet of one network into another network.
 */
import type { OxmField } from '../../src/openflow/index.ts'
import type { Hypervisor, Network, Port, Vnic } from '../../topology/model.ts'
import type { Placement } from '../../topology/placement.ts'

/** A unit of isolation: a network, or a port that is in no network. */
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

/** A way to the fabric: a physical network, which may also carry other traffic. */
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

/** A way to the fabric: one tunnel, to an end that Plugboard does not control. */
export interface Wire {
  readonly kind: 'wire'
  /** `tunnel:gre` */
  readonly role: string
  readonly tunnelKey: number
  readonly remoteIp: string
}

/** Ways to the fabric by kind. A stage that adds a kind declares it here, by declaration merging. */
export interface Fabrics {
  readonly uplink: Uplink
  readonly overlay: Overlay
  readonly wire: Wire
}

/** How a domain reaches the fabric from one hypervisor. */
export type Fabric = Fabrics[keyof Fabrics]

/**
 * One kind of frame that a VNIC may send, or must not send. Of the kinds that match a frame, the one with the highest rank
 * counts.
 */
export interface Guard {
  readonly may: 'pass' | 'never'
  /** At least 1. */
  readonly rank: number
  readonly match: readonly PacketField[]
  /** What kind of frame it is, for the `why` of the rule: `from its own address`. */
  readonly what: string
}

/** The targets that a packet may be passed to. */
export type Target =
  | { readonly to: 'member'; readonly member: Placement }
  | { readonly to: 'peer'; readonly peer: Hypervisor }
  /** Out to the physical network, which finds the receiver by itself. */
  | { readonly to: 'uplink' }
  /** A copy to every member, on this hypervisor and beyond the fabric. */
  | { readonly to: 'everybody' }
  /** For an address that no member is known to have: out to a physical network or a wire, and to members that get such frames. */
  | { readonly to: 'unknown' }
  /** The frame is dropped. */
  | { readonly to: 'nobody' }

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
  /** Will the domain work soon, without any action of an operator? */
  readonly pending: boolean
}

/** An IP address and its MAC address: numbers of 32 or 128 bits, and of 48 bits. */
export type Neighbour =
  | { readonly family: 4; readonly address: number; readonly mac: number }
  | { readonly family: 6; readonly address: bigint; readonly mac: number }

/** Addresses of one family: all that equal `address` in the bits of `mask`. The other bits of `address` are zero. */
export type Borrowed =
  | { readonly family: 4; readonly address: number; readonly mask: number }
  | { readonly family: 6; readonly address: bigint; readonly mask: bigint }

/** One kind of frame of a member that the controller answers. Such a frame goes only to the controller, not into the network. */
export interface Punt {
  readonly match: readonly PacketField[]
  /** What kind of frame it is, for the `why` of the rule: `who is a router`. */
  readonly what: string
}

/** A frame that the controller sends for a member that has come to a new place. */
export interface Announcement {
  /** An Ethernet frame without a tag and without a checksum. */
  readonly frame: Uint8Array
  readonly target: Extract<Target, { readonly to: 'member' | 'uplink' }>
  /** What the frame is for, in words. */
  readonly why: string
}

/** A stage that asks engines for more than this adds a function here, by declaration merging. */
export interface EngineRules {
  readonly alias: string
  /** The way to the fabric; if there is none, the fault. */
  fabric(domain: Domain, here: Hypervisor): Fabric | Fault
  /** What a VNIC may send. A frame that matches none of these is dropped. */
  guard(member: Member, domain: Domain): readonly Guard[]
  /** The known addresses of a member. The switch answers requests for them. If left out, the switch answers none. */
  neighbours?(member: Member, domain: Domain): readonly Neighbour[]
  /**
   * The addresses that a member may send as although they may be those of other members. The switch answers no request for
   * them, because only their present holder knows. Asked only for ports with `borrowsAddresses`.
   */
  borrows?(member: Member, domain: Domain): readonly Borrowed[]
  /** Addresses in a domain that only the controller has. The switch answers requests of members for them. */
  servers?(domain: Domain): readonly Neighbour[]
  /** The frames of a member that the engine's `answer` gets, at a limited rate. If left out, it gets none. */
  punts?(member: Member, domain: Domain): readonly Punt[]
  /**
   * What all frames of a VNIC's own have. At the target of a migration, the first one that its interface sends shows that its VM
   * runs there now. Without it every frame does.
   */
  ownFrames?(member: Member): readonly PacketField[]
  /** The forward rules of the domain itself, on a hypervisor with members. */
  domain(domain: Domain): readonly Forward[]
  /** The forward rules for a member on this hypervisor. */
  member(domain: Domain, member: Member): readonly Forward[]
  /** The forward rules for a member on another hypervisor: in a mesh, and where a port gets frames to unknown addresses. */
  remote(domain: Domain, member: Member, peer: Hypervisor): readonly Forward[]
  /**
   * The announcements to send once a switch has confirmed a member's rules at a new place. A physical network needs them,
   * because it learns from the frames that it sees. If left out, nothing is announced.
   * @param isBorrowed may another member hold this address now? Then it must not be announced.
   */
  announcements?(domain: Domain, member: Member, isBorrowed: (address: Neighbour) => boolean): readonly Announcement[]
}

/** A VNIC in its port, at its place. */
export type Member = Placement & { readonly vnic: Vnic; readonly ofport: number }

export const isMember = (placement: Placement): placement is Member => placement.vnic !== null

export const isFault = <T extends object>(value: T | Fault): value is Fault => 'pending' in value

/** A network or port in a rule's `why`: its name, if it has one, and its id. */
export const named = ({ name, id }: Pick<Domain, 'name' | 'id'>): string => (name ? `"${name}" ${id}` : id)

/** A network or port in a rule's `why`, with the kind of object. */
export const called = (domain: Domain): string => `${'segment' in domain ? 'network' : 'port'} ${named(domain)}`

/** A VNIC and its port, in a rule's `why`. */
export const describeVnic = ({ vnic, port }: Pick<Member, 'vnic' | 'port'>): string =>
  `VNIC ${vnic.id} in port ${named(port)}`

/** A VNIC, its port, and the tag of its frames if it has one, in a rule's `why`. */
export const describeMember = (member: Member): string =>
  member.tag === null
    ? describeVnic(member)
    : `VNIC ${member.vnic.id} with tag ${member.tag} in port ${named(member.port)}`
