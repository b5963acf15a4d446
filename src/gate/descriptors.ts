/** How many connections of hypervisors the file descriptors of this process allow. */
import { readFileSync } from 'node:fs'

/**
 * Kept back for callers of the API, the store and files: a quarter of all descriptors. If they ran out, nobody could reach the
 * API any more.
 */
const KEPT_SHARE = 1 / 4
const MIN_KEPT = 256
/** Of these for the store, the log, listeners and the parts of Node. */
const FILES = 64
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
  return Math.max(MIN_CONNECTIONS, Math.floor((descriptors - keptOf(descriptors)) / LISTENERS))
}

/**
 * @param listeners the most connections of each listener of hypervisors, as configured
 * @returns the most connections of callers of the API: what these listeners leave
 */
export function apiConnectionsFor(descriptors: number, listeners: readonly number[]): number {
  if (!Number.isFinite(descriptors)) return descriptors
  const most = connectionsFor(descriptors)
  const left = listeners.reduce((rest, connections) => rest - Math.min(connections, most), descriptors - FILES)
  return Math.max(MIN_CONNECTIONS, left)
}

const keptOf = (descriptors: number): number => Math.max(MIN_KEPT, Math.floor(descriptors * KEPT_SHARE))
