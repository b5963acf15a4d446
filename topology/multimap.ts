/** A map from a key to a set of values; keys without values are not kept. It may be a layer in front of another one. */
import { LayeredMap, type WritableMap } from './layered-map.ts'
import { LayeredSet, type WritableSet } from './layered-set.ts'

export interface ReadonlyMultimap<K, V> {
  /** The number of keys that have a value. */
  readonly size: number
  get(key: K): ReadonlySet<V>
  has(key: K): boolean
  keys(): IterableIterator<K>
  entries(): IterableIterator<[K, ReadonlySet<V>]>
}

export class Multimap<K, V> implements ReadonlyMultimap<K, V> {
  readonly #sets: WritableMap<K, WritableSet<V>>
  readonly #below: Multimap<K, V> | undefined

  /** @param below if given, this map is a layer in front of it */
  constructor(below?: Multimap<K, V>) {
    this.#sets = below ? new LayeredMap(below.#sets) : new Map()
    this.#below = below
  }

  /** @returns a new empty map */
  static empty<K, V>(): Multimap<K, V> {
    return new Multimap()
  }

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
    if (this.#sets.get(key)?.has(value)) return
    const set = this.#own(key)
    if (set) set.add(value)
    else this.#sets.set(key, new Set([value]))
  }

  delete(key: K, value: V): void {
    if (!this.#sets.get(key)?.has(value)) return
    const set = this.#own(key)
    if (set?.delete(value) && set.size === 0) this.#sets.delete(key)
  }

  /** The set of a key, to write to. If the set is in the map below, a layer in front of it replaces it. */
  #own(key: K): WritableSet<V> | undefined {
    const set = this.#sets.get(key)
    if (!set || !this.#below || set !== this.#below.#sets.get(key)) return set
    const layer = new LayeredSet(set)
    this.#sets.set(key, layer)
    return layer
  }
}
