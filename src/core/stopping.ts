/**
 * Tells those who wait that the controller stops. Thousands of requests and streams wait at a time. An `AbortSignal` searches all its
 * listeners whenever one is added or removed; here that takes the same time, however many there are.
 */
export class Stopping {
  readonly #callbacks = new Set<() => void>()
  #begun = false

  get begun(): boolean {
    return this.#begun
  }

  begin(): void {
    if (this.#begun) return
    this.#begun = true
    for (const callback of [...this.#callbacks]) callback()
  }

  /** Calls back when the stop begins. @returns a function that ends the watch */
  watch(callback: () => void): () => void {
    this.#callbacks.add(callback)
    return () => this.#callbacks.delete(callback)
  }
}
