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

  /** @returns a function that runs the work after a delay. Calls within the delay share one run, because changes seldom come alone. */
  shared(work: () => void, delayMs: number): () => void {
    let isPending = false
    return () => {
      if (isPending) return
      isPending = true
      this.later(() => {
        isPending = false
        work()
      }, delayMs)
    }
  }

  /** Pending timers are cancelled. */
  clear(): void {
    for (const timer of this.#pending) clearTimeout(timer)
  }
}
