/** A map from a key to a set of values; keys without values are not kept. */
export class Multimap<K, V> {
  readonly #sets = new Map<K, Set<V>>()

  /** @returns a fresh map with nothing in it */
  static empty<K, V>(): Multimap<K, V> {
    return new Multimap()
  }

  /** Number of keys that have a value. */
  get size(): number {
    return this.#sets.size
  }

  get(key: K): ReadonlySet<V> {
    return this.#sets.get(key) ?? new Set()
  }

  has(key: K): boolean {
    return this.#sets.has(key)
  }

  keys(): IterableIterator<K> {
    return this.#sets.keys()
  }

  entries(): IterableIterator<[K, ReadonlySet<V>]> {
    return this.#sets.entries()
  }

  add(key: K, value: V): void {
    const set = this.#sets.get(key)
    if (set) set.add(value)
    else this.#sets.set(key, new Set([value]))
  }

  delete(key: K, value: V): void {
    const set = this.#sets.get(key)
    if (set?.delete(value) && set.size === 0) this.#sets.delete(key)
  }
}
