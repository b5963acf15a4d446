/**
 * Finds out whether more requests have come than this process can serve in time. The event loop reads all requests that have come
 * before it does anything else, so the last of them waits for all others. When such a turn takes too long, the rest of it is
 * refused, which is quick. So the delay of those that are served is bounded, and nothing is refused while there is capacity.
 */

/** How often the beginning of a turn is noted. */
const INTERVAL_MS = 20

/**
 * So many requests of a turn are served in any case. If the process was held up by something else, such as a busy machine, the few
 * requests that came meanwhile are not to blame.
 */
const MIN_SERVED = 500

export class Overload {
  readonly #maxDelayMs: number
  readonly #timer: NodeJS.Timeout
  readonly #now: () => number
  /** When this turn of the event loop began, by the monotonic clock. */
  #began: number
  /** The number of requests of this turn. */
  #served = 0

  /** @param now the time in milliseconds, of a clock that never goes back */
  constructor(maxDelayMs: number, now: () => number = () => performance.now()) {
    this.#maxDelayMs = maxDelayMs
    this.#now = now
    this.#began = now()
    this.#timer = setInterval(() => this.#begin(), INTERVAL_MS).unref()
  }

  /** Called for each request. @returns whether to refuse it */
  refuses(): boolean {
    this.#served += 1
    return this.#served > MIN_SERVED && this.#now() - this.#began > this.#maxDelayMs
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #begin(): void {
    this.#began = this.#now()
    this.#served = 0
  }
}
