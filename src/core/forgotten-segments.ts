/**
 * Bounds the segments that are kept after their last use. They are kept so that the one that was freed longest ago is reused first.
 * Beyond a number, the oldest are forgotten: then they count as never used. Nobody can have rules for them.
 */
import { kindOf } from '../../topology/graph.ts'
import type { Draft } from './draft.ts'
import type { Subscriber } from './subscribers.ts'

/** Kept of each kind, such as `vxlan`. There are only 4,094 VLAN ids on a physical network. */
const MAX_FREE = 10_000

/** So many are forgotten at a time, since finding the oldest takes some milliseconds. */
const BATCH = 250

export const forgottenSegments: Subscriber = {
  settle(draft, { commit }) {
    const kinds = new Set(commit.steps.flatMap(({ change }) => (change.kind === 'segment' ? kindOf(change.id) : [])))
    for (const kind of kinds) if (draft.graph.freeSegments.get(kind).size >= MAX_FREE + BATCH) forgetOldest(draft, kind)
  },
}

function forgetOldest(draft: Draft, kind: string): void {
  const { graph } = draft
  const free = [...graph.freeSegments.get(kind)].map((id) => ({ id, freed: graph.segments.get(id)?.freed ?? 0 }))
  for (const { id } of free.sort((a, b) => a.freed - b.freed).slice(0, BATCH)) {
    draft.change({ kind: 'segment', id, to: null })
  }
}
