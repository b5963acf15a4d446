import type { Domain } from './engine-rules.ts'

interface Types {
  string: string
  number: number
}

/**
 * Reads a value that an engine has stored in the segment of a network, or in the attributes of a port.
 * @throws TypeError if it does not have the type that the engine stored: the store is damaged
 */
export function attribute<T extends keyof Types>(domain: Domain, name: string, type: T): Types[T] {
  const value = ('segment' in domain ? domain.segment : domain.attributes)[name]
  if (typeof value !== type) throw new TypeError(`${domain.id} has no ${type} "${name}"`)
  return value as Types[T]
}
