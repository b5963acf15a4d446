/** How an operation reads and changes the graph. */
import type { Change } from '../../topology/change.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Key } from '../../topology/ids.ts'
import type { Event } from './event-log.ts'

/**
 * What an operation works with. The operation reads only from its draft and has no effects outside of it, because it may run
 * a second time, on a newer graph.
 */
export interface Draft {
  /** The graph with the changes made so far. Other readers see these changes only once they are durable. */
  readonly graph: GraphReader
  /** Makes a change. The change is dropped if the operation throws or the commit fails. */
  change(change: Change): void
  /** Returns a key that no object has ever had. */
  nextKey(): Key
  /** Adds an event, which becomes durable together with the operation. */
  tell(type: string, data: Event['data']): void
}

/** Runs operations. */
export interface Writer {
  readonly graph: GraphReader
  /** Runs an operation, and resolves when it is durable. @throws what the operation throws */
  write(operation: (draft: Draft) => void): Promise<unknown>
}
