/** A kind of way to the fabric: what an engine must say about it, and the rules that it needs. A stage adds the kind. */
import type { Action, OxmField } from '../../src/openflow/index.ts'
import type { Fabric } from '../engines/engine-rules.ts'
import type { Audience, DomainScope } from './scope.ts'

/** How frames of a domain are recognised when they come from the fabric. */
export interface Arrival {
  readonly match: readonly OxmField[]
  /** The actions that turn a frame from the fabric into a frame of the domain. */
  readonly actions: readonly Action[]
  /** How these frames differ from others, for the `why` of the rule: `VLAN 101`. */
  readonly words: string
  readonly priority: number
}

/** A target beyond the fabric, and how packets for it leave. */
export interface Departure {
  /** A value of register `TARGET`. */
  readonly target: number
  readonly actions: readonly Action[]
  /** For the `why` of the rule: `leaves for the physical network with VLAN 101`. */
  readonly words: string
}

export interface FabricKind<F extends Fabric = Fabric> {
  readonly kind: F['kind']
  /** The roles of OpenFlow ports that it may use. */
  readonly role: RegExp
  /**
   * Do its members share one Ethernet? Then frames are forwarded by their MAC addresses. Otherwise the stage that adds the kind
   * makes the rules between the fabric and the members.
   */
  readonly isEthernet: boolean
  /** May an engine send to a single other hypervisor (target `peer`)? */
  readonly hasPeers: boolean
  /** What is wrong with an engine's answer, to follow the words `fabric() says `; undefined if nothing is. */
  mistake(said: Readonly<Record<string, unknown>>): string | undefined
  /**
   * The name of its segment: `vlan/physnet1/101`. Each domain has a segment of its own, which isolates the domains from each
   * other.
   */
  segmentOf(fabric: F): string
  arriving(fabric: F): Arrival
  leaving(scope: DomainScope, fabric: F): readonly Departure[]
  /** The target beyond the fabric for broadcast frames, or for frames to an address that no member is known to have. */
  beyond(audience: Audience, whom: 'everybody' | 'unknown'): number | undefined
  /** How packets leave for a remote site. Only a kind with one remote end has it: its ports can bridge a network to a site. */
  toSite?(fabric: F, output: number): Pick<Departure, 'actions' | 'words'>
}

/** The part of a role after the colon: `physnet1` of `uplink:physnet1`. */
export const nameOf = ({ role }: Pick<Fabric, 'role'>): string => role.slice(role.indexOf(':') + 1)
