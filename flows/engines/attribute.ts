import type { Domain } from './engine-rules.ts'

interface Types {
  string: string
  number: number
}

/**
 * A value that an engine keeps in the segment of a network, or in the attributes of a port.
 * @throws TypeError if it is not of the type that the engine stored: the store is broken
 */
export function attribute<T extends keyof Types>(domain: Domain, name: string, type: T): Types[T] {
  const value = ('segment' in domain ? domain.segment : domain.attributes)[name]
  if (typeof value !== type) throw new TypeError(`${domain.id} has no ${type} "${name}"`)
  return value as Types[T]
}
