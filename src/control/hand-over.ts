/**
 * The order of a hand-over. When a VNIC has come from one hypervisor to another, its rules are put there first, and what others
 * must be told of its place is told from there; then its peers send there, and its rules at the old place go. The other way
 * round, what is for the VM would fall between the two. A target that takes its time holds the others up only so long.
 */
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/nodes.ts'
import type { Fleet } from './fleet.ts'
import type { StalePairs, Step } from './journal.ts'
import type { Tickets } from './tickets.ts'

/** The target's turn, milliseconds: a bundle takes a few, on a busy host some tens. */
const LIMIT = 500

interface Context {
  readonly graph: Graph
  readonly fleet: Fleet
  readonly tickets: Tickets
}

/**
 * Hand out what an operation made stale, targets first.
 * @param moved the VNICs that have come from one hypervisor to another
 * @returns the connected switches concerned, and the generation that confirms it there
 */
export function handOut(
  { graph, fleet, tickets }: Context,
  stale: StalePairs,
  moved: ReadonlySet<VnicId>,
): Map<HypervisorId, number> {
  const places = new Set([...moved].map((id) => graph.bindings.get(id)?.hypervisor))
  const targets = [...places].filter((id) => id !== undefined).filter((id) => stale.has(id) && fleet.get(id))
  if (targets.length === 0) return fleet.mark(stale)
  const generations = fleet.mark(stale, new Set(targets))
  const others = [...generations.keys()].filter((id) => !targets.includes(id))
  const goOn = () => fleet.release(others)
  const timer = setTimeout(goOn, LIMIT).unref()
  const first = new Map(targets.map((id) => [id, generations.get(id) ?? 0]))
  tickets.draw(first).onDone(async () => {
    // By then what was sent from there at its confirmation is on the wire. A connection that ends has nothing to wait for.
    await Promise.allSettled(targets.map((id) => fleet.get(id)?.session.barrier()))
    clearTimeout(timer)
    goOn()
  })
  return generations
}

/** The VNICs that have a place now, and had it on another hypervisor before these steps. */
export function movedBy(graph: Graph, steps: readonly Step[]): Set<VnicId> {
  const before = new Map<VnicId, Binding | null>()
  for (const { change, undo } of steps) {
    if (change.kind === 'binding' && undo.kind === 'binding' && !before.has(change.id)) before.set(change.id, undo.to)
  }
  const moved = new Set<VnicId>()
  for (const [id, was] of before) {
    const now = graph.bindings.get(id)
    const isPlaced = now?.ofport && graph.vnics.get(id)?.portId
    if (was?.ofport && isPlaced && was.hypervisor !== now.hypervisor) moved.add(id)
  }
  return moved
}
