/** A queue with one producer, which pushes, and one consumer, which iterates. */

interface Limits {
  /** The maximum number of waiting items, and of their octets. When more come, the oldest are dropped. */
  readonly items?: number
  readonly octets?: number
  /** Called when an item was taken, and when no more will be. */
  readonly taken?: () => void
}

export class Queue<T> implements AsyncIterable<T> {
  readonly #limits: Required<Limits>
  /** The maximum number of octets of the waiting items. */
  maxOctets: number
  readonly #waiting: Array<{ readonly item: T; readonly octets: number }> = []
  #octets = 0
  #end: { readonly error?: unknown } | undefined
  #wake: () => void = () => {}
  #dropped = 0

  constructor({ items = Number.POSITIVE_INFINITY, octets = Number.POSITIVE_INFINITY, taken = () => {} }: Limits = {}) {
    this.#limits = { items, octets, taken }
    this.maxOctets = octets
  }

  /** The number of items that were dropped because they were not taken in time. */
  get dropped(): number {
    return this.#dropped
  }

  /** The octets of the waiting items. */
  get octets(): number {
    return this.#octets
  }

  /** @param octets the size of the item on the wire */
  push(item: T, octets = 0): void {
    if (this.#end) return
    this.#waiting.push({ item, octets })
    this.#octets += octets
    while (this.#waiting.length > this.#limits.items || this.#octets > this.maxOctets) {
      this.#shift()
      this.#dropped += 1
    }
    this.#wake()
  }

  /** Ends the queue. Waiting items can still be taken. */
  close(): void {
    this.#end ??= {}
    this.#wake()
  }

  /** Ends the queue with an error, which is thrown after the waiting items were taken. */
  fail(error: unknown): void {
    this.#end ??= { error }
    this.#wake()
  }

  /** Drops the waiting items and ignores later ones. */
  abandon(): void {
    this.#waiting.length = 0
    this.#octets = 0
    this.close()
    this.#limits.taken()
  }

  /** For one consumer: each item is given once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      for (let next = this.#shift(); next; next = this.#shift()) {
        this.#limits.taken()
        yield next.item
      }
      if (this.#end) {
        if ('error' in this.#end) throw this.#end.error
        return
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #shift(): { readonly item: T; readonly octets: number } | undefined {
    const first = this.#waiting.shift()
    if (first) this.#octets -= first.octets
    return first
  }
}
