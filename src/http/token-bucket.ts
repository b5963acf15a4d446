/**
 * A rate limit: a bucket that fills at a rate, up to two seconds' worth. What is taken may be more than there is; then the bucket
 * must fill again first.
 */

const MAX_FILL_S = 2

export class TokenBucket {
  readonly #perSecond: number
  readonly #now: () => number
  #level: number
  #at: number

  /** @param now the time in milliseconds, of a clock that never goes back */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond
    this.#now = now
    this.#level = perSecond * MAX_FILL_S
    this.#at = now()
  }

  /** The seconds until something may be taken; 0: now. */
  get wait(): number {
    const now = this.#now()
    const filled = this.#level + ((now - this.#at) / 1000) * this.#perSecond
    this.#level = Math.min(filled, this.#perSecond * MAX_FILL_S)
    this.#at = now
    return this.#level >= 1 ? 0 : (1 - this.#level) / this.#perSecond
  }

  take(amount: number): void {
    this.#level -= amount
  }
}
