/** What a commit did, for the code that reacts to it. */
import type { Change } from '../../topology/change.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Event } from './event-log.ts'

/** For each hypervisor, the objects whose rules must be compiled again. */
export type StalePairs = Map<HypervisorId, Set<Key>>

/** A change, and the change that would undo it. */
export interface Step {
  readonly change: Change
  readonly undo: Change
}

/** What one operation did, or one commit of another writer of the store. */
export interface Committed {
  readonly steps: readonly Step[]
  readonly stale: StalePairs
  /** The events that became durable with the commit, oldest first. */
  readonly events: readonly Event[]
}

/** What an operation returned, and the commit that made it durable. */
export interface Written<T> {
  readonly value: T
  readonly committed: Committed
}

/** Merges the stale pairs of several operations. */
export function union(all: readonly StalePairs[]): StalePairs {
  const [first = new Map(), ...more] = all
  if (more.length === 0) return first
  const pairs: StalePairs = new Map([...first].map(([hypervisor, objects]) => [hypervisor, new Set(objects)]))
  for (const [hypervisor, objects] of more.flatMap((each) => [...each])) {
    const its = pairs.get(hypervisor) ?? new Set()
    for (const object of objects) its.add(object)
    pairs.set(hypervisor, its)
  }
  return pairs
}
