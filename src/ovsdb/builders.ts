/**
 * Makes operations that can name only tables and columns of the schema, with values of their types, for
 * `Connection.transact`. They throw OvsdbError `bad-value` for a value that does not fit its column, and TypeError for
 * a table or column that does not exist, or that does not have such a comparison.
 *
 *     const { insert, mutate } = operations(openVSwitch)
 *     insert('Port', { name: 'tap1', interfaces: new Set([namedUuid('i')]) })
 */

import { about, inColumn } from './error-place.ts'
import { type KnownTable, knownColumn, knownTable, type OF_EVERY_ROW } from './known-table.ts'
import type {
  Comparison,
  Delete,
  Insert,
  Mutate,
  Mutator,
  Select,
  Update,
  Wait,
  WireCondition,
  WireMutation,
  WireRow,
} from './operation.ts'
import { READ } from './operation.ts'
import type { JsonObject } from './rpc.ts'
import {
  type AtomInput,
  type Column,
  type ColumnName,
  type Columns,
  type Immutable,
  type Input,
  type MapOf,
  type Optional,
  type Row,
  type RowInput,
  type RowUpdate,
  type Scalar,
  type Schema,
  type SetOf,
  scalar,
  setOf,
  type TableName,
} from './schema.ts'
import { decodeColumn, encodeColumn, namedUuid, type Plain, type Uuid, uuid, type WireValue } from './value.ts'

type Table<S extends Schema, T extends TableName<S>> = S['tables'][T]

type WithId<C extends Columns> = C & typeof OF_EVERY_ROW

/** RFC 7047 section 5.1, <condition>: `['mtu', '>', 1500]`. */
export type Condition<C extends Columns> = {
  [N in keyof WithId<C> & string]: readonly [column: N, comparison: Comparison, value: Input<WithId<C>[N]>]
}[keyof WithId<C> & string]
/** Conditions that must all hold. Without conditions, every row is selected. */
export type Conditions<C extends Columns> = ReadonlyArray<Condition<C>>

/**
 * The rows to select: the one with this UUID, or those for which all conditions hold. Without conditions, every row is
 * selected.
 */
export type Where<C extends Columns> = Uuid | Conditions<C>

/**
 * RFC 7047 section 5.1, <mutation>: arithmetic on numbers; insert and delete on sets and maps. Map pairs can be deleted
 * by key, too.
 */
export type Mutations<C extends Columns> = ReadonlyArray<
  { [N in keyof C & string]: C[N] extends Immutable ? never : Mutation<N, C[N]> }[keyof C & string]
>
type Mutation<N extends string, C extends Column> =
  | (C extends NumberColumn ? readonly [column: N, mutator: Arithmetic, value: number] : never)
  | (C extends Optional | SetOf | MapOf ? readonly [column: N, mutator: 'insert' | 'delete', value: Input<C>] : never)
  | (C extends MapOf<infer K> ? readonly [column: N, mutator: 'delete', value: ReadonlySet<AtomInput<K>>] : never)
type Arithmetic = Exclude<Mutator, 'insert' | 'delete'>
type NumberColumn = Scalar<'integer' | 'real'> | Optional<'integer' | 'real'> | SetOf<'integer' | 'real'>

/**
 * Makes operations that can name only tables and columns of the schema, with values of their types, for
 * `Connection.transact`. They throw OvsdbError `bad-value` for a value that does not fit its column, and TypeError for
 * a table or column that does not exist, or that does not have such a comparison.
 */
export const operations = <const S extends Schema>(schema: S) => {
  const tableOf = (table: string): KnownTable => knownTable(schema, table)

  return {
    /**
     * Inserts a row. Omitted columns get their default. The result is `{ uuid }`.
     * @param options.as a name for the row, for `namedUuid` in the same transaction
     * @param options.uuid the UUID of the row (OVS 2.13)
     */
    insert<T extends TableName<S>>(
      table: T,
      row: RowInput<Table<S, T>>,
      options: { readonly as?: string; readonly uuid?: string } = {},
    ): Insert {
      return {
        op: 'insert',
        table,
        row: wireRow(tableOf(table), row),
        ...(options.as !== undefined && { 'uuid-name': namedUuid(options.as)[1] }),
        ...(options.uuid !== undefined && { uuid: uuid(options.uuid)[1] }),
      }
    },

    /**
     * Reads rows. The result is `{ rows }`, each with the requested columns.
     * @param columns columns of the schema, `_uuid` and `_version`; by default all of them
     */
    select<T extends TableName<S>, N extends ColumnName<S, T> | '_uuid' | '_version'>(
      table: T,
      where: Where<Table<S, T>>,
      columns: readonly N[] = Object.keys(tableOf(table).columns) as N[],
    ): Select<Row<WithId<Table<S, T>>, N>> {
      const known = tableOf(table)
      checkNames(known, columns)
      return {
        op: 'select',
        table,
        where: wireWhere(known, where),
        columns,
        [READ]: (row) => readRow(known, columns, row) as Row<WithId<Table<S, T>>, N>,
      }
    },

    /** Writes these columns of the rows. The result is `{ count }`. */
    update<T extends TableName<S>>(table: T, where: Where<Table<S, T>>, row: RowUpdate<Table<S, T>>): Update {
      const known = tableOf(table)
      return { op: 'update', table, where: wireWhere(known, where), row: wireRow(known, row) }
    },

    /** Adds values to columns, and removes values. The result is `{ count }`, the number of rows. */
    mutate<T extends TableName<S>>(table: T, where: Where<Table<S, T>>, mutations: Mutations<Table<S, T>>): Mutate {
      const known = tableOf(table)
      return { op: 'mutate', table, where: wireWhere(known, where), mutations: wireMutations(known, mutations) }
    },

    /** Deletes the rows. The result is `{ count }`. */
    del<T extends TableName<S>>(table: T, where: Where<Table<S, T>>): Delete {
      return { op: 'delete', table, where: wireWhere(tableOf(table), where) }
    },

    /**
     * Continues the transaction only when the selected rows, reduced to `columns`, are (or are not) `rows`.
     * @param timeout milliseconds; 0 checks without waiting; without it, there is no limit
     */
    wait<T extends TableName<S>, N extends ColumnName<S, T>>(
      table: T,
      where: Where<Table<S, T>>,
      columns: readonly N[],
      until: '==' | '!=',
      rows: ReadonlyArray<RowInput<Table<S, T>>>,
      timeout?: number,
    ): Wait {
      const known = tableOf(table)
      checkNames(known, columns)
      const wanted = rows.map((row) => wireRow(known, row))
      const wait = { op: 'wait', table, where: wireWhere(known, where), columns, until, rows: wanted } as const
      return timeout === undefined ? wait : { ...wait, timeout }
    },
  }
}

function checkNames(known: KnownTable, names: readonly string[]): void {
  for (const name of names) knownColumn(known, name)
}

const wireRow = (known: KnownTable, row: object): WireRow =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, wireValue(known, name, value)]))

/** @param as the type of the value, if it is not that of the column */
const wireValue = (known: KnownTable, name: string, value: unknown, as = knownColumn(known, name)): WireValue =>
  inColumn(known.table, name, () => encodeColumn(as, value as Plain))

const wireWhere = (known: KnownTable, where: Uuid | AnyConditions): WireCondition[] =>
  isUuid(where) ? [['_uuid', '==', where]] : wireConditions(known, where)

type AnyConditions = ReadonlyArray<readonly [column: string, comparison: Comparison, value: unknown]>

const OF_EVERY_COLUMN: readonly Comparison[] = ['==', '!=', 'includes', 'excludes']
const OF_NUMBERS: readonly Comparison[] = [...OF_EVERY_COLUMN, '<', '<=', '>=', '>']

/**
 * Whether the column has at most one value, a number. Only such columns are ordered (RFC 7047 section 5.1; ovsdb-server
 * accepts optional ones, too).
 */
const isNumber = (column: Column): boolean =>
  (column.kind === 'scalar' || column.kind === 'optional') && (column.type === 'integer' || column.type === 'real')

function checkComparison({ table }: KnownTable, name: string, column: Column, comparison: Comparison): void {
  const all = isNumber(column) ? OF_NUMBERS : OF_EVERY_COLUMN
  if (!all.includes(comparison))
    throw new TypeError(`${table}.${name} has no comparison ${comparison}: it has ${all.join(', ')}`)
}

/** @throws OvsdbError bad-value; TypeError if the column does not exist, or does not have such a comparison */
export const wireConditions = (known: KnownTable, conditions: AnyConditions): WireCondition[] =>
  conditions.map(([name, comparison, value]) => {
    checkComparison(known, name, knownColumn(known, name), comparison)
    return [name, comparison, wireValue(known, name, value)]
  })

const isUuid = (where: Uuid | readonly unknown[]): where is Uuid => where[0] === 'uuid'

const wireMutations = (
  known: KnownTable,
  mutations: ReadonlyArray<readonly [string, Mutator, unknown]>,
): WireMutation[] =>
  mutations.map(([name, mutator, value]) => [
    name,
    mutator,
    wireValue(known, name, value, operandOf(knownColumn(known, name), value)),
  ])

/**
 * The type of the operand of a mutation: the keys of a map can replace its pairs, and arithmetic on a set takes one
 * number.
 */
const operandOf = (column: Column, value: unknown): Column => {
  if (column.kind === 'map') return value instanceof Set ? setOf(column.key) : column
  return typeof value === 'number' ? scalar(column.type) : column
}

const readRow = (known: KnownTable, names: readonly string[], row: JsonObject): object => {
  let at = ''
  try {
    const read = (name: string) => {
      at = name
      return [name, decodeColumn(knownColumn(known, name), row[name])]
    }
    return Object.fromEntries(names.map(read))
  } catch (error) {
    throw about(error, known.table, at)
  }
}
