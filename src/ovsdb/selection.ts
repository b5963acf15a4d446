/** Which tables, columns and rows of a database a replica has, and the types that follow from it. */
import { type Conditions, wireConditions } from './builders.ts'
import type { MonitorRequest, MonitorRequests } from './monitor.ts'
import type { ColumnName, Columns, Row, Schema, TableName } from './schema.ts'

/** Which columns of which tables. */
export type Selection<S extends Schema> = { readonly [T in TableName<S>]?: ReadonlyArray<ColumnName<S, T>> }

/** All columns of all tables that the schema names. */
export type Everything<S extends Schema> = { readonly [T in TableName<S>]: ReadonlyArray<ColumnName<S, T>> }

/** Which rows, by table: those of which *any* condition holds; all rows of a table that is not named. */
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

/** One row before and after; `old` is undefined for a new row, `new` for one that is gone. */
export type Change<S extends Schema, P extends Selection<S> = Everything<S>> = {
  [T in keyof P & TableName<S>]: {
    readonly table: T
    readonly uuid: string
    readonly old: RowOf<S, P, T> | undefined
    readonly new: RowOf<S, P, T> | undefined
  }
}[keyof P & TableName<S>]

/** What one transaction changed, or on a new connection what is otherwise than it was. */
export type Changes<S extends Schema, P extends Selection<S> = Everything<S>> = ReadonlyArray<Change<S, P>>

export const everything = <S extends Schema>(schema: S): Selection<S> =>
  Object.fromEntries(
    Object.entries(schema.tables).map(([table, columns]) => [table, Object.keys(columns)]),
  ) as unknown as Selection<S>

/** The selected columns, by table. @throws TypeError if the schema does not have them */
export const selectedOf = <S extends Schema>(schema: S, selection: Selection<S>): ReadonlyMap<string, Columns> =>
  new Map(
    Object.entries<readonly string[] | undefined>(selection).map(([table, names]) => {
      const columns = Object.entries(schema.tables[table] ?? {})
      const picked = columns.filter(([name]) => names?.includes(name))
      if (names === undefined || picked.length < names.length)
        throw new TypeError(`the schema lacks a column of ${table}`)
      return [table, Object.fromEntries(picked)]
    }),
  )

/** @throws OvsdbError bad-value; TypeError if the schema does not have a column of a condition */
export const requestsOf = <S extends Schema, P extends Selection<S>>(
  schema: S,
  selected: ReadonlyMap<string, Columns>,
  only: Only<S, P>,
): MonitorRequests =>
  Object.fromEntries(
    [...selected].map(([table, columns]) => {
      const where = whereOf(schema, only, table)
      return [table, [{ columns: Object.keys(columns), ...(where && { where }) }]]
    }),
  )

/** The same for monitor_cond_change, where what is not said stays as it was. */
export const restrictionsOf = <S extends Schema, P extends Selection<S>>(
  schema: S,
  selected: ReadonlyMap<string, Columns>,
  only: Only<S, P>,
): MonitorRequests =>
  Object.fromEntries([...selected.keys()].map((table) => [table, [{ where: whereOf(schema, only, table) ?? [true] }]]))

/** A condition may be on a column that is not selected. To a server no condition is every row, to us none. */
const whereOf = (schema: Schema, only: object, table: string): MonitorRequest['where'] => {
  const conditions = (only as Readonly<Record<string, Conditions<Columns>>>)[table]
  if (conditions?.length === 0) return [false]
  return conditions && wireConditions(schema.tables[table] ?? {}, conditions)
}
