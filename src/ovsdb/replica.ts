/**
 * A local copy of some tables and columns of a database, kept by the server's updates. It is as old as its connection:
 * when that ends the copy stands still, and a new connection gets a new replica.
 */
import type { Connection } from './connection.ts'
import { OvsdbError } from './errors.ts'
import { type AnyChange, Mirror } from './mirror.ts'
import type { ColumnName, Columns, Row, Schema, TableName } from './schema.ts'

/** Which columns of which tables. */
export type Selection<S extends Schema> = { readonly [T in TableName<S>]?: ReadonlyArray<ColumnName<S, T>> }

/** All columns of all tables that the schema names. */
export type Everything<S extends Schema> = { readonly [T in TableName<S>]: ReadonlyArray<ColumnName<S, T>> }

type RowOf<S extends Schema, P extends Selection<S>, T> = T extends TableName<S> & keyof P
  ? P[T] extends ReadonlyArray<infer N extends ColumnName<S, T>>
    ? Row<S['tables'][T], N>
    : never
  : never

export type Tables<S extends Schema, P extends Selection<S> = Everything<S>> = {
  readonly [T in keyof P & TableName<S>]: ReadonlyMap<string, RowOf<S, P, T>>
}

/** One row before and after; `old` is undefined for a new row, `new` for one that is gone. */
export type Change<S extends Schema, P extends Selection<S> = Everything<S>> = {
  [T in keyof P & TableName<S>]: {
    readonly table: T
    readonly uuid: string
    readonly old: RowOf<S, P, T> | undefined
    readonly new: RowOf<S, P, T> | undefined
  }
}[keyof P & TableName<S>]

export type Changes<S extends Schema, P extends Selection<S> = Everything<S>> = ReadonlyArray<Change<S, P>>

export class Replica<S extends Schema, P extends Selection<S> = Everything<S>> {
  readonly connection: Connection
  /** The rows by UUID. The maps follow the server; a row that was read stays as it was. */
  readonly tables: Tables<S, P>
  readonly #listeners: Set<(changes: Changes<S, P>) => void>

  constructor(connection: Connection, tables: Tables<S, P>, listeners: Set<(changes: Changes<S, P>) => void>) {
    this.connection = connection
    this.tables = tables
    this.#listeners = listeners
  }

  /**
   * Told of each transaction's changes, after all of them are in `tables`. What is read from `tables` in the same turn
   * as this is called, and what is told from then on, have no gap between them. If it throws, the connection is closed.
   * @returns how to stop
   */
  onUpdate(listener: (changes: Changes<S, P>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/**
 * Monitors these columns by "monitor_cond" (ovsdb-server(7) section 4.1.12) or, where the server does not know that, by
 * "monitor" (RFC 7047 section 4.1.5).
 * @param selection all that the schema names unless said
 * @returns when the first full snapshot is there
 * @throws OvsdbError with the server's words, as when it has no such table or column; closed
 */
export const replicate = async <const S extends Schema, const P extends Selection<S> = Everything<S>>(
  connection: Connection,
  schema: S,
  selection: P = everything(schema) as P,
): Promise<Replica<S, P>> => {
  const selected = columnsOf(schema, selection)
  const mirror = new Mirror(selected)
  const listeners = new Set<(changes: Changes<S, P>) => void>()
  const tell = (changes: readonly AnyChange[]) => {
    if (changes.length > 0) for (const listener of [...listeners]) listener(changes as unknown as Changes<S, P>)
  }
  const monitor = connection.addMonitor((method, updates) =>
    tell(method === 'update2' ? mirror.update2(updates) : mirror.update(updates)),
  )
  const requests = Object.fromEntries(
    [...selected].map(([table, columns]) => [table, [{ columns: Object.keys(columns) }]]),
  )
  const params = [schema.name, monitor, requests]
  try {
    await connection
      .request('monitor_cond', params, (rows) => void mirror.update2(rows))
      .catch((error) => {
        if (!(error instanceof OvsdbError && error.code === 'unknown-method')) throw error
        return connection.request('monitor', params, (rows) => void mirror.update(rows))
      })
  } catch (error) {
    connection.removeMonitor(monitor)
    throw error
  }
  return new Replica(connection, Object.fromEntries(mirror.rows) as unknown as Tables<S, P>, listeners)
}

const everything = <S extends Schema>(schema: S): Selection<S> =>
  Object.fromEntries(
    Object.entries(schema.tables).map(([table, columns]) => [table, Object.keys(columns)]),
  ) as unknown as Selection<S>

/** @throws TypeError if the schema does not have them */
const columnsOf = <S extends Schema>(schema: S, selection: Selection<S>): Map<string, Columns> =>
  new Map(
    Object.entries<readonly string[] | undefined>(selection).map(([table, names]) => {
      const columns = Object.entries(schema.tables[table] ?? {})
      const picked = columns.filter(([name]) => names?.includes(name))
      if (names === undefined || picked.length < names.length)
        throw new TypeError(`the schema lacks a column of ${table}`)
      return [table, Object.fromEntries(picked)]
    }),
  )
