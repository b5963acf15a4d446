/** Timers that their owner can cancel all at once. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>()

  /** Runs the work after a delay. @param delayMs a delay below 0 counts as 0 */
  later(work: () => void, delayMs: number): void {
    const timer = setTimeout(
      () => {
        this.#pending.delete(timer)
        work()
      },
      Math.max(delayMs, 0),
    )
    this.#pending.add(timer)
  }

  /** Pending timers are cancelled. */
  clear(): void {
    for (const timer of this.#pending) clearTimeout(timer)
  }
}
