/** The rows of a replica. It converts <table-updates> of RFC 7047 and <table-updates2> of OVS to changes. */

import { about, inColumn } from './error-place.ts'
import type { MonitorUpdate } from './monitor.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { excerpt, isObject, type JsonObject } from './rpc.ts'
import type { Column, Columns } from './schema.ts'
import { applyDifference, decodeColumn, defaultOf, sameValue } from './value.ts'

/** A row, with its columns by name. */
type AnyRow = Readonly<Record<string, unknown>>

export interface AnyChange {
  readonly table: string
  readonly uuid: string
  readonly old: AnyRow | undefined
  readonly new: AnyRow | undefined
}

interface Table {
  readonly name: string
  readonly columns: ReadonlyMap<string, Column>
  readonly rows: Map<string, AnyRow>
}

const MAX_UUID_CHARACTERS = 36
/** Rows between two steps. They take about a millisecond. */
const ROWS_PER_STEP = 64

/** What the rows of a replica may take. If there is more, its connection ends with code `too-much-data`. By default, no limit. */
export interface ReplicaLimits {
  /** About the most bytes of memory that the rows may take. */
  readonly maxOctets?: number
  /** The most rows of all tables together. */
  readonly maxRows?: number
}

type RowsUpdate = Pick<MonitorUpdate, 'updates' | 'whole'>

/** About the octets of memory that a row takes besides its texts, and each element of a set or map. */
const ROW_OCTETS = 1_500
const ELEMENT_OCTETS = 100

export class Mirror {
  readonly #tables = new Map<string, Table>()
  readonly #limits: ReplicaLimits
  /** About the octets of memory that all rows take. */
  #octets = 0

  /**
   * @param selected the replicated columns, by table
   * @param limits what all rows together may take
   */
  constructor(selected: ReadonlyMap<string, Columns>, limits: ReplicaLimits = {}) {
    this.#limits = limits
    for (const [name, columns] of selected) {
      this.#tables.set(name, { name, columns: new Map(Object.entries(columns)), rows: new Map() })
    }
  }

  /** The rows of each table, by UUID. A changed row is a new object. */
  get rows(): Array<readonly [table: string, rows: ReadonlyMap<string, AnyRow>]> {
    return [...this.#tables].map(([name, { rows }]) => [name, rows])
  }

  /**
   * Finds the changes, and yields between some rows. `apply` makes them. Nothing else may be applied in between.
   * @param rfc whether these are <table-updates> of RFC 7047 section 4.1.6; otherwise <table-updates2> of
   *   ovsdb-server(7) section 4.1.14
   * @throws OvsdbError
   */
  *changesOf({ updates, whole }: RowsUpdate, rfc: boolean): Generator<void, readonly AnyChange[]> {
    const next = rfc ? newRow : newRow2
    const told = object(updates)
    const changes: AnyChange[] = []
    const { maxOctets = Number.POSITIVE_INFINITY, maxRows = Number.POSITIVE_INFINITY } = this.#limits
    let octets = this.#octets
    let rowCount = whole ? 0 : this.#rowCount
    let count = 0
    for (const [name, rows] of Object.entries(told)) {
      const table = this.#tables.get(name)
      if (table === undefined) throw inconsistent(`table ${excerpt(name)} is not replicated`)
      for (const [uuid, update] of Object.entries(object(rows))) {
        if (uuid.length > MAX_UUID_CHARACTERS) throw inconsistent(`${excerpt(uuid)} is not a UUID`)
        const old = table.rows.get(uuid)
        count += 1
        if (count % ROWS_PER_STEP === 0) yield
        const row = next(table, whole ? undefined : old, object(update))
        rowCount += (row ? 1 : 0) - (old && !whole ? 1 : 0)
        if (rowCount > maxRows) throw tooMuch(`there are more than ${maxRows} rows`)
        if (whole && old && row && sameRow(old, row)) continue
        changes.push({ table: name, uuid, old, new: row })
        octets += octetsOf(row) - octetsOf(old)
        if (octets > maxOctets) throw tooMuch(`the rows take more than ${maxOctets} bytes`)
      }
    }
    if (whole) changes.push(...this.#missing(told))
    return changes
  }

  apply(changes: readonly AnyChange[]): void {
    for (const { table, uuid, old, new: row } of changes) {
      this.#octets += octetsOf(row) - octetsOf(old)
      if (row === undefined) this.#tables.get(table)?.rows.delete(uuid)
      else this.#tables.get(table)?.rows.set(uuid, row)
    }
  }

  get #rowCount(): number {
    let count = 0
    for (const { rows } of this.#tables.values()) count += rows.size
    return count
  }

  /** The known rows that a full update does not contain. */
  *#missing(told: JsonObject): Generator<AnyChange> {
    for (const [table, { rows }] of this.#tables) {
      const there = told[table] ?? {}
      for (const [uuid, old] of rows) if (!Object.hasOwn(there, uuid)) yield { table, uuid, old, new: undefined }
    }
  }
}

/** About the octets of memory that a row takes. */
const octetsOf = (row: AnyRow | undefined): number => {
  if (row === undefined) return 0
  let octets = ROW_OCTETS
  for (const name in row) {
    const value = row[name]
    if (typeof value === 'string') octets += value.length
    else if (value instanceof Set) for (const atom of value) octets += ELEMENT_OCTETS + textLength(atom)
    else if (value instanceof Map) {
      for (const [key, atom] of value) octets += ELEMENT_OCTETS + textLength(key) + textLength(atom)
    }
  }
  return octets
}

const textLength = (atom: unknown): number => (typeof atom === 'string' ? atom.length : 0)

const tooMuch = (words: string): OvsdbError => new OvsdbError('too-much-data', words)

const sameRow = (one: AnyRow, other: AnyRow): boolean =>
  Object.keys(one).every((column) => sameValue(one[column], other[column]))

/** The row after an update. Undefined if the update deletes it. */
type NextRow = (table: Table, old: AnyRow | undefined, update: JsonObject) => AnyRow | undefined

/** <row-update>: "new" has all columns. "old" has the previous values of changed columns, which are known already. */
const newRow: NextRow = (table, old, update) => {
  if (update.new !== undefined) return readRow(table, object(update.new))
  if (old === undefined) throw inconsistent(`a deleted row of ${table.name} does not exist`)
  return undefined
}

/** <row-update2> */
const newRow2: NextRow = (table, old, update) => {
  const { name: of, columns } = table
  const fresh = update.initial ?? update.insert
  if (fresh !== undefined) {
    if (old !== undefined) throw inconsistent(`an inserted row of ${of} exists already`)
    return readRow(table, object(fresh))
  }
  if (old === undefined) throw inconsistent(`a changed or deleted row of ${of} does not exist`)
  if (update.modify === undefined) {
    if (!('delete' in update)) throw inconsistent(`${excerpt(update)} is not an update`)
    return undefined
  }
  const row: Record<string, unknown> = { ...old }
  for (const [name, difference] of Object.entries(object(update.modify))) {
    const column = columns.get(name)
    if (column === undefined) throw inconsistent(`column ${of}.${excerpt(name)} is not replicated`)
    row[name] = inColumn(of, name, () => applyDifference(column, old[name] as never, difference))
  }
  return row
}

/** All rows have their columns in the same order, so that the JavaScript engine gives the rows of a table one shape. */
const readRow = ({ name: table, columns }: Table, wire: JsonObject): AnyRow => {
  const row: Record<string, unknown> = {}
  let at = ''
  try {
    for (const [name, column] of columns) {
      at = name
      const value = wire[name]
      row[name] = value === undefined ? defaultOf(column) : decodeColumn(column, value)
    }
    return row
  } catch (error) {
    throw about(error, table, at)
  }
}

const object = (json: unknown): JsonObject => {
  if (!isObject(json)) throw new OvsdbError('malformed-message', `${excerpt(json)} in an update`)
  return json
}

const inconsistent = (detail: string): OvsdbError => new OvsdbError('inconsistent-update', detail)
