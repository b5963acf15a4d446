/**
 * The schema of a database as the server describes it (RFC 7047 section 3.2), and its comparison with the schema of a
 * program.
 */
import { OvsdbError } from './ovsdb-error.ts'
import { excerpt, isObject } from './rpc.ts'
import { type AtomType, atomTypeOf, type Base, type Column, type Schema } from './schema.ts'

/** RFC 7047 section 3.2, <base-type>. Constraints on values are left to the server. */
export type BaseType = AtomType | { readonly type: AtomType; readonly refTable?: string; readonly enum?: unknown }

/** RFC 7047 section 3.2, <type>. */
export type ColumnType =
  | AtomType
  | {
      readonly key: BaseType
      readonly value?: BaseType
      readonly min?: number
      readonly max?: number | 'unlimited'
    }

/** RFC 7047 section 3.2, <column-schema>. */
export interface ColumnSchema {
  readonly type: ColumnType
  readonly ephemeral?: boolean
  readonly mutable?: boolean
}

/** RFC 7047 section 3.2, <table-schema>. */
export interface TableSchema {
  readonly columns: { readonly [column: string]: ColumnSchema }
  readonly maxRows?: number
  readonly isRoot?: boolean
  readonly indexes?: ReadonlyArray<readonly string[]>
}

/** RFC 7047 section 3.2, <database-schema>: a schema as the server describes it. */
export interface DatabaseSchema {
  readonly name: string
  readonly version: string
  readonly cksum?: string
  readonly tables: { readonly [table: string]: TableSchema }
}

/**
 * Checks JSON that should be a schema, such as that of an `.ovsschema` file.
 * @throws OvsdbError `malformed-message`
 */
export const databaseSchemaOf = (json: unknown): DatabaseSchema => {
  const fits =
    isObject(json) &&
    typeof json.name === 'string' &&
    typeof json.version === 'string' &&
    isObject(json.tables) &&
    Object.values(json.tables).every(isTable)
  if (!fits) throw new OvsdbError('malformed-message', `not a database schema: ${excerpt(json)}`)
  return json as unknown as DatabaseSchema
}

/**
 * What the server does not have of `schema`, or has with another type, one sentence each. An empty list means that they
 * agree.
 */
export const disagreements = (schema: Schema, served: DatabaseSchema): string[] => {
  const found: string[] = []
  if (served.name !== schema.name) found.push(`the database is ${served.name}, not ${schema.name}`)
  for (const [table, columns] of Object.entries(schema.tables)) {
    const there = served.tables[table]?.columns
    if (there === undefined) {
      found.push(`there is no table ${table}`)
      continue
    }
    for (const [name, column] of Object.entries(columns)) {
      const type = there[name]?.type
      if (type === undefined) found.push(`table ${table} has no column ${name}`)
      else if (!agrees(column, type)) found.push(`${table}.${name} is of type ${JSON.stringify(type)}`)
    }
  }
  return found
}

const agrees = (column: Column, type: ColumnType): boolean => {
  const { key, value, min = 1, max = 1 } = typeof type === 'string' ? { key: type } : type
  if (column.kind === 'map') {
    return value !== undefined && max !== 1 && like(column.key, key) && like(column.value, value)
  }
  const kind = max !== 1 ? 'set' : min === 0 ? 'optional' : 'scalar'
  return value === undefined && kind === column.kind && like(column.type, key)
}

const like = (ours: Base, theirs: BaseType): boolean =>
  atomTypeOf(ours) === (typeof theirs === 'string' ? theirs : theirs.type)

const isTable = (table: unknown): boolean =>
  isObject(table) &&
  isObject(table.columns) &&
  Object.values(table.columns).every((column) => isObject(column) && isType(column.type))

const isType = (type: unknown): boolean =>
  isBase(type) || (isObject(type) && isBase(type.key) && (type.value === undefined || isBase(type.value)))

const isBase = (base: unknown): boolean => typeof base === 'string' || (isObject(base) && typeof base.type === 'string')
