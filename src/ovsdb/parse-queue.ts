/**
 * Runs long work in slices, so that it does not hold the event loop. There is one queue for all connections: of many
 * long messages only one takes memory for its values at a time, and each turn of the event loop has one slice.
 */
import { setImmediate as turn } from 'node:timers/promises'

const SLICE_MS = 4

let last: Promise<unknown> = Promise.resolve()

/**
 * Runs a generator to its end, after the work that was given before.
 * @param isNeeded asked before each slice; if it says no, the work is dropped
 * @returns what the generator returns; undefined if the work was dropped
 */
export function inSlices<T>(work: Generator<void, T>, isNeeded: () => boolean): Promise<T | undefined> {
  const result = last.then(() => run(work, isNeeded))
  last = result.catch(() => undefined)
  return result
}

async function run<T>(work: Generator<void, T>, isNeeded: () => boolean): Promise<T | undefined> {
  while (isNeeded()) {
    const until = performance.now() + SLICE_MS
    do {
      const step = work.next()
      if (step.done) return step.value
    } while (performance.now() < until)
    await turn()
  }
  return undefined
}
