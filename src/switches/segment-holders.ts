/**
 * Which hypervisors hold rules for a segment. A hypervisor is written down before it gets its first rule for the segment, and
 * struck out only when it has confirmed that the last one is gone. So a freed segment that gets another owner never meets rules
 * of the former one.
 */
import type { Logger } from 'pino'
import type { GraphReader, Keyed } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Segment } from '../../topology/model.ts'
import type { StalePairs } from '../core/committed.ts'
import type { Draft } from '../core/draft.ts'
import type { Effects } from '../core/effects.ts'
import type { Generations } from '../core/realisation.ts'
import { released } from '../core/resources/segments.ts'
import type { Subscriber } from '../core/subscribers.ts'
import type { SwitchListener } from './switch-listener.ts'

interface Context {
  readonly graph: GraphReader
  readonly log: Logger
  write(operation: (draft: Draft) => void): Promise<unknown>
}

export class SegmentHolders implements Subscriber, SwitchListener {
  readonly #context: Context
  /** Segments whose last rules a hypervisor is about to lose -> the generation that confirms it. */
  readonly #leaving = new Map<HypervisorId, Map<string, number>>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Those that are to get rules become holders, in the same commit. */
  settle(draft: Draft, { stale }: Effects): void {
    const { graph } = draft
    for (const [hypervisor, segment] of segmentsOf(graph, stale)) {
      if (segment.holders.includes(hypervisor) || !isMember(graph, segment, hypervisor)) continue
      // A hypervisor that was removed gets no rules.
      if (!graph.hypervisors.has(hypervisor)) continue
      draft.change({ kind: 'segment', id: segment.id, to: { ...segment, holders: [...segment.holders, hypervisor] } })
    }
  }

  /** Note which hypervisors are to lose their rules, and when that will be confirmed. */
  committed({ stale, freed }: Effects, generations: Generations): void {
    const { graph } = this.#context
    // A segment that was taken from its owner cannot be found by that owner any more.
    const withoutOwner = freed.flatMap((segment) => segment.holders.map((hypervisor) => [hypervisor, segment] as const))
    for (const [hypervisor, segment] of [...segmentsOf(graph, stale), ...withoutOwner]) {
      const generation = generations.get(hypervisor)
      if (generation === undefined || !segment.holders.includes(hypervisor)) continue
      if (isMember(graph, segment, hypervisor)) continue
      const leaving = this.#leaving.get(hypervisor) ?? new Map<string, number>()
      this.#leaving.set(hypervisor, leaving.set(segment.id, generation))
    }
  }

  confirmed(hypervisor: HypervisorId, generation: number): void {
    const leaving = this.#leaving.get(hypervisor)
    if (!leaving) return
    const gone = [...leaving].filter(([, needed]) => needed <= generation).map(([id]) => id)
    for (const id of gone) leaving.delete(id)
    if (leaving.size === 0) this.#leaving.delete(hypervisor)
    this.#release(hypervisor, gone)
  }

  /** The switch has only rules that were wanted as of this generation. Later changes are yet to be confirmed. */
  synced(hypervisor: HypervisorId, generation: number): void {
    const leaving = this.#leaving.get(hypervisor)
    const held = [...this.#context.graph.segmentsHeldBy.get(hypervisor)]
    this.#release(
      hypervisor,
      held.filter((id) => (leaving?.get(id) ?? 0) <= generation),
    )
  }

  /** What the switch would have confirmed, the comparison after its next connection will. */
  disconnected(hypervisor: HypervisorId): void {
    this.#leaving.delete(hypervisor)
  }

  #release(hypervisor: HypervisorId, ids: readonly string[]): void {
    const { graph, log, write } = this.#context
    if (!ids.some((id) => abandoned(graph, id, hypervisor))) return
    write((draft) => {
      for (const id of ids) {
        const segment = abandoned(draft.graph, id, hypervisor)
        if (segment) draft.change({ kind: 'segment', id, to: released(segment, hypervisor) })
      }
    }).catch((error: unknown) => {
      log.warn({ err: error, hypervisor }, 'segments stay taken until the next comparison with the switch')
    })
  }
}

/** The segment, if the hypervisor is written down as a holder and its owner wants no rules there. */
function abandoned(graph: GraphReader, id: string, hypervisor: HypervisorId): Segment | undefined {
  const segment = graph.segments.get(id)
  return segment?.holders.includes(hypervisor) && !isMember(graph, segment, hypervisor) ? segment : undefined
}

function* segmentsOf(graph: GraphReader, stale: StalePairs): Generator<readonly [HypervisorId, Segment]> {
  for (const [hypervisor, objects] of stale) {
    for (const key of objects) {
      const object = graph.byKey.get(key)
      const id = object && segmentIdOf(graph, object)
      const segment = id && graph.segments.get(id)
      if (segment) yield [hypervisor, segment]
    }
  }
}

function segmentIdOf(graph: GraphReader, object: Keyed): string | null | undefined {
  if (object.kind === 'network') return graph.networks.get(object.id)?.segmentId
  return object.kind === 'port' ? graph.ports.get(object.id)?.segmentId : undefined
}

/** Does the segment's owner want rules on this hypervisor? */
function isMember(graph: GraphReader, { owner }: Segment, hypervisor: HypervisorId): boolean {
  const object = owner === null ? undefined : graph.byKey.get(owner)
  if (object?.kind === 'network') return graph.members(object.id).has(hypervisor)
  return object?.kind === 'port' && graph.portsOn.get(hypervisor).has(object.id)
}
