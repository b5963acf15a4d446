/** Limits how often a VNIC goes from one hypervisor to another without a request, so that two that fight for it do no harm. */
import { LRUCache } from 'lru-cache'
import type { VnicId } from '../../topology/ids.ts'

/** Within this time a VNIC may change hands a few times; further claims wait until it is over. */
const TAKEOVER_WINDOW_MS = 10_000
const MAX_TAKEOVERS_PER_WINDOW = 5
/** The number of VNICs whose take-overs are counted at a time. */
const MAX_CONTESTED_VNICS = 10_000

/** Milliseconds that never go back. */
interface Clock {
  now(): number
}

export class TakeoverLimit {
  readonly #takeovers: LRUCache<VnicId, { readonly count: number; readonly until: number }>
  readonly #clock: Clock

  constructor(clock: Clock = performance) {
    this.#clock = clock
    this.#takeovers = new LRUCache({
      max: MAX_CONTESTED_VNICS,
      ttl: TAKEOVER_WINDOW_MS,
      ttlResolution: 0,
      perf: clock,
      noUpdateTTL: true,
    })
  }

  /** When the VNIC may change hands again, in milliseconds of the clock; undefined: now. */
  waitsUntil(id: VnicId): number | undefined {
    const window = this.#takeovers.get(id)
    return window && window.count >= MAX_TAKEOVERS_PER_WINDOW ? window.until : undefined
  }

  count(id: VnicId): void {
    const { count, until } = this.#takeovers.get(id) ?? { count: 0, until: this.#clock.now() + TAKEOVER_WINDOW_MS }
    this.#takeovers.set(id, { count: count + 1, until })
  }
}
