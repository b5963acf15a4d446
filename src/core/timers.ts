/** Timers that all end with their owner. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>()

  /** @param delayMs until the work is done; one below 0 counts as 0 */
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
