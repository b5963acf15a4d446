/** A queue between one who pushes and one who iterates. */

interface Limits {
  /** Items that wait, and octets of them: the oldest go when more come. */
  readonly items?: number
  readonly octets?: number
  /** Told when something was taken, or nothing more will be. */
  readonly taken?: () => void
}

export class Queue<T> implements AsyncIterable<T> {
  readonly #limits: Required<Limits>
  readonly #waiting: Array<{ readonly item: T; readonly octets: number }> = []
  #octets = 0
  #end: { readonly error?: unknown } | undefined
  #wake: () => void = () => {}
  #dropped = 0

  constructor({ items = Number.POSITIVE_INFINITY, octets = Number.POSITIVE_INFINITY, taken = () => {} }: Limits = {}) {
    this.#limits = { items, octets, taken }
  }

  /** How many went because nobody took them in time. */
  get dropped(): number {
    return this.#dropped
  }

  /** Octets of what waits. */
  get octets(): number {
    return this.#octets
  }

  /** @param octets that the item had on the wire */
  push(item: T, octets = 0): void {
    if (this.#end) return
    this.#waiting.push({ item, octets })
    this.#octets += octets
    while (this.#waiting.length > this.#limits.items || this.#octets > this.#limits.octets) {
      this.#shift()
      this.#dropped += 1
    }
    this.#wake()
  }

  /** No more will come; what is there can still be taken. */
  close(): void {
    this.#end ??= {}
    this.#wake()
  }

  /** No more will come, because of this: thrown once what is there was taken. */
  fail(error: unknown): void {
    this.#end ??= { error }
    this.#wake()
  }

  /** What is there is wanted no more, and what comes neither. */
  abandon(): void {
    this.#waiting.length = 0
    this.#octets = 0
    this.close()
    this.#limits.taken()
  }

  /** For one taker: each item is given once. */
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
