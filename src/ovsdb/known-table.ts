/** Tables and columns of a schema, by names that a program gives: those that the schema does not have are refused. */
import { type Column, type Columns, type Schema, scalar } from './schema.ts'

/** A table of a schema. */
export interface KnownTable {
  readonly table: string
  readonly columns: Columns
}

/** Columns that every table has (RFC 7047 section 3.2). */
export const OF_EVERY_ROW = { _uuid: scalar('uuid'), _version: scalar('uuid') } as const

/**
 * The table with its columns, those of every row included.
 * @throws TypeError if the schema does not have it
 */
export function knownTable({ name, tables }: Schema, table: string): KnownTable {
  // A name such as `constructor` is a property of every object.
  const columns = Object.hasOwn(tables, table) ? tables[table] : undefined
  if (columns) return { table, columns: { ...OF_EVERY_ROW, ...columns } }
  throw new TypeError(`the schema of ${name} has no table ${table}: it has ${Object.keys(tables).join(', ')}`)
}

/** @throws TypeError if the table does not have the column */
export function knownColumn({ table, columns }: KnownTable, name: string): Column {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined
  if (column) return column
  throw new TypeError(`table ${table} has no column ${name}: it has ${Object.keys(columns).join(', ')}`)
}
