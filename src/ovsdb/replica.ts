/**
 * A local copy of some tables of a database, kept by the server's updates. It outlives its connection: while there is
 * none it stands still, and on the next one it asks only for what came in between, where the server remembers that.
 */
import type { Connection } from './connection.ts'
import { Mirror } from './mirror.ts'
import { MONITOR_METHODS, type Monitor, type MonitorUpdate, NO_TRANSACTION } from './monitor.ts'
import { OvsdbError } from './ovsdb-error.ts'
import type { Columns, Schema } from './schema.ts'
import {
  type Changes,
  type Everything,
  everything,
  type Only,
  requestsOf,
  restrictionsOf,
  type Selection,
  selectedOf,
  type Tables,
} from './selection.ts'

/**
 * A local copy of some tables of a database, kept by the server's updates. It outlives its connection: while there is
 * none it stands still, and on the next one it asks only for what came in between, where the server remembers that.
 */
export class Replica<const S extends Schema, const P extends Selection<S> = Everything<S>> {
  /** The rows by UUID. The maps follow the server; a row that was read stays as it was. */
  readonly tables: Tables<S, P>
  readonly #schema: S
  readonly #selected: ReadonlyMap<string, Columns>
  readonly #mirror: Mirror
  readonly #listeners = new Set<(changes: Changes<S, P>) => void>()
  #only: Only<S, P>
  #monitor: Monitor | undefined
  /** Of the connection that it follows, or is about to; what others say is not listened to. */
  #turn = {}
  /** The last transaction that is in the rows, and which rows they are; undefined while that is being changed. */
  #transaction = NO_TRANSACTION
  #rowsOf: Only<S, P> | undefined

  /**
   * @param selection all that the schema names unless said
   * @param only all rows unless said
   * @throws TypeError if the schema does not have the columns
   */
  constructor(schema: S, selection: P = everything(schema) as P, only: Only<S, P> = {}) {
    this.#schema = schema
    this.#selected = selectedOf(schema, selection)
    this.#only = only
    this.#mirror = new Mirror(this.#selected)
    this.tables = Object.fromEntries(this.#mirror.rows) as unknown as Tables<S, P>
  }

  /**
   * Told of each transaction's changes, after all of them are in `tables`; when it comes to a server, of all that is
   * otherwise than it knew, at once. What is read from `tables` in the same turn as this is called, and what is told
   * from then on, have no gap between them. If it throws, the connection is closed.
   * @returns how to stop
   */
  onUpdate(listener: (changes: Changes<S, P>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * From here on the rows are those of this server: by "monitor_cond_since" (ovsdb-server(7) section 4.1.15), or
   * "monitor_cond" (4.1.12), or "monitor" (RFC 7047 section 4.1.5), by the first that it knows.
   * @returns when the rows are as they are there
   * @throws OvsdbError with the server's words, as when it has no such table or column; closed
   */
  async follow(connection: Connection): Promise<void> {
    const turn = this.#take()
    const only = this.#only
    const requests = requestsOf(this.#schema, this.#selected, only)
    const since = only === this.#rowsOf ? this.#transaction : NO_TRANSACTION
    // Only conditions need more than every server has: with "monitor" there would be rows that are not wanted.
    const methods = Object.keys(only).length > 0 ? MONITOR_METHODS.slice(0, 2) : MONITOR_METHODS
    let answered = false
    const monitor = await firstKnown(methods, (method) =>
      connection.monitor(
        method,
        this.#schema.name,
        requests,
        (update) => {
          if (turn !== this.#turn) return
          this.#update(update, method === 'monitor', answered ? this.#rowsOf : only)
          answered = true
        },
        since,
      ),
    )
    if (turn !== this.#turn) return forget(monitor)
    this.#monitor = monitor
    void connection.closed.then(() => {
      if (monitor === this.#monitor) this.#monitor = undefined
    })
    if (only !== this.#only) await this.restrict(this.#only)
  }

  /**
   * Other rows from here on ("monitor_cond_change", ovsdb-server(7) section 4.1.13). Without a connection they are asked
   * for on the next one.
   * @returns when the rows are those
   * @throws OvsdbError with the server's words; closed, and it is as if there had been no connection
   */
  async restrict(only: Only<S, P>): Promise<void> {
    const requests = restrictionsOf(this.#schema, this.#selected, only)
    this.#only = only
    this.#rowsOf = undefined
    const monitor = this.#monitor
    if (monitor === undefined) return
    await monitor.changeConditions(requests)
    if (only === this.#only && monitor === this.#monitor) this.#rowsOf = only
  }

  /** The rows stand still from here on, until it follows a server again. */
  stop(): void {
    this.#take()
  }

  #take(): object {
    if (this.#monitor) forget(this.#monitor)
    this.#monitor = undefined
    this.#turn = {}
    return this.#turn
  }

  #update(update: MonitorUpdate, rfc: boolean, rowsOf: Only<S, P> | undefined): void {
    // Should it not fit the rows, they are asked for anew, not for ever what does not fit.
    this.#rowsOf = undefined
    const changes = this.#mirror.take(update, rfc) as unknown as Changes<S, P>
    this.#rowsOf = rowsOf
    this.#transaction = update.transaction
    if (changes.length === 0) return
    // The changes are in the rows and will not be told again: whoever throws, the others hear of them.
    const thrown = [...this.#listeners].flatMap((listener) => thrownBy(() => listener(changes)))
    if (thrown.length > 0) throw thrown[0]
  }
}

/**
 * A replica that follows this connection.
 * @returns when the first full snapshot is there
 * @throws as `new Replica` and `follow`
 */
export const replicate = async <const S extends Schema, const P extends Selection<S> = Everything<S>>(
  connection: Connection,
  schema: S,
  selection?: P,
  only?: Only<S, P>,
): Promise<Replica<S, P>> => {
  const replica = new Replica<S, P>(schema, selection, only)
  await replica.follow(connection)
  return replica
}

/** What the first of the methods gives that the server knows. */
const firstKnown = async <M, T>([method, ...others]: readonly M[], attempt: (method: M) => Promise<T>): Promise<T> => {
  if (method === undefined) throw new TypeError('no method')
  try {
    return await attempt(method)
  } catch (error) {
    if (others.length === 0 || !(error instanceof OvsdbError && error.code === 'unknown-method')) throw error
    return firstKnown(others, attempt)
  }
}

const thrownBy = (work: () => void): unknown[] => {
  try {
    work()
    return []
  } catch (error) {
    return [error]
  }
}

/** It may be gone already with its connection. */
const forget = (monitor: Monitor): void => void monitor.cancel().catch(() => undefined)
