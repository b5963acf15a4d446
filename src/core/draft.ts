/** What an operation changes the network with. */
import type { Change } from '../../topology/change.ts'
import type { Graph } from '../../topology/graph.ts'
import type { Key } from '../../topology/ids.ts'
import type { Write } from '../store/store.ts'

export interface Draft {
  readonly graph: Graph
  /** Apply a change now; it is taken back if the operation throws or the commit fails. */
  change(change: Change): void
  /** A key that no object has had. */
  nextKey(): Key
  /** Further entries of the store that belong to this operation. */
  write(write: Write): void
}

/** Runs operations. */
export interface Writer {
  readonly graph: Graph
  /** Resolves when the operation is durable. @throws what the operation throws */
  write(operation: (draft: Draft) => void): Promise<unknown>
}
