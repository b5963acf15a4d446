/** Waits for a condition instead of a fixed time. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Far longer than anything in the tests takes, so it ends only waits that would never succeed. */
const MAX_WAIT_MS = 30_000

/**
 * Calls `ask` repeatedly until its result is neither false nor undefined, and returns the result. An error counts as "not yet".
 * After 30 s it throws an error that names the condition; its cause is the last error.
 */
export async function until<Value>(what: string, ask: () => Promise<Value | false | undefined>): Promise<Value> {
  const end = Date.now() + MAX_WAIT_MS
  let cause: unknown
  for (let pause = 5; Date.now() < end; pause = Math.min(pause * 2, 100)) {
    try {
      const value = await ask()
      if (value !== false && value !== undefined) return value
      cause = undefined
    } catch (error) {
      cause = error
    }
    await sleep(pause)
  }
  throw new Error(`waited 30 s in vain for ${what}`, { cause })
}
