/**
 * The order of a hand-over. When a VNIC has come from one hypervisor to another, its rules are put there first, and what others
 * must be told of its place is told from there; then its peers send there, and its rules at the old place go. The other way
 * round, what is for the VM would fall between the two. Whoever takes its time holds the others up only so long.
 *
 * At the old place the VNIC's own rules go before those of its network. The host's bridge to the physical network learns there
 * where the VM is. Open vSwitch may learn of frames late, from counts that it reads when rules change, or else twice a second;
 * so it has to read them once more when the VM sends nothing there any longer and its new place has been told again, or it
 * keeps what is for the VM.
 */
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key, VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'
import type { StalePairs, Step } from '../core/journal.ts'
import type { Confirmations } from './confirmations.ts'
import type { Fleet } from './fleet.ts'

/** Each turn, milliseconds: a bundle takes a few, on a busy host some tens. */
const LIMIT = 500

interface Context {
  readonly graph: Graph
  readonly fleet: Fleet
  readonly tickets: Confirmations
  /** Tell the physical network once more where a VNIC is. */
  announce(id: VnicId): void
}

type Pairs = Map<HypervisorId, Iterable<Key>>
type Generations = ReadonlyMap<HypervisorId, number>

/**
 * Hand out what an operation made stale, targets first.
 * @param moved the VNICs that have come from one hypervisor to another, and from which
 * @returns the connected switches concerned, and the generation that confirms it there
 */
export function handOut(
  { graph, fleet, tickets, announce }: Context,
  stale: StalePairs,
  moved: ReadonlyMap<VnicId, HypervisorId>,
): Map<HypervisorId, number> {
  const places = new Map([...moved.keys()].map((id) => [id, graph.bindings.get(id)?.hypervisor]))
  const targets = [...new Set(places.values())].filter((id) => id !== undefined && stale.has(id) && fleet.get(id))
  if (targets.length === 0) return fleet.mark(stale)
  const leaving = ownObjects(graph, moved)
  const turns: [Pairs, Pairs, Pairs] = [new Map(), new Map(), new Map()]
  for (const [id, objects] of stale) {
    const own = leaving.get(id)
    if (targets.includes(id) || !own) turns[targets.includes(id) ? 0 : 1].set(id, objects)
    else {
      turns[1].set(
        id,
        [...objects].filter((object) => own.has(object)),
      )
      turns[2].set(
        id,
        [...objects].filter((object) => !own.has(object)),
      )
    }
  }
  const first = fleet.mark(turns[0])
  const second = fleet.mark(turns[1], true)
  const last = fleet.mark(turns[2], true)
  // What was sent from a target is on the wire when it answers. A connection that ends has nothing to wait for.
  const told = () => Promise.allSettled(targets.map((id) => id && fleet.get(id)?.session.barrier()))
  const leavers = new Map([...second].filter(([id]) => last.has(id)))
  const inTurn = async () => {
    await within(confirmed(tickets, first).then(told))
    fleet.release(second)
    await within(confirmed(tickets, leavers))
    for (const [id, place] of places) if (graph.bindings.get(id)?.hypervisor === place) announce(id)
    await within(told())
    fleet.release(last)
  }
  void inTurn()
  return new Map([...first, ...second, ...last])
}

/** What the VNICs that have moved had rules of at their old places. */
function ownObjects(graph: Graph, moved: ReadonlyMap<VnicId, HypervisorId>): Map<HypervisorId, Set<Key>> {
  const found = new Map<HypervisorId, Set<Key>>()
  for (const [id, from] of moved) {
    const own = found.get(from) ?? new Set()
    found.set(from, own)
    for (const port of graph.portsOf(graph.vnics.get(id) ?? { portId: null })) {
      const key = graph.ports.get(port)?.key
      if (key) own.add(key)
    }
  }
  return found
}

const confirmed = (tickets: Confirmations, generations: Generations): Promise<void> =>
  new Promise((resolve) => tickets.draw(generations).onDone(resolve))

/** When it is done, or takes too long. */
function within(work: Promise<unknown>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, LIMIT).unref()
  return Promise.race([work.finally(() => clearTimeout(timer)), promise])
}

/** The VNICs that have a place now, and had it on another hypervisor before these steps: from which they came. */
export function movedBy(graph: Graph, steps: readonly Step[]): Map<VnicId, HypervisorId> {
  const before = new Map<VnicId, Binding | null>()
  for (const { change, undo } of steps) {
    if (change.kind === 'binding' && undo.kind === 'binding' && !before.has(change.id)) before.set(change.id, undo.to)
  }
  const moved = new Map<VnicId, HypervisorId>()
  for (const [id, was] of before) {
    const now = graph.bindings.get(id)
    const isPlaced = now?.ofport && graph.vnics.get(id)?.portId
    if (was?.ofport && isPlaced && was.hypervisor !== now.hypervisor) moved.set(id, was.hypervisor)
  }
  return moved
}
