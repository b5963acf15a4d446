/** Says which table and column an error is about. */
import { OvsdbError } from './ovsdb-error.ts'

/** The same error, about this table and column: its message begins with them. Other errors are returned as they are. */
export function about(error: unknown, table: string, column?: string): unknown {
  if (!(error instanceof OvsdbError) || error.code !== 'bad-value' || error.table !== undefined) return error
  const place = column === undefined ? table : `${table}.${column}`
  return new OvsdbError(error.code, `${place}: ${error.message}`, { table, column, cause: error.cause })
}

/** Runs a conversion of a value of this column. @throws OvsdbError `bad-value` with the table and the column */
export function inColumn<T>(table: string, column: string, convert: () => T): T {
  try {
    return convert()
  } catch (error) {
    throw about(error, table, column)
  }
}
