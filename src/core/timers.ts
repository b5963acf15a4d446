/** Work that is to be done later, as long as its owner lives. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>()

  /** @param delay milliseconds; of a time that is past, none */
  later(work: () => void, delay: number): void {
    const timer = setTimeout(
      () => {
        this.#pending.delete(timer)
        work()
      },
      Math.max(delay, 0),
    )
    this.#pending.add(timer)
  }

  /** What has not begun will not. */
  clear(): void {
    for (const timer of this.#pending) clearTimeout(timer)
  }
}
