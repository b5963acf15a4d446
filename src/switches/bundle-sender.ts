/**
 * What is wanted on one switch and is not there yet goes to it: in one atomic ordered bundle, with what no bundle takes before
 * and after. What the switch refuses is set aside with all of its author's changes, and the rest goes.
 */
import type { Logger } from 'pino'
import type { Key } from '../../topology/ids.ts'
import { sliced } from '../core/slices.ts'
import { BundleError, printFlow, type Session } from '../openflow/index.ts'
import type { DesiredRules } from './desired-rules.ts'
import { flowMods, refusedAuthors } from './flow-mods.ts'
import { dropMeters, putMeters } from './meter-mods.ts'
import type { Refusals } from './refusals.ts'

interface Context {
  readonly session: Session
  readonly wants: DesiredRules
  readonly refusals: Refusals
  readonly log: Logger
}

/** Rules that were added and deleted, and meters that were changed in any way. */
interface Sent {
  readonly put: number
  readonly drop: number
  readonly meters: number
}

export class BundleSender {
  readonly #context: Context
  /** Rules that were added or deleted by it. */
  sent = 0

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Send what the ledger has open, in one bundle: new meters before it, those of no more use after it. If the switch refuses a
   * rule or a meter, its author's changes are set aside and the rest is sent again.
   * @param compiled the objects whose rules these are
   * @param commit of a bundle with just these rules that was sent ahead
   */
  async send(compiled: Iterable<Key>, commit?: () => Promise<void>): Promise<Sent> {
    const { session, wants, refusals, log } = this.#context
    const { ledger } = wants
    const aside = wants.setAside()
    for (;;) {
      const { put, drop, replaced, meters, zones } = await sliced(ledger.delta())
      for (const flow of replaced) {
        log.warn({ flow: printFlow(flow) }, "another hand's rule stands where one of ours must: ours replaces it")
      }
      let refused: ReadonlyMap<Key, string> = await putMeters(session, ledger.meters, meters.put)
      try {
        if (refused.size === 0) {
          // In the order they are sent: no packet meets the new rules before its connections are its own.
          for (const zone of zones) session.send({ type: 'ct_flush_zone', zone })
          if (commit) await commit()
          else if (put.length + drop.length > 0) await session.bundle(flowMods(put, drop))
          for (const words of await dropMeters(session, meters.drop))
            log.warn({ refusal: words }, 'the switch does not delete a meter')
          await sliced(ledger.sent())
          this.sent += put.length + drop.length
          refusals.note(compiled, aside)
          return { put: put.length, drop: drop.length, meters: meters.put.length + meters.drop.length }
        }
      } catch (error) {
        refused = error instanceof BundleError ? refusedAuthors(error, session.version) : new Map()
        // One that was sent ahead may have waited for too long.
        if (refused.size === 0 && !commit) throw error
      }
      for (const [author, words] of refused) {
        const again = aside.has(author)
        if (again && ledger.of(author).length === 0)
          throw new Error(`object ${author} has no rule, and was refused one`)
        aside.set(author, words)
        if (again) ledger.replace(author, [])
        else wants.fallBack(author)
      }
      commit = undefined
    }
  }
}
