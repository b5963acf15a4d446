/** What a stage is asked about: a domain on one hypervisor, and a member, a remote site or the hypervisor itself. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Hypervisor, Network, Port } from '../../topology/model.ts'
import type { Placement } from '../../topology/placement.ts'
import type { Domain, EngineRules, Fabric, Member } from '../engines/engine-rules.ts'
import type { FabricKind } from './fabric-kind.ts'
import type { EngineTables } from './table.ts'
import type { AllWishes } from './wishes.ts'

/** The paths of packets through the pipeline: from a VNIC, from the fabric, and on to the target in register `TARGET`. */
export const PATHS = ['fromMember', 'fromFabric', 'toTarget'] as const
export type Path = (typeof PATHS)[number]

export interface Scope {
  readonly graph: GraphReader
  readonly here: Hypervisor
  /** The rules of the domain's engine, and its tables. */
  readonly rules: EngineRules
  readonly tables: EngineTables
  readonly domain: Domain
  /** The domain's way to the fabric from this hypervisor. */
  readonly fabric: Fabric
  readonly kind: FabricKind
  readonly wishes: AllWishes
  /**
   * The table that packets of this domain go to after a table, on a path: the first later one at which a stage takes them.
   * @throws RangeError if no stage does
   */
  next(path: Path, from: number): number
}

/** A scope with the OpenFlow port that leads to the fabric. */
export interface ConnectedScope extends Scope {
  readonly output: number
}

/** The domain itself, on a hypervisor with members. */
export interface DomainScope extends ConnectedScope {
  readonly audience: Audience
}

/** The receivers of copies of a frame for several members. */
export interface Audience {
  /** The members on this switch, sorted by key, and the port that leads to the remote site in use. */
  members(): readonly Placement[]
  /** The tunnel addresses of other hypervisors with members. */
  peers(): Peers
  /** The members on any switch that may send as addresses of other members, sorted by key. */
  borrowers(): readonly Member[]
  /** The port here that leads to the remote site of the network. */
  site(): Placement | undefined
}

export interface Peers {
  readonly all: readonly string[]
  /** The hypervisors with members that get frames to unknown addresses. */
  readonly floodUnknown: readonly string[]
}

/** A member on this hypervisor. */
export interface MemberScope extends ConnectedScope {
  readonly member: Member
}

/** A VNIC whose interface waits on this hypervisor, at the target of its migration. It is no member here yet. */
export interface ArrivalScope extends Pick<Scope, 'rules' | 'wishes'> {
  readonly member: Member
}

/** A member on another hypervisor, `peer`. */
export interface RemoteScope extends Scope {
  readonly member: Member
  readonly peer: Hypervisor
}

/**
 * A port here that leads to a remote site of its network. The scope is that of the network; the site has its own way to the
 * fabric.
 */
export interface SiteScope extends ConnectedScope {
  readonly network: Network
  readonly port: Port
  readonly way: Pick<ConnectedScope, 'fabric' | 'kind' | 'output'>
}
