/** How long VNICs are in `building`: from a plug, or from the interface that it waited for, until the switches have confirmed. */
import type { VnicId } from '../../topology/ids.ts'
import { type Stopwatch, secondsSince } from '../core/latencies.ts'
import type { Standing } from '../core/standing.ts'

export class BuildingTimes {
  readonly #stopwatch: Stopwatch
  /** Since when each VNIC is being built, as a time of `performance.now()`. */
  readonly #since = new Map<VnicId, number>()

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch
  }

  /** Called when the standing of a VNIC has changed. */
  changed(id: VnicId, { status }: Standing): void {
    if (status === 'building') {
      if (!this.#since.has(id)) this.#since.set(id, performance.now())
      return
    }
    const since = this.#since.get(id)
    this.#since.delete(id)
    if (since !== undefined && status === 'active') this.#stopwatch.observe(secondsSince(since))
  }

  forget(id: VnicId): void {
    this.#since.delete(id)
  }
}
