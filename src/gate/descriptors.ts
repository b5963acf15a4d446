/** How many connections of hypervisors the file descriptors of this process allow. */
import { readFileSync } from 'node:fs'

/**
 * Kept back for callers of the API, the store and files: a quarter of all descriptors. If they ran out, nobody could reach the
 * API any more.
 */
const KEPT_SHARE = 1 / 4
const MIN_KEPT = 256
/** Each hypervisor has a connection on both listeners. */
const LISTENERS = 2
/** The fewest connections of a listener, however few descriptors there are. */
const MIN_CONNECTIONS = 16

/** The number of descriptors that this process may have; infinity if the system does not say it. */
export function descriptorLimit(): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** @returns the most connections of one listener of hypervisors */
export function connectionsFor(descriptors: number): number {
  if (!Number.isFinite(descriptors)) return descriptors
  const kept = Math.max(MIN_KEPT, descriptors * KEPT_SHARE)
  return Math.max(MIN_CONNECTIONS, Math.floor((descriptors - kept) / LISTENERS))
}
