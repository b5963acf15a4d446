/**
 * The operations of the core, as the HTTP room and the extensions call them. Reading answers at once from the graph; a write
 * resolves when it is durable. The rules follow; `Settling` and `realised` say when.
 */
import type { HypervisorId, PortId, ProjectId, VnicId } from '../../topology/ids.ts'
import type { Attributes } from '../../topology/model.ts'
import type { RateLimitWish } from '../features/rate-limit/rate-limit.ts'
import type { TrunkWish } from '../features/trunk/trunk.ts'
import type { Caller, Expected, Listed } from './engine/extension.ts'
import type { FlowsView, HypervisorView, NetworkView, PortView, VnicView } from './views.ts'

export { type Caller, type Expected, type Listed, ROLES, type Role } from './engine/extension.ts'

/** A repeated POST with the same id and body made nothing. */
export interface Made<View> {
  readonly created: boolean
  readonly view: View
}

/** Rules are being taken away, or changed. */
export interface Settling<View> {
  readonly view: View
  /**
   * @param milliseconds how long to wait at most
   * @returns true when every connected switch concerned has confirmed, false when the time was up or the controller stops
   */
  settled(milliseconds: number): Promise<boolean>
  /** The object as it is now; undefined when it is gone. */
  now(): View | undefined
}

export interface VnicRequest {
  readonly id?: string
  readonly vm_id?: string | null
  readonly name?: string
}

/** What changes of a port: the core's, and fields of its engine. */
export interface PortPatch {
  readonly admin_state_up?: boolean
  readonly name?: string
  readonly rate_limit?: RateLimitWish
  readonly trunk?: TrunkWish
  readonly [field: string]: unknown
}

export interface CoreOperations {
  /** In the order of creation; `vmId` selects those of one VM. */
  listVnics(project: ProjectId, vmId?: string): Iterable<Listed<VnicView>>
  showVnic(project: ProjectId, id: VnicId): VnicView
  /** For the extensions that make VNICs; attributes become fields of the view. `request` is the body after defaults. */
  createVnic(project: ProjectId, kind: string, request: VnicRequest, attributes: Attributes): Promise<Made<VnicView>>
  destroyVnic(project: ProjectId, id: VnicId, expected: Expected): Promise<Settling<VnicView>>
  plug(project: ProjectId, vnic: VnicId, port: PortId, expected: Expected): Promise<VnicView>
  unplug(project: ProjectId, vnic: VnicId, expected: Expected): Promise<Settling<VnicView>>
  /** Live migration: its interface is about to appear at that hypervisor. */
  migrate(project: ProjectId, vnic: VnicId, to: HypervisorId, expected: Expected): Promise<VnicView>
  callOffMigration(project: ProjectId, vnic: VnicId, expected: Expected): Promise<Settling<VnicView>>
  /** The VNIC once its migration is `prepared`, in `error` or over; else as `realised` is. */
  prepared(project: ProjectId, vnic: VnicId, milliseconds: number, signal?: AbortSignal): Promise<VnicView>
  /**
   * The VNIC once it is `active` or in `error`, or as it is when the time is up, the signal fires or the controller stops.
   */
  realised(project: ProjectId, vnic: VnicId, milliseconds: number, signal?: AbortSignal): Promise<VnicView>

  listPorts(project: ProjectId): Iterable<Listed<PortView>>
  showPort(project: ProjectId, id: PortId): PortView
  updatePort(
    project: ProjectId,
    id: PortId,
    patch: PortPatch,
    expected: Expected,
    caller: Caller,
  ): Promise<Settling<PortView>>
  destroyPort(project: ProjectId, id: PortId, expected: Expected): Promise<Settling<PortView>>

  listHypervisors(): Iterable<Listed<Promise<HypervisorView>>>
  showHypervisor(id: HypervisorId): Promise<HypervisorView>
  removeHypervisor(id: HypervisorId): Promise<void>
  /** @param filter at most one of them: only the rules that this object asked for or stands in */
  flows(
    id: HypervisorId,
    filter: { readonly vnicId?: string; readonly portId?: string; readonly networkId?: string },
    actual: boolean,
  ): Promise<FlowsView>
}

/** One thing that happened to a resource; `data` is the resource as it then was. */
export interface Event {
  /** Grows, and survives a restart. */
  readonly id: number
  readonly project: string
  /** `vnic.status`, `port.status`, `vnic.created`, `network.deleted`, … */
  readonly type: string
  readonly data: VnicView | PortView | NetworkView
}

export interface EventLog {
  /**
   * Events of a project after `lastId`, then those to come, until the signal fires or the controller stops. If `lastId` is
   * older than what is kept, the first one is `resync` (with an id, without data). Without `lastId`: those to come.
   */
  subscribe(project: ProjectId, lastId: number | null, signal: AbortSignal): AsyncIterable<Event | Resync>
}
export interface Resync {
  readonly id: number
  readonly type: 'resync'
}
