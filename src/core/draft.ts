/** What an operation changes the network with. */
import type { Change } from '../../topology/change.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Key } from '../../topology/ids.ts'
import type { Event } from './event-log.ts'

/**
 * What an operation works with. It reads from its draft alone, and leaves nothing outside of it: it may be run again from the
 * beginning, on a graph that has moved on.
 */
export interface Draft {
  /** The graph with the changes made so far. Nobody else sees them before they are durable. */
  readonly graph: GraphReader
  /** Makes a change. It is dropped if the operation throws or the commit fails. */
  change(change: Change): void
  /** A key that no object has had. */
  nextKey(): Key
  /** Tells an event, which becomes durable with the operation. */
  tell(type: string, data: Event['data']): void
}

/** Runs operations. */
export interface Writer {
  readonly graph: GraphReader
  /** Resolves when the operation is durable. @throws what the operation throws */
  write(operation: (draft: Draft) => void): Promise<unknown>
}
