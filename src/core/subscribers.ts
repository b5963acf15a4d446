/**
 * Passes the effects of each commit to the subscribers. They are called in the order of the list, and each one sees what the
 * previous ones have done. The controller makes the list.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Committed } from './committed.ts'
import type { Draft } from './draft.ts'
import { type Effects, effectsOf } from './effects.ts'
import type { JournalHooks } from './journal-hooks.ts'
import type { Generations } from './realisation.ts'

export interface Subscriber {
  /** Called before the commit: adds changes that must be durable together with it. `draft.graph` is the graph after the commit. */
  settle?(draft: Draft, effects: Effects): void
  /** Called when the commit is durable and in the graph. */
  committed?(effects: Effects, generations: Generations): void
  /** Called when a commit that `settle` has seen has failed. */
  failed?(effects: Effects): void
}

interface Wiring {
  readonly graph: GraphReader
  /** Tells the switches which of their objects are stale. It runs first, because the subscribers need the generations. */
  handOut(effects: Effects): Generations
  readonly subscribers: readonly Subscriber[]
}

export function hooksOf({
  graph,
  handOut,
  subscribers,
}: Wiring): Pick<JournalHooks, 'settle' | 'committed' | 'failed'> {
  const known = new WeakMap<Committed, Effects>()
  const find = (committed: Committed): Effects => known.get(committed) ?? effectsOf(graph, committed)
  return {
    settle: (draft, committed) => {
      const effects = effectsOf(draft.graph, committed)
      known.set(committed, effects)
      for (const each of subscribers) each.settle?.(draft, effects)
    },
    committed: (committed) => {
      const effects = find(committed)
      const generations = handOut(effects)
      for (const each of subscribers) each.committed?.(effects, generations)
    },
    failed: (committed) => {
      const effects = find(committed)
      for (const each of subscribers) each.failed?.(effects)
    },
  }
}
