/**
 * Rules of other programs on a switch that can carry or take a packet of a network. A packet takes the rule of the highest priority
 * that matches it. So a foreign rule takes what a rule of ours with a lower priority would forward, and carries what no rule of
 * ours matches, which must be dropped. Other foreign rules do no harm.
 */
import { type Action, type Flow, type OxmField, PORT } from '../src/openflow/index.ts'
import type { Key } from '../topology/ids.ts'
import type { Rule } from './pipeline/rule.ts'
import { FIRST_TABLE, REFUSED } from './pipeline/table.ts'

export interface Intrusion {
  readonly flow: Flow
  /** The objects that lose packets to it. */
  readonly losers: ReadonlySet<Key>
}

export interface Intrusions {
  readonly found: readonly Intrusion[]
  /** The number of foreign rules that were not looked at, because there are too many. */
  readonly unread: number
}

/** The most foreign rules that are compared with all rules of ours. */
const MAX_SUSPECTS = 256

/**
 * Finds the foreign rules that do harm. A generator, because there may be a hundred thousand rules.
 * @param ours all rules that are wanted on the switch
 */
export function* intrusions(foreign: readonly Flow[], ours: readonly Rule[]): Generator<void, Intrusions> {
  const tables = new Set<number>([FIRST_TABLE])
  const ports = new Set<number>()
  for (const rule of ours) {
    for (const table of [rule.table, ...laterTables(rule)]) tables.add(table)
    const from = rule.table === FIRST_TABLE ? inPort(rule) : undefined
    if (from !== undefined) ports.add(from)
    yield
  }
  /** Packets of other ports belong to no network, unless the rule sends them to a port of one. */
  const isFromElsewhere = (flow: Flow) => {
    const from = inPort(flow)
    return from !== undefined && !ports.has(from)
  }
  const all = foreign.filter((flow) => tables.has(flow.table) && !(isFromElsewhere(flow) && !leadsTo(flow, ports)))
  const suspects = all
    .slice(0, MAX_SUSPECTS)
    .map((flow): Suspect => ({ flow, losers: new Set(), isCovered: false, moves: moves(flow) }))
  for (const rule of suspects.length > 0 ? ours : []) {
    for (const suspect of suspects) compare(suspect, rule)
    yield
  }
  const found = suspects.filter(({ losers, isCovered, moves }) => !isCovered && (losers.size > 0 || moves))
  return { found, unread: all.length - suspects.length }
}

interface Suspect {
  readonly flow: Flow
  readonly losers: Set<Key>
  /** Does one rule of ours with a higher priority match all that it matches? Then it matches nothing. */
  isCovered: boolean
  /** Does it do anything with the packets, other than drop them? */
  readonly moves: boolean
}

function compare(suspect: Suspect, rule: Rule): void {
  const { flow } = suspect
  if (rule.table !== flow.table || suspect.isCovered) return
  if (rule.priority > flow.priority) suspect.isCovered = isWithin(flow.match, rule.match)
  else if (!isRefusal(rule) && canMeet(flow.match, rule.match)) suspect.losers.add(rule.author)
}

/** Nobody loses frames that are only counted. */
const isRefusal = (rule: Rule): boolean => rule.table === REFUSED.number || laterTables(rule).includes(REFUSED.number)

/** Can a packet match both? */
function canMeet(one: readonly OxmField[], other: readonly OxmField[]): boolean {
  return one.every((field) => {
    const same = other.find((each) => each.field === field.field)
    if (!same || same.field === 'unknown' || field.field === 'unknown') return true
    const mask = maskOf(field) & maskOf(same)
    return (BigInt(field.value) & mask) === (BigInt(same.value) & mask)
  })
}

/** Does every packet that matches the inner one match the outer one? */
function isWithin(inner: readonly OxmField[], outer: readonly OxmField[]): boolean {
  return outer.every((field) => {
    const same = inner.find((each) => each.field === field.field)
    if (!same || same.field === 'unknown' || field.field === 'unknown') return false
    const mask = maskOf(field)
    return (maskOf(same) & mask) === mask && (BigInt(same.value) & mask) === (BigInt(field.value) & mask)
  })
}

/** All bits count in a field without a mask; no field has more than 128. */
const ALL_ONES = (1n << 128n) - 1n
const maskOf = (field: Exclude<OxmField, { field: 'unknown' }>): bigint =>
  field.mask === undefined ? ALL_ONES : BigInt(field.mask)

function inPort({ match }: Flow): number | undefined {
  const field = match.find((each) => each.field === 'in_port')
  return field?.field === 'in_port' && field.mask === undefined ? Number(field.value) : undefined
}

const actionsOf = ({ instructions }: Flow): Action[] =>
  instructions.flatMap((each) => (each.type === 'apply_actions' || each.type === 'write_actions' ? each.actions : []))

const laterTables = ({ instructions }: Flow): number[] =>
  instructions.flatMap((each) => (each.type === 'goto_table' ? [each.table] : []))

const moves = (flow: Flow): boolean => actionsOf(flow).length + laterTables(flow).length > 0

/** Outputs that do not name a port. */
const EVERYWHERE: readonly number[] = [PORT.NORMAL, PORT.FLOOD, PORT.ALL, PORT.TABLE]

/** Can a rule send a packet to one of these ports, or into the pipeline? */
const leadsTo = (flow: Flow, ports: ReadonlySet<number>): boolean =>
  laterTables(flow).length > 0 ||
  actionsOf(flow).some(
    (action) => action.type !== 'output' || ports.has(action.port) || EVERYWHERE.includes(action.port),
  )
