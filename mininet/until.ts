/** Waiting for a condition instead of for a time. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Far longer than anything here takes, so that it ends only a wait for what never comes. */
const MAX_WAIT_MS = 30_000

/**
 * Asks again and again until the answer is neither false nor undefined, and returns it; a failure to ask counts as "not yet".
 * After 30 s it fails with what was waited for and the last failure as its cause.
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
