/** VNICs that a commit moves from one hypervisor to another, or prepares to move. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding, Contest } from '../../topology/model.ts'
import type { Step } from './committed.ts'

/** The hypervisor of a VNIC before and after a commit. */
export interface Move {
  readonly from: HypervisorId
  readonly to: HypervisorId
}

/** The VNICs that are on a hypervisor now, and were on another one before these steps. */
export function movesOf(graph: GraphReader, steps: readonly Step[]): Map<VnicId, Move> {
  const before = new Map<VnicId, Binding | null>()
  for (const { change, undo } of steps) {
    if (change.kind === 'binding' && undo.kind === 'binding' && !before.has(change.id)) before.set(change.id, undo.to)
  }
  const moves = new Map<VnicId, Move>()
  for (const [id, was] of before) {
    const now = graph.bindings.get(id)
    const isPlaced = now?.ofport && graph.vnics.get(id)?.portId
    if (was?.ofport && isPlaced && was.hypervisor !== now.hypervisor)
      moves.set(id, { from: was.hypervisor, to: now.hypervisor })
  }
  return moves
}

/** The VNICs that these steps have brought to the target of their migration. */
export function arrivalsOf(graph: GraphReader, steps: readonly Step[]): Set<VnicId> {
  const arrivals = new Set<VnicId>()
  for (const { change, undo } of steps) {
    if (change.kind !== 'vnic' || undo.kind !== 'vnic' || !undo.to?.migratesTo) continue
    if (graph.bindings.get(change.id)?.hypervisor === undo.to.migratesTo) arrivals.add(change.id)
  }
  return arrivals
}

/**
 * The VNICs whose migration begins, ends or gets another target, and those whose interface at the target appears, goes or gets
 * another port number. Destroyed VNICs are not among them.
 */
export function migrationsOf(graph: GraphReader, steps: readonly Step[]): Set<VnicId> {
  const migrations = new Set<VnicId>()
  for (const { change, undo } of steps) {
    if (change.kind === 'contest' && undo.kind === 'contest') {
      const to = graph.vnics.get(change.id)?.migratesTo
      if (to && portNumberAt(to, change.to) !== portNumberAt(to, undo.to)) migrations.add(change.id)
    }
    if (change.kind !== 'vnic' || undo.kind !== 'vnic' || !graph.vnics.has(change.id)) continue
    if ((change.to?.migratesTo ?? null) !== (undo.to?.migratesTo ?? null)) migrations.add(change.id)
  }
  return migrations
}

const portNumberAt = (where: HypervisorId, contest: Contest | null): number | null =>
  contest?.claims.find(({ hypervisor }) => hypervisor === where)?.ofport ?? null
