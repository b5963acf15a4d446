/**
 * Deletes what deleted rules have taught. Open vSwitch deletes learned rules together with the last rule that teaches them. But a
 * cached flow of that rule can put one back for as long as it is there itself: `ofproto_flow_mod_learn_refresh` in ofproto.c of Open
 * vSwitch makes a removed rule anew. A frame to that address would then find nobody until the learned rule expires.
 */
import type { Ledger } from '../../flows/diff.ts'
import { learnerOf } from '../../flows/pipeline/cookie.ts'
import type { Timers } from '../core/timers.ts'
import type { Action, Flow, Session } from '../openflow/index.ts'
import { ALL_ONES } from './flow-mods.ts'

/** Open vSwitch goes through its cached flows within half a second. A host under load takes longer. */
const DELAYS_MS: readonly number[] = [1_000, 10_000]

type Learn = Extract<Action, { readonly type: 'learn' }>

interface Context {
  readonly session: Pick<Session, 'send'>
  readonly timers: Timers
  readonly ledger: Pick<Ledger, 'of'>
}

export class Unlearner {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /** Called when the switch has deleted these rules. */
  deleted(rules: readonly Flow[]): void {
    const taught = new Map(rules.flatMap(learnsOf).map(({ table, cookie = 0n }) => [cookie, table]))
    for (const [cookie, table] of taught) {
      for (const delay of DELAYS_MS) this.#context.timers.later(() => this.#unlearn(cookie, table), delay)
    }
  }

  #unlearn(cookie: bigint, table: number): void {
    const { session, ledger } = this.#context
    const isTaught = ledger
      .of(learnerOf(cookie))
      .flatMap(learnsOf)
      .some((learn) => learn.cookie === cookie)
    // Rules of its own may teach the same again by now.
    if (isTaught) return
    session.send({ type: 'flow_mod', command: 'delete', table, priority: 0, match: [], cookie, cookieMask: ALL_ONES })
  }
}

/** The actions of a rule that teach the switch others. */
const learnsOf = ({ instructions }: Pick<Flow, 'instructions'>): Learn[] =>
  instructions.flatMap((each) => ('actions' in each ? each.actions.filter((action) => action.type === 'learn') : []))
