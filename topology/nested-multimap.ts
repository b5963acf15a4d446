/** A map from a key to a multimap; keys whose multimap is empty are not kept. It may be a layer in front of another one. */
import { LayeredMap, type WritableMap } from './layered-map.ts'
import { Multimap, type ReadonlyMultimap } from './multimap.ts'

export class NestedMultimap<A, B, C> {
  readonly #maps: WritableMap<A, Multimap<B, C>>
  readonly #below: NestedMultimap<A, B, C> | undefined

  /** @param below if given, this map is a layer in front of it */
  constructor(below?: NestedMultimap<A, B, C>) {
    this.#maps = below ? new LayeredMap(below.#maps) : new Map()
    this.#below = below
  }

  get(key: A): ReadonlyMultimap<B, C> {
    return this.#maps.get(key) ?? Multimap.empty()
  }

  add(outer: A, inner: B, value: C): void {
    const own = this.#own(outer)
    if (own) own.add(inner, value)
    else {
      const first = new Multimap<B, C>()
      first.add(inner, value)
      this.#maps.set(outer, first)
    }
  }

  delete(outer: A, inner: B, value: C): void {
    const own = this.#own(outer)
    own?.delete(inner, value)
    if (own?.size === 0) this.#maps.delete(outer)
  }

  /** The multimap of a key, to write to. If it is in the map below, a layer in front of it replaces it. */
  #own(key: A): Multimap<B, C> | undefined {
    const map = this.#maps.get(key)
    if (!map || !this.#below || map !== this.#below.#maps.get(key)) return map
    const layer = new Multimap(map)
    this.#maps.set(key, layer)
    return layer
  }
}
