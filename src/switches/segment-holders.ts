/**
 * Who holds rules for a segment. Written down before a hypervisor gets its first rule for it, and struck out only when that
 * hypervisor has confirmed that the last one is gone, so that a freed segment never meets rules of its former network.
 */
import type { Logger } from 'pino'
import type { GraphReader, Keyed } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Segment } from '../../topology/model.ts'
import type { Draft } from '../core/draft.ts'
import type { Committed, StalePairs, Step } from '../core/journal.ts'
import { released } from '../core/resources/segments.ts'

interface Context {
  readonly graph: GraphReader
  readonly log: Logger
  write(operation: (draft: Draft) => void): Promise<void>
}

export class SegmentHolders {
  readonly #context: Context
  /** Segments that a hypervisor is about to be rid of -> the generation that confirms it. */
  readonly #leaving = new Map<HypervisorId, Map<string, number>>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Before the commit: those who are to get rules become holders. */
  hold(draft: Draft, stale: StalePairs): void {
    for (const [hypervisor, segment] of this.#segments(stale)) {
      if (segment.holders.includes(hypervisor) || !isMember(draft.graph, segment, hypervisor)) continue
      // One that was removed gets no rules.
      if (!draft.graph.hypervisors.has(hypervisor)) continue
      draft.change({ kind: 'segment', id: segment.id, to: { ...segment, holders: [...segment.holders, hypervisor] } })
    }
  }

  /** After the commit: note who is to be rid of rules, and when that will be confirmed. */
  leave({ stale, steps }: Committed, generations: ReadonlyMap<HypervisorId, number>): void {
    for (const [hypervisor, segment] of [...this.#segments(stale), ...this.#freed(steps)]) {
      const generation = generations.get(hypervisor)
      if (generation === undefined || !segment.holders.includes(hypervisor)) continue
      if (isMember(this.#context.graph, segment, hypervisor)) continue
      const leaving = this.#leaving.get(hypervisor) ?? new Map<string, number>()
      this.#leaving.set(hypervisor, leaving.set(segment.id, generation))
    }
  }

  /** A switch has confirmed all up to a generation. */
  confirmed(hypervisor: HypervisorId, generation: number): void {
    const leaving = this.#leaving.get(hypervisor)
    if (!leaving) return
    const gone = [...leaving].filter(([, needed]) => needed <= generation).map(([id]) => id)
    for (const id of gone) leaving.delete(id)
    if (leaving.size === 0) this.#leaving.delete(hypervisor)
    this.#release(hypervisor, gone)
  }

  /**
   * A switch was compared as a whole: it holds nothing but what was wanted when the comparison began, and that was as of
   * this generation. What has left since then is yet to be confirmed.
   */
  synced(hypervisor: HypervisorId, generation: number): void {
    const leaving = this.#leaving.get(hypervisor)
    const held = [...this.#context.graph.segmentsHeldBy.get(hypervisor)]
    this.#release(
      hypervisor,
      held.filter((id) => (leaving?.get(id) ?? 0) <= generation),
    )
  }

  /** A connection ended: what it would have confirmed, the next comparison will. */
  forget(hypervisor: HypervisorId): void {
    this.#leaving.delete(hypervisor)
  }

  #release(hypervisor: HypervisorId, ids: readonly string[]): void {
    const { graph, log, write } = this.#context
    const free = (segment: Segment | undefined): segment is Segment => {
      if (!segment) return false
      return segment.holders.includes(hypervisor) && !isMember(graph, segment, hypervisor)
    }
    if (!ids.some((id) => free(graph.segments.get(id)))) return
    write((draft) => {
      for (const id of ids) {
        const segment = graph.segments.get(id)
        if (free(segment)) draft.change({ kind: 'segment', id, to: released(segment, hypervisor) })
      }
    }).catch((error: unknown) => {
      log.warn({ err: error, hypervisor }, 'segments stay taken until the next comparison with the switch')
    })
  }

  /** What an operation has taken from its owner, who is no more to be asked. */
  *#freed(steps: readonly Step[]): Generator<[HypervisorId, Segment]> {
    for (const { change } of steps) {
      if (change.kind !== 'segment' || !change.to || change.to.owner !== null) continue
      for (const hypervisor of change.to.holders) yield [hypervisor, change.to]
    }
  }

  *#segments(stale: StalePairs): Generator<[HypervisorId, Segment]> {
    const { graph } = this.#context
    for (const [hypervisor, objects] of stale) {
      for (const key of objects) {
        const what = graph.byKey.get(key)
        const id = what && segmentOf(graph, what)
        const segment = id && graph.segments.get(id)
        if (segment) yield [hypervisor, segment]
      }
    }
  }
}

function segmentOf(graph: GraphReader, what: Keyed): string | null | undefined {
  if (what.kind === 'network') return graph.networks.get(what.id)?.segmentId
  return what.kind === 'port' ? graph.ports.get(what.id)?.segmentId : undefined
}

/** Does the owner want rules there? */
function isMember(graph: GraphReader, { owner }: Segment, hypervisor: HypervisorId): boolean {
  const what = owner === null ? undefined : graph.byKey.get(owner)
  if (what?.kind === 'network') return graph.members(what.id).has(hypervisor)
  return what?.kind === 'port' && graph.portsOn.get(hypervisor).has(what.id)
}
