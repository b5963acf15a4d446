/** A rule is plain data: what OpenFlow needs, its author, and the reason for it in words. */
import type { Action, Flow, Instruction, Match } from '../../src/openflow/index.ts'
import type { Key } from '../../topology/ids.ts'
import { cookieOf } from './cookie.ts'
import type { MeterSpec } from './vnic-meter.ts'

export interface Rule extends Flow {
  readonly author: Key
  readonly why: string
  /** The meters that its actions use. */
  readonly meters: readonly MeterSpec[]
  /** The conntrack zone that it uses; null: none. Connections of an earlier author are deleted before the rule is sent. */
  readonly zone: number | null
  /** A switch without meters has the rule, too, but drops its packets. It refuses other rules with meters. */
  readonly dropsUnmetered: boolean
}

interface Parts {
  readonly table: number
  readonly priority: number
  readonly match: Match
  readonly actions?: readonly Action[]
  /** The later table that the rule goes to. */
  readonly goto?: number
  readonly author: Key
  readonly why: string
  readonly meters?: readonly MeterSpec[]
  readonly zone?: number | null
  readonly dropsUnmetered?: boolean
}

/** Makes a rule. A rule without actions and without `goto` drops the packet. */
export function rule({
  table,
  priority,
  match,
  actions = [],
  goto,
  author,
  why,
  meters = [],
  zone = null,
  dropsUnmetered = false,
}: Parts): Rule {
  const instructions: Instruction[] = []
  if (actions.length > 0) instructions.push({ type: 'apply_actions', actions })
  if (goto !== undefined) {
    if (goto <= table) throw new RangeError(`a packet moves on only: table ${table} cannot go to ${goto}`)
    instructions.push({ type: 'goto_table', table: goto })
  }
  return { table, priority, cookie: cookieOf(author), match, instructions, author, why, meters, zone, dropsUnmetered }
}

/** The rule for a switch without meters. */
export const unmetered = (rule: Rule): Rule => (rule.dropsUnmetered ? { ...rule, instructions: [], meters: [] } : rule)

/** Runs a later table on the current packet, and returns. */
export const resubmit = (table: number): Action => ({ type: 'resubmit', table })
