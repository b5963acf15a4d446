/** Waits for a condition, with an end. */
export interface Wait {
  met(): boolean
  /** Calls back whenever the condition may have come true. @returns a function that ends it */
  watch(callback: () => void): () => void
  /** How long to wait at most. */
  readonly milliseconds: number
  /** The first of these that fires ends the wait. */
  readonly signals: readonly AbortSignal[]
}

/** @returns whether the condition is met at the end */
export function waitUntil({ met, watch, milliseconds, signals }: Wait): Promise<boolean> {
  if (met() || signals.some(({ aborted }) => aborted)) return Promise.resolve(met())
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      unwatch()
      for (const signal of signals) signal.removeEventListener('abort', end)
      resolve(met())
    }
    const unwatch = watch(() => met() && end())
    const timer = setTimeout(end, milliseconds)
    for (const signal of signals) signal.addEventListener('abort', end)
  })
}
