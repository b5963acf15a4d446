/**
 * Addresses in pools, by number: which ones are taken, and which one is given next. Addresses that were never used come first,
 * from the lowest on. Then comes the one that was freed longest ago. The result depends only on the present nodes, not on the
 * order in which they were added.
 */
import { LayeredMap, type WritableMap } from './layered-map.ts'
import type { Address } from './model.ts'
import { Multimap } from './multimap.ts'

/** Numbers from `first` to `last`, both included. */
export interface Span {
  readonly first: number
  readonly last: number
}

export interface AddressPoolReader {
  readonly size: number
  get(value: number): Address | undefined
  /**
   * The next address to give; undefined if none is left.
   * @param spans sorted; they must be the same on each call for a pool
   * @param isKept must this address never be given? The answer for an address must always be the same
   */
  choose(spans: readonly Span[], isKept: (value: number) => boolean): number | undefined
  /** The address that was freed longest ago; undefined if none is free. */
  oldestFreed(): Address | undefined
}

/** A pool of addresses. It may be a layer in front of another pool. */
export class AddressPool implements AddressPoolReader {
  readonly #below: AddressPool | undefined
  readonly #nodes: WritableMap<number, Address>
  /** The freed addresses of this layer, the one that was freed longest ago first. */
  readonly #freed: Address[] = []
  /** The end of the last search: all addresses below that may be given are used. */
  #next = 0
  /** The lowest of the addresses that only the pool below has. */
  #lowestRemoved = Number.POSITIVE_INFINITY

  /** @param below if given, this pool is a layer in front of it */
  constructor(below?: AddressPool) {
    this.#below = below
    this.#nodes = below ? new LayeredMap(below.#nodes) : new Map()
  }

  get size(): number {
    return this.#nodes.size
  }

  nodes(): IterableIterator<Address> {
    return this.#nodes.values()
  }

  get(value: number): Address | undefined {
    return this.#nodes.get(value)
  }

  set(value: number, to: Address | null): void {
    const from = this.#nodes.get(value)
    if (from?.owner === null) {
      const place = placeOf(this.#freed, from)
      if (this.#freed[place] === from) this.#freed.splice(place, 1)
    }
    if (to) this.#nodes.set(value, to)
    else this.#nodes.delete(value)
    if (to?.owner === null) this.#freed.splice(placeOf(this.#freed, to), 0, to)
    if (to) return
    this.#next = Math.min(this.#next, value)
    this.#lowestRemoved = Math.min(this.#lowestRemoved, value)
  }

  choose(spans: readonly Span[], isKept: (value: number) => boolean): number | undefined {
    const unused = this.#firstUnused(spans, isKept)
    if (isIn(spans, unused)) return unused
    for (const { value } of this.#allFreed()) if (!isKept(value) && isIn(spans, value)) return value
    return undefined
  }

  oldestFreed(): Address | undefined {
    return this.#allFreed().next().value ?? undefined
  }

  /** The lowest address that was never used; one after the spans if there is none. */
  #firstUnused(spans: readonly Span[], isKept: (value: number) => boolean): number {
    const below = this.#below ? Math.min(this.#below.#firstUnused(spans, isKept), this.#lowestRemoved) : 0
    const from = Math.max(this.#next, below)
    this.#next = Math.max(from, (spans.at(-1)?.last ?? -1) + 1)
    for (const { first, last } of spans) {
      for (let value = Math.max(first, from); value <= last; value++) {
        if (this.#nodes.has(value) || isKept(value)) continue
        this.#next = value
        return value
      }
    }
    return this.#next
  }

  /** The freed addresses of this layer and of those below, the one that was freed longest ago first. */
  *#allFreed(): Generator<Address> {
    let own = 0
    for (const address of this.#below ? this.#below.#allFreed() : []) {
      if (this.#nodes.get(address.value) !== address) continue
      for (let next = this.#freed[own]; next && isBefore(next, address); next = this.#freed[++own]) yield next
      yield address
    }
    for (let next = this.#freed[own]; next; next = this.#freed[++own]) yield next
  }
}

const isBefore = (one: Address, other: Address): boolean =>
  one.freed < other.freed || (one.freed === other.freed && one.value < other.value)

/** The position of an address in a sorted list of freed ones; if the list lacks it, the position where it would be. */
function placeOf(list: readonly Address[], address: Address): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = list[middle]
    if (other && isBefore(other, address)) low = middle + 1
    else high = middle
  }
  return low
}

export const isIn = (spans: readonly Span[], value: number): boolean =>
  spans.some(({ first, last }) => first <= value && value <= last)

export interface AddressesReader {
  /** A pool of a network; it is empty if no address of it was ever given. */
  pool(network: string, pool: string): AddressPoolReader
  /** The addresses of a network that were ever given and are not forgotten. */
  of(network: string): Iterable<Address>
  /** The addresses of all networks. */
  all(): Iterable<Address>
  /** The number of addresses that `of` yields. */
  countOf(network: string): number
  /** The addresses of a port. */
  ownedBy(owner: number): Iterable<Address>
}

/** The addresses of all networks, by network and pool, and by their owner. It may be a layer in front of another one. */
export class Addresses implements AddressesReader {
  readonly #below: Addresses | undefined
  /** By `<network>/<pool>`. */
  readonly #pools: WritableMap<string, AddressPool>
  /** network -> the keys of its pools */
  readonly #poolsOf: Multimap<string, string>
  readonly #owned: Multimap<number, Address>

  /** @param below if given, this is a layer in front of it */
  constructor(below?: Addresses) {
    this.#below = below
    this.#pools = below ? new LayeredMap(below.#pools) : new Map()
    this.#poolsOf = new Multimap(below ? below.#poolsOf : undefined)
    this.#owned = new Multimap(below ? below.#owned : undefined)
  }

  pool(network: string, pool: string): AddressPoolReader {
    return this.#pools.get(`${network}/${pool}`) ?? new AddressPool()
  }

  *of(network: string): Generator<Address> {
    for (const key of this.#poolsOf.get(network)) yield* this.#pools.get(key)?.nodes() ?? []
  }

  *all(): Generator<Address> {
    for (const pool of this.#pools.values()) yield* pool.nodes()
  }

  countOf(network: string): number {
    let count = 0
    for (const key of this.#poolsOf.get(network)) count += this.#pools.get(key)?.size ?? 0
    return count
  }

  ownedBy(owner: number): Iterable<Address> {
    return this.#owned.get(owner)
  }

  note(from: Address | null, to: Address | null): void {
    const node = to ?? from
    if (!node) return
    if (from && from.owner !== null) this.#owned.delete(from.owner, from)
    if (to && to.owner !== null) this.#owned.add(to.owner, to)
    const key = `${node.networkId}/${node.pool}`
    const pool = this.#own(key)
    pool.set(node.value, to)
    if (pool.size > 0) this.#poolsOf.add(node.networkId, key)
    else {
      this.#pools.delete(key)
      this.#poolsOf.delete(node.networkId, key)
    }
  }

  /** A pool to write to. If the pool is in the layer below, a layer in front of it replaces it. */
  #own(key: string): AddressPool {
    const there = this.#pools.get(key)
    if (there && !(this.#below && there === this.#below.#pools.get(key))) return there
    const pool = new AddressPool(there)
    this.#pools.set(key, pool)
    return pool
  }
}
