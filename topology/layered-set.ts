/** A set in front of another set. It takes all writes itself, as `LayeredMap` does for maps. */

/** The common methods of `Set` and `LayeredSet`. */
export interface WritableSet<V> extends ReadonlySet<V> {
  add(value: V): unknown
  delete(value: V): boolean
}

/** The set below must not change while this one is in use. */
export class LayeredSet<V> implements WritableSet<V> {
  readonly #below: ReadonlySet<V>
  readonly #added = new Set<V>()
  readonly #deleted = new Set<V>()

  constructor(below: ReadonlySet<V>) {
    // An unchanged layer costs only one more look-up.
    this.#below = below instanceof LayeredSet && below.#added.size + below.#deleted.size === 0 ? below.#below : below
  }

  get size(): number {
    return this.#below.size + this.#added.size - this.#deleted.size
  }

  has(value: V): boolean {
    return this.#added.has(value) || (this.#below.has(value) && !this.#deleted.has(value))
  }

  add(value: V): this {
    if (this.#below.has(value)) this.#deleted.delete(value)
    else this.#added.add(value)
    return this
  }

  delete(value: V): boolean {
    if (this.#added.delete(value)) return true
    if (!this.#below.has(value) || this.#deleted.has(value)) return false
    this.#deleted.add(value)
    return true
  }

  /** The values of the set below come first, in its order. */
  values(): SetIterator<V> {
    return this.#added.size + this.#deleted.size === 0 ? this.#below.values() : this.#merged()
  }

  keys(): SetIterator<V> {
    return this.values()
  }

  *entries(): SetIterator<[V, V]> {
    for (const value of this.values()) yield [value, value]
  }

  [Symbol.iterator](): SetIterator<V> {
    return this.values()
  }

  *#merged(): SetIterator<V> {
    for (const value of this.#below) if (!this.#deleted.has(value)) yield value
    yield* this.#added
  }

  forEach(callback: (value: V, key: V, set: ReadonlySet<V>) => void): void {
    for (const value of this.values()) callback(value, value, this)
  }
}
