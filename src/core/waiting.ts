/** A wait for a condition, for a limited time. */
export interface Wait {
  met(): boolean
  /** Calls back whenever the condition may have become true. @returns a function that ends the watch */
  watch(callback: () => void): () => void
  /** The longest time to wait. */
  readonly milliseconds: number
  /** The wait ends when one of these fires. */
  readonly signals: readonly AbortSignal[]
}

/** @returns whether the condition is met at the end of the wait */
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
