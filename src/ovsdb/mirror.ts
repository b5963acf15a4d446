/** The rows behind a replica: <table-updates> of RFC 7047 and <table-updates2> of OVS, turned into changes. */

import type { MonitorUpdate } from './monitor.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { excerpt, isObject, type JsonObject } from './rpc.ts'
import type { Column, Columns } from './schema.ts'
import { applyDifference, decodeColumn, defaultOf, sameValue } from './value.ts'

/** A row, columns by name. */
type AnyRow = Readonly<Record<string, unknown>>

export interface AnyChange {
  readonly table: string
  readonly uuid: string
  readonly old: AnyRow | undefined
  readonly new: AnyRow | undefined
}

interface Table {
  readonly columns: ReadonlyMap<string, Column>
  readonly rows: Map<string, AnyRow>
}

export class Mirror {
  readonly #tables = new Map<string, Table>()

  /** @param selected the columns that are replicated, by table */
  constructor(selected: ReadonlyMap<string, Columns>) {
    for (const [name, columns] of selected) {
      this.#tables.set(name, { columns: new Map(Object.entries(columns)), rows: new Map() })
    }
  }

  /** The rows of each table, by UUID. They are replaced as they change, never written to. */
  get rows(): Array<readonly [table: string, rows: ReadonlyMap<string, AnyRow>]> {
    return [...this.#tables].map(([name, { rows }]) => [name, rows])
  }

  /**
   * @param rfc whether these are <table-updates> of RFC 7047 section 4.1.6, or else <table-updates2> of ovsdb-server(7)
   *   section 4.1.14
   * @returns what is otherwise now
   * @throws OvsdbError; nothing is changed then
   */
  take({ updates, whole }: Pick<MonitorUpdate, 'updates' | 'whole'>, rfc: boolean): readonly AnyChange[] {
    const next = rfc ? newRow : newRow2
    const told = object(updates)
    const changes: AnyChange[] = []
    for (const [name, rows] of Object.entries(told)) {
      const table = this.#tables.get(name)
      if (table === undefined) throw inconsistent(`table ${name} is not replicated`)
      for (const [uuid, update] of Object.entries(object(rows))) {
        const old = table.rows.get(uuid)
        const row = next(table, whole ? undefined : old, object(update))
        if (!(whole && old && row && sameRow(old, row))) changes.push({ table: name, uuid, old, new: row })
      }
    }
    if (whole) changes.push(...this.#missing(told))
    for (const { table, uuid, new: row } of changes) {
      if (row === undefined) this.#tables.get(table)?.rows.delete(uuid)
      else this.#tables.get(table)?.rows.set(uuid, row)
    }
    return changes
  }

  /** The rows that a whole does not have. */
  *#missing(told: JsonObject): Generator<AnyChange> {
    for (const [table, { rows }] of this.#tables) {
      const there = told[table] ?? {}
      for (const [uuid, old] of rows) if (!Object.hasOwn(there, uuid)) yield { table, uuid, old, new: undefined }
    }
  }
}

const sameRow = (one: AnyRow, other: AnyRow): boolean =>
  Object.keys(one).every((column) => sameValue(one[column], other[column]))

/** What an update makes of a row; undefined if it deletes it. */
type NextRow = (table: Table, old: AnyRow | undefined, update: JsonObject) => AnyRow | undefined

/** <row-update>: "new" has all of the columns; "old" those that changed, which are known already. */
const newRow: NextRow = ({ columns }, old, update) => {
  if (update.new !== undefined) return readRow(columns, object(update.new))
  if (old === undefined) throw inconsistent('a row is deleted that is not there')
  return undefined
}

/** <row-update2> */
const newRow2: NextRow = ({ columns }, old, update) => {
  const fresh = update.initial ?? update.insert
  if (fresh !== undefined) {
    if (old !== undefined) throw inconsistent('a row is inserted that is there already')
    return readRow(columns, object(fresh))
  }
  if (old === undefined) throw inconsistent('a row is changed or deleted that is not there')
  if (update.modify === undefined) {
    if (!('delete' in update)) throw inconsistent(`${excerpt(update)} is not an update`)
    return undefined
  }
  const row: Record<string, unknown> = { ...old }
  for (const [name, difference] of Object.entries(object(update.modify))) {
    const column = columns.get(name)
    if (column === undefined) throw inconsistent(`column ${name} is not replicated`)
    row[name] = applyDifference(column, old[name] as never, difference)
  }
  return row
}

/** Every row gets its columns in one order, so that the engine gives all of a table one shape. */
const readRow = (columns: ReadonlyMap<string, Column>, wire: JsonObject): AnyRow => {
  const row: Record<string, unknown> = {}
  for (const [name, column] of columns) {
    const value = wire[name]
    row[name] = value === undefined ? defaultOf(column) : decodeColumn(column, value)
  }
  return row
}

const object = (json: unknown): JsonObject => {
  if (!isObject(json)) throw new OvsdbError('malformed-message', `${excerpt(json)} in an update`)
  return json
}

const inconsistent = (detail: string): OvsdbError => new OvsdbError('inconsistent-update', detail)
