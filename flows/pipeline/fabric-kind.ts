/** A kind of way to the fabric: what an engine must say about it, and the rules that it needs. A stage brings its kinds. */
import type { Action, OxmField } from '../../src/openflow/index.ts'
import type { Fabric } from '../engines/engine-rules.ts'
import type { Audience, DomainScope } from './scope.ts'

/** How frames of a domain are recognised when they come from the fabric. */
export interface Arrival {
  readonly match: readonly OxmField[]
  /** What makes a frame of the domain of it. */
  readonly actions: readonly Action[]
  /** What tells them from others, for the reason of the rule: `VLAN 101`. */
  readonly words: string
  readonly priority: number
}

/** A target beyond the fabric, and how packets for it leave. */
export interface Departure {
  /** A value of register `TARGET`. */
  readonly target: number
  readonly actions: readonly Action[]
  /** For the reason of the rule: `leaves for the physical network with VLAN 101`. */
  readonly words: string
}

export interface FabricKind<F extends Fabric = Fabric> {
  readonly kind: F['kind']
  /** What roles of OpenFlow ports it may use. */
  readonly role: RegExp
  /**
   * Are its members on one Ethernet? Then frames are forwarded by their MAC address. Otherwise the stage that brings the kind
   * makes the rules between the fabric and the members.
   */
  readonly isEthernet: boolean
  /** May an engine send to a single other hypervisor (target `peer`)? */
  readonly hasPeers: boolean
  /** What is wrong with what an engine says, to go after `fabric() says `; undefined: nothing. */
  mistake(said: Readonly<Record<string, unknown>>): string | undefined
  /** The name of its segment: `vlan/physnet1/101`. Domains are apart because each has a segment of its own. */
  segmentOf(fabric: F): string
  arriving(fabric: F): Arrival
  leaving(scope: DomainScope, fabric: F): readonly Departure[]
  /** The target beyond the fabric for a frame to everybody, or for one to an address that nobody is known to have. */
  beyond(audience: Audience, whom: 'everybody' | 'unknown'): number | undefined
  /** How packets leave for a remote site. Only a kind with one remote end has it: its ports can bridge a network to a site. */
  toSite?(fabric: F, output: number): Pick<Departure, 'actions' | 'words'>
}

/** The part of a role behind the colon: `physnet1` of `uplink:physnet1`. */
export const nameOf = ({ role }: Pick<Fabric, 'role'>): string => role.slice(role.indexOf(':') + 1)
