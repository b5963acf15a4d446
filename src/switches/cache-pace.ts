/**
 * Limits how often a switch that may keep cached decisions forgets them because something was taken from it: each time it must decide
 * anew about the packets of all members, also those of other projects. Whoever plugs and unplugs all the time waits. Changes
 * that come meanwhile share the next bundle.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isCacheRule } from '../../flows/pipeline/cache-rule.ts'
import type { Flow } from '../openflow/index.ts'

const MIN_INTERVAL_MS = 50

export class CachePace {
  #next = 0

  /** Resolves when these rules may be deleted. */
  async wait(drop: readonly Flow[]): Promise<void> {
    // When something is only added, the rule of the cache alone is replaced.
    if (!drop.some(isCacheRule) || drop.length === 1) return
    const delayMs = this.#next - performance.now()
    if (delayMs > 0) await sleep(delayMs)
    this.#next = performance.now() + MIN_INTERVAL_MS
  }
}
