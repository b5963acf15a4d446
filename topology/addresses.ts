/**
 * Addresses in pools, by number: which are taken, and which one is to be given next. Never used ones come first, from the lowest
 * on, then the one that was freed longest ago. A function of the nodes that are there, in whatever order they came.
 */
import type { Address } from './model.ts'

/** Numbers from `first` to `last`, both included. */
export interface Span {
  readonly first: number
  readonly last: number
}

export class AddressPool {
  readonly #nodes = new Map<number, Address>()
  /** Of those that are nobody's now, the one freed longest ago first. */
  readonly #freed: Address[] = []
  /** None before this one was never used, of those that anybody has asked for. */
  #next = 0

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
    if (from?.owner === null) this.#freed.splice(this.#place(from), 1)
    if (to) this.#nodes.set(value, to)
    else this.#nodes.delete(value)
    if (to?.owner === null) this.#freed.splice(this.#place(to), 0, to)
    if (!to && value < this.#next) this.#next = value
  }

  /**
   * The next one to give.
   * @param spans in order; those of one pool must always be the same
   * @param isKept not to be given, whoever asks
   */
  choose(spans: readonly Span[], isKept: (value: number) => boolean): number | undefined {
    for (const { first, last } of spans) {
      for (let value = Math.max(first, this.#next); value <= last; value++) {
        if (this.#nodes.has(value) || isKept(value)) continue
        this.#next = value
        return value
      }
    }
    this.#next = Math.max(this.#next, (spans.at(-1)?.last ?? -1) + 1)
    return this.#freed.find(({ value }) => !isKept(value) && isIn(spans, value))?.value
  }

  /** Where an address is among the freed ones, or would be. */
  #place({ freed, value }: Address): number {
    let [low, high] = [0, this.#freed.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#freed[middle]
      if (other && (other.freed < freed || (other.freed === freed && other.value < value))) low = middle + 1
      else high = middle
    }
    return low
  }
}

export const isIn = (spans: readonly Span[], value: number): boolean =>
  spans.some(({ first, last }) => first <= value && value <= last)

/** The addresses of all networks, by network and pool, and by their owner. */
export class Addresses {
  readonly #pools = new Map<string, Map<string, AddressPool>>()
  readonly #owned = new Map<number, Set<Address>>()

  /** That of a network; one in which nothing was ever given is empty. */
  pool(network: string, pool: string): AddressPool {
    return this.#pools.get(network)?.get(pool) ?? new AddressPool()
  }

  /** All that were ever given in a network, and not forgotten. */
  *of(network: string): Generator<Address> {
    for (const pool of this.#pools.get(network)?.values() ?? []) yield* pool.nodes()
  }

  /** How many those are. */
  countOf(network: string): number {
    let count = 0
    for (const { size } of this.#pools.get(network)?.values() ?? []) count += size
    return count
  }

  /** What a port has. */
  ownedBy(owner: number): Iterable<Address> {
    return this.#owned.get(owner) ?? []
  }

  note(from: Address | null, to: Address | null): void {
    const node = to ?? from
    if (!node) return
    if (from) this.#disown(from)
    if (to && to.owner !== null) this.#owned.set(to.owner, (this.#owned.get(to.owner) ?? new Set()).add(to))
    const pools = this.#pools.get(node.networkId) ?? new Map<string, AddressPool>()
    const pool = pools.get(node.pool) ?? new AddressPool()
    pool.set(node.value, to)
    if (pool.size > 0) pools.set(node.pool, pool)
    else pools.delete(node.pool)
    if (pools.size > 0) this.#pools.set(node.networkId, pools)
    else this.#pools.delete(node.networkId)
  }

  #disown(address: Address): void {
    if (address.owner === null) return
    const its = this.#owned.get(address.owner)
    its?.delete(address)
    if (its?.size === 0) this.#owned.delete(address.owner)
  }
}
