/** A queue between one who pushes and one who iterates. */

export class Queue<T> implements AsyncIterable<T> {
  readonly #limit: number
  readonly #items: T[] = []
  #end: { readonly error?: unknown } | undefined
  #wake: () => void = () => {}
  #dropped = 0

  /** @param limit of items that wait: the oldest goes when one more comes */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit
  }

  /** How many went because nobody took them in time. */
  get dropped(): number {
    return this.#dropped
  }

  push(item: T): void {
    if (this.#end) return
    if (this.#items.length >= this.#limit) {
      this.#items.shift()
      this.#dropped += 1
    }
    this.#items.push(item)
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

  /** For one taker: each item is given once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift() as T
      if (this.#end) {
        if ('error' in this.#end) throw this.#end.error
        return
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
