/**
 * Hands out what a commit has made stale. Where a VNIC has moved from one hypervisor to another, the switches are told in this
 * order, so that no frame for the VM falls between its old place and its new one:
 *
 *   1. its new place gets its rules;
 *   2. its peers send there, and its old place loses the VNIC's own rules;
 *   3. its old place loses what it had of the VNIC's networks.
 *
 * Between 1 and 2, what the controller sent from the new place, such as a gratuitous ARP, must be on the wire. Between 2 and 3
 * it is sent once more, for the old place's bridge to the physical network, which learns MAC addresses. Open vSwitch may learn
 * from a frame late: it reads the counts of its flows when rules change, and else twice a second. So it must read them after the
 * VM has sent its last frame there (step 2) and after the announcement, which step 3 makes it do. Otherwise the VM's last frame
 * may count as the newest, and the bridge keeps frames for the VM.
 *
 * A switch that is slow holds up the others for a short time only.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key, VnicId } from '../../topology/ids.ts'
import type { StalePairs } from '../core/committed.ts'
import type { Effects } from '../core/effects.ts'
import type { Move } from '../core/moves.ts'
import type { Generations } from '../core/realisation.ts'
import type { Confirmations } from './confirmations.ts'
import type { Fleet } from './fleet.ts'

/** How long a step waits for the one before. A bundle takes a few milliseconds, on a busy host some tens. */
const MAX_STEP_MS = 500

interface Context {
  readonly graph: GraphReader
  readonly fleet: Fleet
  readonly confirmations: Confirmations
  /** Announce a VNIC once more from where it is now. */
  announce(id: VnicId): void
}

type Moves = ReadonlyMap<VnicId, Move>
type Pairs = Map<HypervisorId, Iterable<Key>>

/** @returns the connected switches concerned, and the generation with which each confirms all that it has to do */
export function handOut(context: Context, { stale, moves }: Pick<Effects, 'stale' | 'moves'>): Generations {
  const { graph, fleet } = context
  const targets = new Set([...moves.values()].map(({ to }) => to).filter((id) => stale.has(id) && fleet.get(id)))
  if (targets.size === 0) return fleet.mark(stale)
  const steps = inSteps(stale, targets, ownObjects(graph, moves))
  const generations = { first: fleet.mark(steps.first), second: fleet.hold(steps.second), last: fleet.hold(steps.last) }
  void cutOver(context, moves, [...targets], generations)
  return new Map([...generations.first, ...generations.second, ...generations.last])
}

/** Release one step after the other. */
async function cutOver(
  { graph, fleet, confirmations, announce }: Context,
  moves: Moves,
  targets: readonly HypervisorId[],
  { first, second, last }: Readonly<Record<'first' | 'second' | 'last', Generations>>,
): Promise<void> {
  // What was sent from a target is on the wire when it answers a barrier. A connection that ends has nothing to wait for.
  const sentFromTargets = () => Promise.allSettled(targets.map((id) => fleet.get(id)?.session.barrier()))
  const confirmed = (generations: Generations): Promise<void> =>
    new Promise((resolve) => confirmations.expect(generations).onDone(resolve))
  const oldPlaces = new Map([...second].filter(([id]) => last.has(id)))

  await atMost(MAX_STEP_MS, confirmed(first).then(sentFromTargets))
  fleet.release(second)
  await atMost(MAX_STEP_MS, confirmed(oldPlaces))
  for (const [id, { to }] of moves) if (graph.bindings.get(id)?.hypervisor === to) announce(id)
  await atMost(MAX_STEP_MS, sentFromTargets())
  fleet.release(last)
}

/** The stale pairs of each step. @param own what moves, by the hypervisor that it leaves */
function inSteps(
  stale: StalePairs,
  targets: ReadonlySet<HypervisorId>,
  own: ReadonlyMap<HypervisorId, ReadonlySet<Key>>,
): Readonly<Record<'first' | 'second' | 'last', Pairs>> {
  const steps = { first: new Map() as Pairs, second: new Map() as Pairs, last: new Map() as Pairs }
  for (const [id, objects] of stale) {
    const leaving = own.get(id)
    if (targets.has(id)) steps.first.set(id, objects)
    else if (!leaving) steps.second.set(id, objects)
    else {
      const all = [...objects]
      steps.second.set(
        id,
        all.filter((object) => leaving.has(object)),
      )
      steps.last.set(
        id,
        all.filter((object) => !leaving.has(object)),
      )
    }
  }
  return steps
}

/** The ports of the VNICs that have moved, by the hypervisor that they have left. */
function ownObjects(graph: GraphReader, moves: Moves): Map<HypervisorId, Set<Key>> {
  const own = new Map<HypervisorId, Set<Key>>()
  for (const [id, { from }] of moves) {
    const keys = own.get(from) ?? new Set()
    own.set(from, keys)
    for (const port of graph.portsOf(graph.vnics.get(id) ?? { portId: null })) {
      const key = graph.ports.get(port)?.key
      if (key !== undefined) keys.add(key)
    }
  }
  return own
}

/** Resolves when the work is done, or the time is up. */
function atMost(milliseconds: number, work: Promise<unknown>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds).unref()
  return Promise.race([work.finally(() => clearTimeout(timer)), promise])
}
