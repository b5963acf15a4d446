/** No long turn of the event loop: work given as a generator is cut into slices. */
import { setImmediate } from 'node:timers/promises'

/** Milliseconds that one slice may take. */
const SLICE = 8

/** Run a generator to its end, letting others run whenever a slice is used up. @returns what the generator returns */
export async function sliced<T>(work: Generator<unknown, T>): Promise<T> {
  let until = performance.now() + SLICE
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    if (performance.now() < until) continue
    await setImmediate()
    until = performance.now() + SLICE
  }
}
