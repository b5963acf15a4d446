/**
 * What an engine says about rules. It never sees a register: it names packet fields, and hands a packet on only to typed
 * targets, from which the core makes the rules. So an engine cannot send a packet of one network into another.
 */
import type { OxmField } from '../src/openflow/index.ts'
import type { Placement } from '../topology/graph.ts'
import type { Hypervisor, Network, Port, Vnic } from '../topology/nodes.ts'

/** The fields of a packet that an engine's forward rules may match. */
export type PacketField = Extract<
  OxmField,
  { field: 'eth_dst' | 'eth_src' | 'eth_type' | 'ipv4_dst' | 'ipv6_dst' | 'arp_tpa' }
>

/** How a network reaches the fabric from one hypervisor. */
export type Fabric =
  | { readonly kind: 'uplink'; readonly role: string; readonly vlanId: number }
  | { readonly kind: 'overlay'; readonly role: string; readonly tunnelKey: number }

/** Where a packet may be handed on to. */
export type Target =
  | { readonly to: 'member'; readonly member: Placement }
  | { readonly to: 'uplink' }
  | { readonly to: 'peer'; readonly peer: Hypervisor }
  | { readonly to: 'flood'; readonly fabric: boolean }

/** One rule of the engine's forward stage, within its network. */
export interface Forward {
  readonly priority: number
  readonly match: readonly PacketField[]
  readonly target: Target
  readonly why: string
}

/** Why a network cannot work on a hypervisor. `pending`: it will, without anybody's doing. */
export interface Fault {
  readonly code: string
  readonly message: string
  readonly pending: boolean
}

export interface EngineRules {
  readonly alias: string
  /** The way to the fabric; where it is missing, the fault. */
  fabric(network: Network, here: Hypervisor): Fabric | Fault
  /** What frames a VNIC may send: alternatives, each a list of fields. */
  admits(vnic: Vnic): ReadonlyArray<readonly PacketField[]>
  /** The forward rules of the network itself, on a hypervisor with members. */
  network(network: Network): readonly Forward[]
  /** The forward rules for a member on this hypervisor. */
  member(network: Network, member: Placement): readonly Forward[]
  /** The forward rules for a member on another one. */
  remote(network: Network, member: Placement, peer: Hypervisor): readonly Forward[]
}

export const isFault = (value: Fabric | Fault): value is Fault => 'pending' in value

/** The name of a network or port in a rule's `why`: its name where it has one, and its id. */
export const named = ({ name, id }: Pick<Network | Port, 'name' | 'id'>): string => (name ? `"${name}" ${id}` : id)
