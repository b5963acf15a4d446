import type { Network } from '../topology/nodes.ts'

interface Types {
  string: string
  number: number
}

/** A part of a network's segment, of the type that its engine stored; anything else is a broken store and throws. */
export function attribute<T extends keyof Types>(network: Network, name: string, type: T): Types[T] {
  const value = network.segment[name]
  if (typeof value !== type) throw new TypeError(`network ${network.id}: segment has no ${type} "${name}"`)
  return value as Types[T]
}
