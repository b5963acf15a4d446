/**
 * Tells switches which objects a commit has made stale. If a VNIC has moved from one hypervisor to another, the switches are told
 * in this order, so that no frame for the VM is lost between its old place and its new place:
 *
 *   1. the new place gets the rules of the VNIC;
 *   2. the peers send to the new place, and the old place loses the VNIC's own rules;
 *   3. the old place loses its rules of the VNIC's networks.
 *
 * Between 1 and 2, the controller's announcements from the new place, such as gratuitous ARP, must have reached the wire. Between
 * 2 and 3 they are sent again, because the old place's bridge to the physical network learns MAC addresses. Open vSwitch may learn
 * late from a frame: it reads the counters of its flows when rules change, and otherwise twice a second. It must read them after
 * the VM has sent its last frame there (step 2), and again after the announcement; step 3 makes it do so. Otherwise the VM's last
 * frame may count as the newest, and the bridge keeps frames for the VM.
 *
 * A slow switch delays the others only for a short time.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key, VnicId } from '../../topology/ids.ts'
import type { StalePairs } from '../core/committed.ts'
import type { Effects } from '../core/effects.ts'
import type { Move } from '../core/moves.ts'
import type { Generations } from '../core/realisation.ts'
import type { Confirmations } from './confirmations.ts'
import type { Fleet } from './fleet.ts'

/** The longest time that a step waits for the previous one. A bundle takes a few milliseconds, or some tens on a busy host. */
const MAX_STEP_MS = 500

interface Context {
  readonly graph: GraphReader
  readonly fleet: Fleet
  readonly confirmations: Confirmations
  /** Announces a VNIC again from its current place. */
  announce(id: VnicId): void
}

type Moves = ReadonlyMap<VnicId, Move>
type Pairs = Map<HypervisorId, Iterable<Key>>

/** @returns the connected switches concerned, each with the generation that confirms the whole commit */
export function handOut(context: Context, { stale, moves }: Pick<Effects, 'stale' | 'moves'>): Generations {
  const { graph, fleet } = context
  const targets = new Set([...moves.values()].map(({ to }) => to).filter((id) => stale.has(id) && fleet.get(id)))
  if (targets.size === 0) return fleet.mark(stale)
  const steps = inSteps(stale, targets, ownObjects(graph, moves))
  const generations = { first: fleet.mark(steps.first), second: fleet.hold(steps.second), last: fleet.hold(steps.last) }
  void cutOver(context, moves, [...targets], generations)
  return new Map([...generations.first, ...generations.second, ...generations.last])
}

/** Releases one step after the other. */
async function cutOver(
  { graph, fleet, confirmations, announce }: Context,
  moves: Moves,
  targets: readonly HypervisorId[],
  { first, second, last }: Readonly<Record<'first' | 'second' | 'last', Generations>>,
): Promise<void> {
  // When a target answers a barrier, its announcements are on the wire. There is nothing to wait for if its connection ends.
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

/** The stale pairs of each step. @param own the moving objects, by the hypervisor that they leave */
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
