/**
 * Hands the effects of each commit to those that act on them. They are called in the order of the list, and each sees what the
 * ones before it have done; the controller says the list.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Committed } from './committed.ts'
import type { Draft } from './draft.ts'
import { type Effects, effectsOf } from './effects.ts'
import type { JournalHooks } from './journal.ts'
import type { Generations } from './realisation.ts'

export interface Subscriber {
  /** Before the commit: add changes and writes that must be durable together with it. `draft.graph` is as after the commit. */
  settle?(draft: Draft, effects: Effects): void
  /** The commit is durable, and in the graph. */
  committed?(effects: Effects, generations: Generations): void
  /** The commit that was settled will not come. */
  failed?(effects: Effects): void
}

interface Wiring {
  readonly graph: GraphReader
  /** Tells the switches which of their objects are stale: first of all, since the others wait for what this returns. */
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
