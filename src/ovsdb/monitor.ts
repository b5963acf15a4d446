/** The monitors of a server, RFC 7047 sections 4.1.5 to 4.1.7 and ovsdb-server(7) sections 4.1.12 to 4.1.16, untyped. */

import type { WireCondition } from './operation.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { excerpt } from './rpc.ts'

/** From the one that gives most to the one that every server has. */
export const MONITOR_METHODS = ['monitor_cond_since', 'monitor_cond', 'monitor'] as const
/** Ways to watch a database, the newest first; an older server knows the last one alone. */
export type MonitorMethod = (typeof MONITOR_METHODS)[number]

/** <monitor-request>, <monitor-cond-request>: all columns and all rows unless said. */
export interface MonitorRequest {
  readonly columns?: readonly string[]
  /** Rows of which *any* condition holds; `monitor` does not know it. */
  readonly where?: ReadonlyArray<WireCondition | boolean>
  /** <monitor-select>: each is true unless said. */
  readonly select?: {
    readonly initial?: boolean
    readonly insert?: boolean
    readonly delete?: boolean
    readonly modify?: boolean
  }
}

/** What to watch, by table; of any of a table's requests. */
export interface MonitorRequests {
  readonly [table: string]: readonly MonitorRequest[]
}

/** What a monitor tells, as it stands on the wire. */
export interface MonitorUpdate {
  /** <table-updates> of "monitor"; <table-updates2> of the others. */
  readonly updates: unknown
  /** All rows as they are; else what has changed. */
  readonly whole: boolean
  /** Of monitor_cond_since: the last transaction that is in it. */
  readonly transaction: string
}

/** The id of no transaction: everything is since then. */
export const NO_TRANSACTION = '00000000-0000-0000-0000-000000000000'

/** Takes the reply and then each update, in the order in which they came. */
export type OnMonitorUpdate = (update: MonitorUpdate) => void

/** A monitor that runs. */
export interface Monitor {
  readonly method: MonitorMethod
  /** monitor_cond_change; what it brings in or takes out is told before this resolves. @throws OvsdbError */
  changeConditions(requests: MonitorRequests): Promise<void>
  /** monitor_cancel; updates may be told until this resolves. @throws OvsdbError */
  cancel(): Promise<void>
}

/** @throws OvsdbError malformed-message */
export const replyOf = (method: MonitorMethod, result: unknown): MonitorUpdate => {
  if (method !== 'monitor_cond_since') return { updates: result, whole: true, transaction: NO_TRANSACTION }
  if (!Array.isArray(result)) throw malformed(result)
  const [found, transaction, updates] = result
  if (typeof found !== 'boolean' || typeof transaction !== 'string') throw malformed(result)
  return { updates, whole: !found, transaction }
}

/** The parameters of "update", "update2" and "update3" behind the monitor's id. @throws OvsdbError malformed-message */
export const updateOf = (method: string, params: readonly unknown[]): MonitorUpdate => {
  if (method !== 'update3') return { updates: params[0], whole: false, transaction: NO_TRANSACTION }
  const [transaction, updates] = params
  if (typeof transaction !== 'string') throw malformed(params)
  return { updates, whole: false, transaction }
}

const malformed = (json: unknown): OvsdbError =>
  new OvsdbError('malformed-message', `not what a monitor says: ${excerpt(json)}`)
