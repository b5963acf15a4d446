/** What the journal calls while it commits. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Operation } from './batch.ts'
import type { Committed, StalePairs } from './committed.ts'
import type { Draft } from './draft.ts'

export interface JournalHooks {
  /** Called when a batch begins. @returns an operation to run before the others of the batch, if there is one */
  beginning(): Pick<Operation, 'run' | 'reject'> | undefined
  /** Called after each operation and before its commit. It adds the changes and events that follow from the operation. */
  settle(draft: Draft, committed: Committed): void
  /** Called when a commit begins. @param stale what its operations make stale @param graph the graph after the commit */
  committing(stale: StalePairs, graph: GraphReader): void
  /** Called when an operation, or a commit of another writer, is durable and in the graph; before `write` resolves. */
  committed(committed: Committed): void
  /** Called for an operation that was passed to `settle` but not committed. It may run again. */
  failed(committed: Committed): void
}
