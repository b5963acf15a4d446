/** How far the objects are realised in the switches. `src/status` and `src/switches` implement these interfaces. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Effects } from './effects.ts'
import type { Standings } from './standing.ts'

/** Waits until every connected switch that a change concerns has confirmed it. */
export interface Confirmation {
  readonly done: boolean
  /** Calls back once when the confirmation is complete; at once if it already is. */
  onDone(callback: () => void): void
}

/**
 * The connected switches that a commit concerns, each with the generation that confirms the commit. The generation of a switch
 * is the number of changes that it has been given since it connected.
 */
export type Generations = ReadonlyMap<HypervisorId, number>

/** The current standing of each object. */
export interface Status extends Standings {
  /** The standings right after a commit, before any switch has confirmed it. @param graph the graph after the commit */
  foresee(graph: GraphReader, effects: Effects): Standings
  /** The confirmation of the latest change of the VNIC; undefined if every switch has confirmed it. */
  confirmation(id: VnicId): Confirmation | undefined
  /** Calls back whenever the standing of the VNIC changes. @returns a function that ends the watch */
  watch(id: VnicId, callback: () => void): () => void
}
