/**
 * The share of the event loop that the rows of one host may take. A host that changes many rows all the time is read less often; its
 * changes are then applied together.
 */

/** A host with a thousand interfaces takes a few milliseconds for each change of them. */
const MAX_SHARE = 1 / 5
/** So much may be taken at once: changes that come together, as when a VM starts, do not wait. */
const BURST_MS = 50

/** Milliseconds that never go back. */
interface Clock {
  now(): number
}

export class Share {
  readonly #clock: Clock
  /** When all that was taken is paid for. */
  #paid = 0

  constructor(clock: Clock = performance) {
    this.#clock = clock
  }

  /** Does work, and counts its time. */
  take<T>(work: () => T): T {
    const began = this.#clock.now()
    try {
      return work()
    } finally {
      this.#paid = Math.max(this.#paid, began) + (this.#clock.now() - began) / MAX_SHARE
    }
  }

  /** Counts the time of each step of a generator. */
  *taking<T>(work: Generator<unknown, T>): Generator<void, T> {
    for (;;) {
      const step = this.take(() => work.next())
      if (step.done) return step.value
      yield
    }
  }

  /** How long further work has to wait, in milliseconds; 0: not at all. */
  get wait(): number {
    return Math.max(0, this.#paid - this.#clock.now() - BURST_MS / MAX_SHARE)
  }
}
