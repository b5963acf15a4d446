/**
 * Records which hypervisors hold rules for a segment. A hypervisor becomes a holder before it gets its first rule for the segment.
 * It stops being a holder only when it has confirmed that the last rule is gone. So when a freed segment gets another owner, no
 * rules of the former owner exist.
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
  /** For each hypervisor, the segments whose last rules it is losing, with the generation that confirms it. */
  readonly #leaving = new Map<HypervisorId, Map<string, number>>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Makes hypervisors holders of the segments that they will get rules for, in the same commit. */
  settle(draft: Draft, { stale }: Effects): void {
    const { graph } = draft
    for (const [hypervisor, segment] of segmentsOf(graph, stale)) {
      if (segment.holders.includes(hypervisor) || !isMember(graph, segment, hypervisor)) continue
      // A removed hypervisor gets no rules.
      if (!graph.hypervisors.has(hypervisor)) continue
      draft.change({ kind: 'segment', id: segment.id, to: { ...segment, holders: [...segment.holders, hypervisor] } })
    }
  }

  /** Notes which hypervisors will lose their last rules for a segment, and which generation confirms it. */
  committed({ stale, freed }: Effects, generations: Generations): void {
    const { graph } = this.#context
    // A segment without an owner cannot be found through its former owner.
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

  /** Called when a switch has no other rules than those desired in this generation. Later changes are not confirmed yet. */
  synced(hypervisor: HypervisorId, generation: number): void {
    const leaving = this.#leaving.get(hypervisor)
    const held = [...this.#context.graph.segmentsHeldBy.get(hypervisor)]
    this.#release(
      hypervisor,
      held.filter((id) => (leaving?.get(id) ?? 0) <= generation),
    )
  }

  /** Called when a switch has disconnected. The comparison after its next connection will confirm what is outstanding. */
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

/** Returns the segment if the hypervisor is a holder of it, but its owner needs no rules there. */
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

/** Does the owner of the segment need rules on this hypervisor? */
function isMember(graph: GraphReader, { owner }: Segment, hypervisor: HypervisorId): boolean {
  const object = owner === null ? undefined : graph.byKey.get(owner)
  if (object?.kind === 'network') return graph.members(object.id).has(hypervisor)
  return object?.kind === 'port' && graph.portsOn.get(hypervisor).has(object.id)
}
