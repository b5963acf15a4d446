/** The log of events on resources, as the HTTP APIs read it. */
import type { ProjectId } from '../../topology/ids.ts'
import type { NetworkView, PortView, VnicView } from './views.ts'

export interface Event {
  /** Increases with each event, also across restarts. */
  readonly id: number
  readonly project: string
  /** `vnic.status`, `port.status`, `vnic.created`, `network.deleted`, … */
  readonly type: string
  /** The resource right after the event. */
  readonly data: VnicView | PortView | NetworkView
}

/** Says that events are missing here: the reader must list the resources again. */
export interface Resync {
  readonly id: number
  readonly type: 'resync'
}

export interface EventLog {
  /**
   * Yields the events of a project after `lastId`, then new events, until the signal fires or the controller stops. A `Resync`
   * takes the place of events that are not kept any more. If `lastId` is null, only new events follow.
   * @param signal it must belong to this reader alone, since a signal with many listeners is slow
   */
  subscribe(project: ProjectId, lastId: number | null, signal: AbortSignal): AsyncIterable<Event | Resync>
}
