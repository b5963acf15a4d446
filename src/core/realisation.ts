/** What the core must be told about how far its objects are realised. `status` and `switches` implement these interfaces. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Effects } from './effects.ts'
import type { Standings } from './standing.ts'

/** Tells when every connected switch that a change concerns has confirmed it. */
export interface Confirmation {
  readonly done: boolean
  /** Calls back once, when it is done; at once if it is done already. */
  onDone(callback: () => void): void
}

/**
 * The connected switches that a commit concerns, and the generation with which each confirms it. A switch counts the changes
 * that it was told of since it connected; that count is its generation.
 */
export type Generations = ReadonlyMap<HypervisorId, number>

/** The current standing of each object. */
export interface Status extends Standings {
  /** The standings right after a commit, while no switch has confirmed it. @param graph as it will be then */
  foresee(graph: GraphReader, effects: Effects): Standings
  /** Confirms the latest change of the VNIC; undefined when every switch has confirmed it. */
  confirmation(id: VnicId): Confirmation | undefined
  /** Calls back whenever the standing of the VNIC changes. @returns a function that ends it */
  watch(id: VnicId, callback: () => void): () => void
}
