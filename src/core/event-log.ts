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
   * Yields the events of a project after `lastId`, then new events, until the signal fires or the controller stops. If
   * `lastId` is older than the oldest kept event, the first one is a `Resync`. If `lastId` is null, only new events follow.
   */
  subscribe(project: ProjectId, lastId: number | null, signal: AbortSignal): AsyncIterable<Event | Resync>
}
