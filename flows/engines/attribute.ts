import type { Domain } from './engine-rules.ts'

interface Types {
  string: string
  number: number
}

/**
 * What an engine keeps of a domain, a network's segment or a port's attributes, of the type that it stored; anything else is
 * a broken store and throws.
 */
export function attribute<T extends keyof Types>(domain: Domain, name: string, type: T): Types[T] {
  const value = ('segment' in domain ? domain.segment : domain.attributes)[name]
  if (typeof value !== type) throw new TypeError(`${domain.id} has no ${type} "${name}"`)
  return value as Types[T]
}
