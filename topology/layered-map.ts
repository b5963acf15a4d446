/**
 * A map in front of another map. It takes all writes itself, and reads through to the map below for keys that it does not have.
 * So a batch of changes can be tried on a large map at the cost of the changes alone.
 */

/** The common methods of `Map` and `LayeredMap`. */
export interface WritableMap<K, V> extends ReadonlyMap<K, V> {
  set(key: K, value: V): unknown
  delete(key: K): boolean
}

/** The value of a key that was deleted here and still exists in the map below. */
const DELETED = Symbol('deleted')

/** The map below must not change while this one is in use. No value may be `undefined`. */
export class LayeredMap<K, V> implements WritableMap<K, V> {
  readonly #below: ReadonlyMap<K, V>
  readonly #own = new Map<K, V | typeof DELETED>()
  #size: number

  constructor(below: ReadonlyMap<K, V>) {
    // An unchanged layer costs only one more look-up.
    this.#below = below instanceof LayeredMap && below.#own.size === 0 ? below.#below : below
    this.#size = below.size
  }

  get size(): number {
    return this.#size
  }

  get(key: K): V | undefined {
    if (this.#own.size === 0) return this.#below.get(key)
    const own = this.#own.get(key)
    if (own === DELETED) return undefined
    return own === undefined ? this.#below.get(key) : own
  }

  has(key: K): boolean {
    const own = this.#own.get(key)
    return own === undefined ? this.#below.has(key) : own !== DELETED
  }

  set(key: K, value: V): this {
    if (!this.has(key)) this.#size += 1
    this.#own.set(key, value)
    return this
  }

  delete(key: K): boolean {
    if (!this.has(key)) return false
    this.#size -= 1
    if (this.#below.has(key)) this.#own.set(key, DELETED)
    else this.#own.delete(key)
    return true
  }

  /** The entries of the map below come first, in its order, each with its current value; then the new ones. */
  entries(): MapIterator<[K, V]> {
    return this.#own.size === 0 ? this.#below.entries() : this.#merged()
  }

  *keys(): MapIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  *#merged(): MapIterator<[K, V]> {
    for (const [key, value] of this.#below) {
      const own = this.#own.get(key)
      if (own !== DELETED) yield [key, own === undefined ? value : own]
    }
    for (const [key, own] of this.#own) if (own !== DELETED && !this.#below.has(key)) yield [key, own]
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this)
  }
}
