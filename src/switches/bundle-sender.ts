/**
 * Sends the differences of one switch in one atomic ordered bundle. Meters, which a bundle cannot contain, are sent before and
 * after it. If the switch refuses a rule or a meter, all changes of its author are set aside, and the rest is sent again.
 */
import type { Logger } from 'pino'
import type { Key } from '../../topology/ids.ts'
import { type Stopwatch, secondsSince } from '../core/latencies.ts'
import { sliced } from '../core/slices.ts'
import { BundleError, printFlow, type Session } from '../openflow/index.ts'
import { CachePace } from './cache-pace.ts'
import type { DesiredRules } from './desired-rules.ts'
import { flowMods, refusedAuthors } from './flow-mods.ts'
import { lastCacheRule, takeLastRules } from './last-rules.ts'
import { dropMeters, putMeters } from './meter-mods.ts'
import type { Refusals } from './refusals.ts'
import type { Unlearner } from './unlearner.ts'

interface Context {
  readonly session: Session
  readonly desired: DesiredRules
  readonly refusals: Refusals
  readonly log: Logger
  /** Records the time of each bundle. */
  readonly stopwatch: Stopwatch
  readonly unlearner: Unlearner
}

/** The numbers of added and deleted rules, and of changed meters. */
interface Sent {
  readonly put: number
  readonly drop: number
  readonly meters: number
}

export class BundleSender {
  readonly #context: Context
  readonly #pace = new CachePace()

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Sends all differences between the desired rules and those of the switch.
   * @param compiled the objects that were compiled for this call
   * @param commit commits a bundle with the same differences that was sent ahead; undefined: no bundle was sent ahead
   * @throws OpenFlowError if the connection fails
   */
  async send(compiled: Iterable<Key>, commit?: () => Promise<void>): Promise<Sent> {
    const { session, desired, refusals, log, stopwatch, unlearner } = this.#context
    const { ledger } = desired
    const aside = desired.setMistakesAside()
    for (;;) {
      const { put, drop, replaced, meters, zones } = await sliced(ledger.delta())
      for (const flow of replaced) {
        log.warn({ flow: printFlow(flow) }, 'replacing a foreign rule with the same match as one of ours')
      }
      let refused: ReadonlyMap<Key, string> = await putMeters(session, ledger.meters, meters.put)
      try {
        if (refused.size === 0) {
          // Flushes a zone's connections before the new rules arrive. So no packet meets connections of a former user of the zone.
          for (const zone of zones) session.send({ type: 'ct_flush_zone', zone })
          const last = ledger.size === 0 ? lastCacheRule(put, drop) : undefined
          await this.#pace.wait(drop)
          const begin = performance.now()
          if (commit) await commit()
          else if (last) await takeLastRules(session, drop, last)
          else if (put.length + drop.length > 0) await session.bundle(flowMods(put, drop))
          unlearner.deleted(drop)
          if (put.length + drop.length > 0) stopwatch.observe(secondsSince(begin))
          for (const words of await dropMeters(session, meters.drop))
            log.warn({ refusal: words }, 'the switch refuses to delete a meter')
          await sliced(ledger.sent())
          refusals.note(compiled, aside)
          return { put: put.length, drop: drop.length, meters: meters.put.length + meters.drop.length }
        }
      } catch (error) {
        refused = error instanceof BundleError ? refusedAuthors(error, session.version) : new Map()
        // A bundle that was sent ahead may have expired in the switch. Then the rules are sent again.
        if (refused.size === 0 && !commit) throw error
      }
      for (const [author, words] of refused) this.#setAside(aside, author, words)
      commit = undefined
    }
  }

  /** After a first refusal, the author keeps its former rules. After a second one, it has no rules. */
  #setAside(aside: Map<Key, string>, author: Key, words: string): void {
    const { desired } = this.#context
    const isSecond = aside.has(author)
    aside.set(author, words)
    if (!isSecond) desired.fallBack(author)
    else if (desired.ledger.of(author).length > 0) desired.ledger.replace(author, [])
    else throw new Error(`object ${author} has no rule, and was refused one`)
  }
}
