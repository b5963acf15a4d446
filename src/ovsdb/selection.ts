/** Selects the tables, columns and rows of a replica, with the types that follow from the selection. */
import { type Conditions, wireConditions } from './builders.ts'
import { knownColumn, knownTable } from './known-table.ts'
import type { MonitorRequest, MonitorRequests } from './monitor.ts'
import type { ColumnName, Columns, Row, Schema, TableName } from './schema.ts'

/** The columns of each table. */
export type Selection<S extends Schema> = { readonly [T in TableName<S>]?: ReadonlyArray<ColumnName<S, T>> }

/** All columns of all tables that the schema names. */
export type Everything<S extends Schema> = { readonly [T in TableName<S>]: ReadonlyArray<ColumnName<S, T>> }

/** The rows, by table: those for which *any* condition holds. A table that is not named has all its rows. */
export type Only<S extends Schema, P extends Selection<S> = Everything<S>> = {
  readonly [T in keyof P & TableName<S>]?: Conditions<S['tables'][T]>
}

type RowOf<S extends Schema, P extends Selection<S>, T> = T extends TableName<S> & keyof P
  ? P[T] extends ReadonlyArray<infer N extends ColumnName<S, T>>
    ? Row<S['tables'][T], N>
    : never
  : never

/** The rows of a replica: a map from UUID to row for each table. */
export type Tables<S extends Schema, P extends Selection<S> = Everything<S>> = {
  readonly [T in keyof P & TableName<S>]: ReadonlyMap<string, RowOf<S, P, T>>
}

/** A row before and after a change. `old` is undefined for a new row, and `new` for a deleted one. */
export type Change<S extends Schema, P extends Selection<S> = Everything<S>> = {
  [T in keyof P & TableName<S>]: {
    readonly table: T
    readonly uuid: string
    readonly old: RowOf<S, P, T> | undefined
    readonly new: RowOf<S, P, T> | undefined
  }
}[keyof P & TableName<S>]

/** The changes of one transaction, or on a new connection all differences. */
export type Changes<S extends Schema, P extends Selection<S> = Everything<S>> = ReadonlyArray<Change<S, P>>

export const everything = <S extends Schema>(schema: S): Selection<S> =>
  Object.fromEntries(
    Object.entries(schema.tables).map(([table, columns]) => [table, Object.keys(columns)]),
  ) as unknown as Selection<S>

/**
 * The selected columns, by table.
 * @throws TypeError if the schema does not have them
 */
export const selectedOf = <S extends Schema>(schema: S, selection: Selection<S>): ReadonlyMap<string, Columns> =>
  new Map(
    Object.entries<readonly string[] | undefined>(selection).map(([table, names]) => {
      knownTable(schema, table)
      const columns = schema.tables[table] ?? {}
      if (!Array.isArray(names)) throw new TypeError(`the columns of table ${table} must be a list of names`)
      for (const name of names) knownColumn({ table, columns }, name)
      return [table, Object.fromEntries(Object.entries(columns).filter(([name]) => names.includes(name)))]
    }),
  )

/** @throws OvsdbError bad-value; TypeError if the schema does not have a column of a condition, or a table is not selected */
export const requestsOf = <S extends Schema, P extends Selection<S>>(
  schema: S,
  selected: ReadonlyMap<string, Columns>,
  only: Only<S, P>,
): MonitorRequests => {
  checkSelected(selected, only)
  return Object.fromEntries(
    [...selected].map(([table, columns]) => {
      const where = whereOf(schema, only, table)
      return [table, [{ columns: Object.keys(columns), ...(where && { where }) }]]
    }),
  )
}

/** @throws TypeError if there are conditions for a table that is not selected */
function checkSelected(selected: ReadonlyMap<string, Columns>, only: object): void {
  const other = Object.keys(only).find((table) => !selected.has(table))
  if (other !== undefined)
    throw new TypeError(
      `there are conditions for table ${other}, which is not selected: ${[...selected.keys()].join(', ')} are`,
    )
}

/**
 * The same for monitor_cond_change. There, conditions must be given explicitly, because omitted ones stay as they were.
 */
export const restrictionsOf = <S extends Schema, P extends Selection<S>>(
  schema: S,
  selected: ReadonlyMap<string, Columns>,
  only: Only<S, P>,
): MonitorRequests => {
  checkSelected(selected, only)
  return Object.fromEntries(
    [...selected.keys()].map((table) => [table, [{ where: whereOf(schema, only, table) ?? [true] }]]),
  )
}

/**
 * The conditions of a table, which may be on columns that are not selected. For the server an empty list is all rows,
 * for this library none.
 */
const whereOf = (schema: Schema, only: object, table: string): MonitorRequest['where'] => {
  const conditions = (only as Readonly<Record<string, Conditions<Columns>>>)[table]
  if (conditions?.length === 0) return [false]
  return conditions && wireConditions(knownTable(schema, table), conditions)
}
