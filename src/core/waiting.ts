import type { Stopping } from './stopping.ts'

/** A wait for a condition, for a limited time. */
export interface Wait {
  met(): boolean
  /** Calls back whenever the condition may have become true. @returns a function that ends the watch */
  watch(callback: () => void): () => void
  /** The longest time to wait. */
  readonly milliseconds: number
  /** The wait ends when the controller stops. */
  readonly stopping: Stopping
  /** The wait ends when this fires. It must belong to this wait alone, since a signal with many listeners is slow. */
  readonly signal?: AbortSignal | undefined
}

/** @returns whether the condition is met at the end of the wait */
export function waitUntil({ met, watch, milliseconds, stopping, signal }: Wait): Promise<boolean> {
  if (met() || stopping.begun || signal?.aborted) return Promise.resolve(met())
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      unwatch()
      goOn()
      signal?.removeEventListener('abort', end)
      resolve(met())
    }
    const unwatch = watch(() => met() && end())
    const goOn = stopping.watch(end)
    const timer = setTimeout(end, milliseconds)
    signal?.addEventListener('abort', end)
  })
}
