/**
 * Monitors of a server, without types (RFC 7047 sections 4.1.5 to 4.1.7, ovsdb-server(7) sections 4.1.12 to 4.1.16).
 */

import type { WireCondition } from './operation.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { excerpt } from './rpc.ts'

/** From the most capable method to the one that every server has. */
export const MONITOR_METHODS = ['monitor_cond_since', 'monitor_cond', 'monitor'] as const
/** Methods to monitor a database, the newest first. An older server may only have the last one. */
export type MonitorMethod = (typeof MONITOR_METHODS)[number]

/** <monitor-request>, <monitor-cond-request>. Default: all columns and all rows. */
export interface MonitorRequest {
  readonly columns?: readonly string[]
  /** Rows for which *any* condition holds. `monitor` does not support it. */
  readonly where?: ReadonlyArray<WireCondition | boolean>
  /** <monitor-select>. Each is true by default. */
  readonly select?: {
    readonly initial?: boolean
    readonly insert?: boolean
    readonly delete?: boolean
    readonly modify?: boolean
  }
}

/** What to monitor, by table. A row is reported if any of its table's requests selects it. */
export interface MonitorRequests {
  readonly [table: string]: readonly MonitorRequest[]
}

/** An update of a monitor, as it is on the wire. */
export interface MonitorUpdate {
  /** <table-updates> of "monitor"; <table-updates2> of the other methods. */
  readonly updates: unknown
  /** Whether it contains all rows; otherwise it contains changes. */
  readonly whole: boolean
  /** For monitor_cond_since: the last transaction that it includes. */
  readonly transaction: string
}

/** The id before the first transaction: everything is newer. */
export const NO_TRANSACTION = '00000000-0000-0000-0000-000000000000'

/** Called with the reply, and then with each update in order. If it returns a promise, nothing is read until that resolves. */
export type OnMonitorUpdate = (update: MonitorUpdate) => unknown

/** An active monitor. */
export interface Monitor {
  readonly method: MonitorMethod
  /**
   * monitor_cond_change. The resulting updates come before this resolves.
   * @throws OvsdbError
   */
  changeConditions(requests: MonitorRequests): Promise<void>
  /**
   * monitor_cancel. Updates may come until this resolves.
   * @throws OvsdbError
   */
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

/**
 * Reads the parameters of "update", "update2" and "update3" after the monitor's id.
 * @throws OvsdbError malformed-message
 */
export const updateOf = (method: string, params: readonly unknown[]): MonitorUpdate => {
  if (method !== 'update3') return { updates: params[0], whole: false, transaction: NO_TRANSACTION }
  const [transaction, updates] = params
  if (typeof transaction !== 'string') throw malformed(params)
  return { updates, whole: false, transaction }
}

const malformed = (json: unknown): OvsdbError =>
  new OvsdbError('malformed-message', `not an update of a monitor: ${excerpt(json)}`)
