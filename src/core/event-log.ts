/** What happened to resources, as the HTTP APIs read it. */
import type { ProjectId } from '../../topology/ids.ts'
import type { NetworkView, PortView, VnicView } from './views.ts'

export interface Event {
  /** Grows, and survives a restart. */
  readonly id: number
  readonly project: string
  /** `vnic.status`, `port.status`, `vnic.created`, `network.deleted`, … */
  readonly type: string
  /** The resource right after the event. */
  readonly data: VnicView | PortView | NetworkView
}

/** Events are missing here: the reader must list the resources anew. */
export interface Resync {
  readonly id: number
  readonly type: 'resync'
}

export interface EventLog {
  /**
   * The events of a project after `lastId`, then the ones to come, until the signal fires or the controller stops. If `lastId`
   * is older than what is kept, the first one is a `Resync`. Without `lastId`, the ones to come.
   */
  subscribe(project: ProjectId, lastId: number | null, signal: AbortSignal): AsyncIterable<Event | Resync>
}
