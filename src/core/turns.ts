/**
 * Calls many callbacks, a few in each turn of the event loop, so that other work runs in between. Groups take turns: a small group
 * does not wait until a large one is finished.
 */
import { setImmediate } from 'node:timers'

/** A callback writes an event to a socket, which takes some tens of microseconds. */
const MAX_CALLBACKS_PER_TURN = 64

export class Turns {
  readonly #groups: Array<Array<() => void>> = []
  #isRunning = false

  /** Calls a group of callbacks: the first ones at once if nothing else waits. */
  call(callbacks: Iterable<() => void>): void {
    const group = [...callbacks]
    if (group.length === 0) return
    this.#groups.push(group)
    if (!this.#isRunning) this.#run()
  }

  #run(): void {
    const group = this.#groups.shift()
    this.#isRunning = group !== undefined
    if (!group) return
    for (const callback of group.splice(0, MAX_CALLBACKS_PER_TURN)) callback()
    if (group.length > 0) this.#groups.push(group)
    setImmediate(() => this.#run())
  }
}
