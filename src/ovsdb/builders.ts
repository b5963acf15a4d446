/**
 * Operations that can name only tables and columns that the schema has, with values of their types:
 *
 *     const { insert, mutate } = operations(openVSwitch)
 *     insert('Port', { name: 'tap1', interfaces: new Set([namedUuid('i')]) })
 */
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
  type Input,
  type MapOf,
  type Row,
  type Scalar,
  type Schema,
  type SetOf,
  scalar,
  type TableName,
} from './schema.ts'
import { decodeColumn, encodeColumn, namedUuid, type Plain, type Uuid } from './value.ts'

type Table<S extends Schema, T extends TableName<S>> = S['tables'][T]

/** Columns that every table has (RFC 7047 section 3.2). */
const ROW_ID = { _uuid: scalar('uuid') } as const
type RowId = typeof ROW_ID

/** Some of a table's columns. */
export type RowInput<C extends Columns> = { readonly [N in keyof C]?: Input<C[N]> }

/** Which rows: the one with this UUID; or those of which all conditions hold, every row if there are none. */
export type Where<C extends Columns> = Uuid | ReadonlyArray<Condition<C & RowId>>
type Condition<C extends Columns> = {
  [N in keyof C & string]: readonly [column: N, comparison: Comparison, value: Input<C[N]>]
}[keyof C & string]

/** RFC 7047 section 5.1, <mutation>: arithmetic on numbers; insert and delete on sets and maps, deletion by key too. */
export type Mutations<C extends Columns> = ReadonlyArray<
  { [N in keyof C & string]: Mutation<N, C[N]> }[keyof C & string]
>
type Mutation<N extends string, C extends Column> =
  C extends Scalar<'integer' | 'real'>
    ? readonly [column: N, mutator: Exclude<Mutator, 'insert' | 'delete'>, value: number]
    : C extends SetOf
      ? readonly [column: N, mutator: 'insert' | 'delete', value: Input<C>]
      : C extends MapOf<infer K>
        ?
            | readonly [column: N, mutator: 'insert' | 'delete', value: Input<C>]
            | readonly [column: N, mutator: 'delete', value: ReadonlySet<AtomInput<K>>]
        : never

export const operations = <const S extends Schema>(schema: S) => {
  const columnsOf = (table: string): Columns => ({ ...ROW_ID, ...schema.tables[table] })

  return {
    /** @param options.as a name for the new row, so that this transaction can refer to it by `namedUuid` */
    insert<T extends TableName<S>>(
      table: T,
      row: RowInput<Table<S, T>>,
      options: { readonly as?: string } = {},
    ): Insert {
      const insertion = { op: 'insert', table, row: wireRow(columnsOf(table), row) } as const
      return options.as === undefined ? insertion : { ...insertion, 'uuid-name': namedUuid(options.as)[1] }
    },

    /** @param columns `_uuid` may be among them */
    select<T extends TableName<S>, N extends ColumnName<S, T> | '_uuid'>(
      table: T,
      where: Where<Table<S, T>>,
      columns: readonly N[],
    ): Select<Row<Table<S, T> & RowId, N>> {
      const known = columnsOf(table)
      return {
        op: 'select',
        table,
        where: wireWhere(known, where),
        columns,
        [READ]: (row) => readRow(known, columns, row) as Row<Table<S, T> & RowId, N>,
      }
    },

    update<T extends TableName<S>>(table: T, where: Where<Table<S, T>>, row: RowInput<Table<S, T>>): Update {
      const known = columnsOf(table)
      return { op: 'update', table, where: wireWhere(known, where), row: wireRow(known, row) }
    },

    mutate<T extends TableName<S>>(table: T, where: Where<Table<S, T>>, mutations: Mutations<Table<S, T>>): Mutate {
      const known = columnsOf(table)
      return { op: 'mutate', table, where: wireWhere(known, where), mutations: wireMutations(known, mutations) }
    },

    del<T extends TableName<S>>(table: T, where: Where<Table<S, T>>): Delete {
      return { op: 'delete', table, where: wireWhere(columnsOf(table), where) }
    },

    /**
     * The transaction goes on only when the rows picked by `where`, cut to `columns`, are (or are not) `rows`.
     * @param timeout milliseconds; 0 asks without waiting; without it, for ever
     */
    wait<T extends TableName<S>, N extends ColumnName<S, T>>(
      table: T,
      where: Where<Table<S, T>>,
      columns: readonly N[],
      until: '==' | '!=',
      rows: ReadonlyArray<RowInput<Table<S, T>>>,
      timeout?: number,
    ): Wait {
      const known = columnsOf(table)
      const wanted = rows.map((row) => wireRow(known, row))
      const wait = { op: 'wait', table, where: wireWhere(known, where), columns, until, rows: wanted } as const
      return timeout === undefined ? wait : { ...wait, timeout }
    },
  }
}

const columnOf = (known: Columns, name: string): Column => {
  const column = known[name]
  if (column === undefined) throw new TypeError(`the schema has no column ${name} here`)
  return column
}

const wireRow = (known: Columns, row: object): WireRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, encodeColumn(columnOf(known, name), value as Plain)]),
  )

const wireWhere = (
  known: Columns,
  where: Uuid | ReadonlyArray<readonly [column: string, comparison: Comparison, value: unknown]>,
): WireCondition[] =>
  isUuid(where)
    ? [['_uuid', '==', where]]
    : where.map(([name, comparison, value]) => [name, comparison, encodeColumn(columnOf(known, name), value as Plain)])

const isUuid = (where: Uuid | readonly unknown[]): where is Uuid => where[0] === 'uuid'

const wireMutations = (known: Columns, mutations: ReadonlyArray<readonly [string, Mutator, unknown]>): WireMutation[] =>
  mutations.map(([name, mutator, value]) => {
    const column = columnOf(known, name)
    const keys = column.kind === 'map' && value instanceof Set
    const operand: Column = keys ? { kind: 'set', type: column.key } : column
    return [name, mutator, encodeColumn(operand, value as Plain)]
  })

const readRow = (known: Columns, names: readonly string[], row: JsonObject): object =>
  Object.fromEntries(names.map((name) => [name, decodeColumn(columnOf(known, name), row[name])]))
