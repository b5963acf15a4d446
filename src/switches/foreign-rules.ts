/** The rules of other programs on one switch, and the troubles that they make. */
import { intrusions } from '../../flows/foreign.ts'
import { authorOf, isLearnedCookie } from '../../flows/pipeline/cookie.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import { LAST_TABLE } from '../../flows/pipeline/table.ts'
import { PIPELINE } from '../../flows/stages/assembled.ts'
import type { Key } from '../../topology/ids.ts'
import { sliced } from '../core/slices.ts'
import type { Trouble } from '../core/trouble.ts'
import { type Flow, printFlow, printMatch, ruleKey } from '../openflow/index.ts'

/** The most foreign rules that are kept. The rest is only counted. */
const MAX_KEPT = 4_096
/** The most foreign rules that get a condition each. */
const MAX_TOLD = 16
const MAX_TEXT_LENGTH = 400

export class ForeignRules {
  #kept: Flow[] = []
  #dropped = 0

  /** Are there foreign rules in tables of the pipeline? */
  get any(): boolean {
    return this.#kept.length > 0
  }

  /** A dump of the switch follows. */
  forget(): void {
    this.#kept = []
    this.#dropped = 0
  }

  /** The switch has this rule. */
  observe(flow: Flow): void {
    if (flow.table > LAST_TABLE || authorOf(flow.cookie) !== undefined) return
    if (PIPELINE.isLearned(flow.table) && isLearnedCookie(flow.cookie)) return
    if (this.#kept.length < MAX_KEPT) this.#kept.push(flow)
    else this.#dropped += 1
  }

  /**
   * @param ours all rules that are wanted on the switch
   * @param isOurs whether a rule of ours has this key, and so has replaced a foreign one
   */
  async judge(ours: readonly Rule[], isOurs: (key: string) => boolean): Promise<Trouble[]> {
    const kept = this.#kept.filter((flow) => !isOurs(ruleKey(flow)))
    const { found, unread } = await sliced(intrusions(kept, ours))
    const told = found.slice(0, MAX_TOLD).map(({ flow, losers }) => trouble(textOf(flow), losers, commandFor(flow)))
    const more = found.length - told.length + unread + this.#dropped
    if (more === 0) return told
    const losers = new Set(found.slice(MAX_TOLD).flatMap((each) => [...each.losers]))
    return [...told, trouble(`${more} more`, losers, 'they are among the extra flows of this hypervisor')]
  }
}

const trouble = (what: string, losers: ReadonlySet<Key>, mend: string): Trouble => ({
  code: 'foreign-rules',
  message: `rules of other programs on br-int can carry or take packets of networks: ${what}; delete them: ${mend}`,
  severity: 'critical',
  stopped: { kind: 'objects', objects: losers },
})

function textOf(flow: Flow): string {
  const text = printFlow(flow)
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text
}

/** Without a table, the command would delete from all tables. */
function commandFor({ table, priority, match }: Flow): string {
  const [rule, fields] = [`table=${table},priority=${priority}`, printMatch(match)]
  return `ovs-ofctl --strict del-flows br-int "${fields === '' ? rule : `${rule},${fields}`}"`
}
