/**
 * A local copy of some tables of a database, kept up to date by the server. It survives its connection: without one it
 * keeps its last state, and on the next one it requests only the changes since then, if the server still has them.
 */
import type { Connection } from './connection.ts'
import { type AnyChange, Mirror, type ReplicaLimits } from './mirror.ts'
import { MONITOR_METHODS, type Monitor, type MonitorUpdate, NO_TRANSACTION } from './monitor.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { inSlices } from './parse-queue.ts'
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
 * A local copy of some tables of a database, kept up to date by the server. It survives its connection: without one it
 * keeps its last state, and on the next one it requests only the changes since then, if the server still has them.
 */
export class Replica<const S extends Schema, const P extends Selection<S> = Everything<S>> {
  /** The rows by UUID. The maps follow the server. A row object never changes. */
  readonly tables: Tables<S, P>
  readonly #schema: S
  readonly #selected: ReadonlyMap<string, Columns>
  readonly #mirror: Mirror
  readonly #listeners = new Set<(changes: Changes<S, P>) => void>()
  #only: Only<S, P>
  #monitor: Monitor | undefined
  /** Identifies the current `follow`. Updates of earlier ones are ignored. */
  #turn = {}
  /**
   * The last transaction that the rows include, and the conditions of the rows. The conditions are undefined while they
   * are being changed.
   */
  #transaction = NO_TRANSACTION
  #rowsOf: Only<S, P> | undefined

  /**
   * @param selection the tables and columns; by default all of the schema
   * @param only conditions of the rows; by default all rows
   * @param limits what the rows may take; by default there is no limit
   * @throws TypeError if the schema does not have the columns
   */
  constructor(schema: S, selection: P = everything(schema) as P, only: Only<S, P> = {}, limits: ReplicaLimits = {}) {
    this.#schema = schema
    this.#selected = selectedOf(schema, selection)
    this.#only = only
    this.#mirror = new Mirror(this.#selected, limits)
    this.tables = Object.fromEntries(this.#mirror.rows) as unknown as Tables<S, P>
  }

  /**
   * Calls a listener with the changes of each transaction, after all of them are in `tables`. When the replica follows
   * a new server, it is called once with all differences. There is no gap between what is read from `tables` in the
   * turn of this call and the changes from then on. If the listener throws, the connection is closed.
   * @returns a function that removes the listener
   */
  onUpdate(listener: (changes: Changes<S, P>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Follows this server from now on: by "monitor_cond_since" (ovsdb-server(7) section 4.1.15), "monitor_cond" (4.1.12),
   * or "monitor" (RFC 7047 section 4.1.5), the first one that it has.
   * @returns when the rows fit the conditions
   * @throws OvsdbError with the server's words, for example if it does not have a table or column; closed
   */
  async follow(connection: Connection): Promise<void> {
    const turn = this.#take()
    const only = this.#only
    const requests = requestsOf(this.#schema, this.#selected, only)
    const since = only === this.#rowsOf ? this.#transaction : NO_TRANSACTION
    // Conditions are not possible with "monitor", which every server has. It would return unwanted rows.
    const methods = Object.keys(only).length > 0 ? MONITOR_METHODS.slice(0, 2) : MONITOR_METHODS
    let answered = false
    const monitor = await firstKnown(methods, (method) =>
      connection.monitor(
        method,
        this.#schema.name,
        requests,
        (update) => {
          if (turn !== this.#turn) return undefined
          const rowsOf = answered ? this.#rowsOf : only
          answered = true
          return this.#update(update, method === 'monitor', rowsOf)
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
   * Changes the conditions of the rows from now on ("monitor_cond_change", ovsdb-server(7) section 4.1.13). Without a
   * connection they apply to the next one.
   * @returns when the rows fit the conditions
   * @throws OvsdbError with the server's words; closed, and then the conditions apply to the next connection
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

  /** Stops following. The rows keep their state until `follow` is called again. */
  stop(): void {
    this.#take()
  }

  #take(): object {
    if (this.#monitor) forget(this.#monitor)
    this.#monitor = undefined
    this.#turn = {}
    return this.#turn
  }

  /** Takes few rows at once, and many in slices. @returns when they are taken, if they are many */
  #update(update: MonitorUpdate, rfc: boolean, rowsOf: Only<S, P> | undefined): Promise<void> | undefined {
    // If the update does not fit the rows, the next `follow` requests all rows again instead of failing forever.
    this.#rowsOf = undefined
    const turn = this.#turn
    const work = this.#mirror.changesOf(update, rfc)
    const apply = (found: readonly AnyChange[]): undefined => {
      this.#rowsOf = rowsOf
      this.#transaction = update.transaction
      this.#apply(found)
    }
    const first = work.next()
    if (first.done) return apply(first.value)
    const isNeeded = () => turn === this.#turn
    return inSlices(work, isNeeded).then((found) => (found && isNeeded() ? apply(found) : undefined))
  }

  #apply(found: readonly AnyChange[]): void {
    this.#mirror.apply(found)
    const changes = found as unknown as Changes<S, P>
    if (changes.length === 0) return
    // The changes are in the rows and will not come again, so all listeners are called even if one of them throws.
    const thrown = [...this.#listeners].flatMap((listener) => thrownBy(() => listener(changes)))
    if (thrown.length > 0) throw thrown[0]
  }
}

/**
 * Makes a replica that follows this connection.
 * @returns when the first full snapshot has been received
 * @throws as `new Replica` and `follow`
 */
export const replicate = async <const S extends Schema, const P extends Selection<S> = Everything<S>>(
  connection: Connection,
  schema: S,
  selection?: P,
  only?: Only<S, P>,
  limits?: ReplicaLimits,
): Promise<Replica<S, P>> => {
  const replica = new Replica<S, P>(schema, selection, only, limits)
  await replica.follow(connection)
  return replica
}

/** Tries the methods in order, and returns the result of the first one that the server has. */
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

/** Cancels a monitor. An error means that it ended with its connection already. */
const forget = (monitor: Monitor): void => void monitor.cancel().catch(() => undefined)
