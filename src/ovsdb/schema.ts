/**
 * The tables of a database as a program knows them: one row per column, from which the types of rows are inferred. It
 * does not have to name every table and column of the server. `disagreements` compares it with the schema of the
 * server.
 */
import type { NamedUuid, Uuid } from './value.ts'

/** RFC 7047 section 3.2, <atomic-type>. */
export type AtomType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid'

/** The strings that may be written. Any string may be read, because the server may be newer. */
export type Enum = readonly string[]
/** RFC 7047 section 3.2, <base-type>: the type of one value. */
export type Base = AtomType | Enum

/** Exactly one value. */
export interface Scalar<T extends Base = Base> {
  readonly kind: 'scalar'
  readonly type: T
}

/** One value or none ("min": 0, "max": 1). */
export interface Optional<T extends Base = Base> {
  readonly kind: 'optional'
  readonly type: T
}

/** A set that may have more than one element. */
export interface SetOf<T extends Base = Base> {
  readonly kind: 'set'
  readonly type: T
}

/** A map that may have more than one pair. */
export interface MapOf<K extends Base = Base, V extends Base = Base> {
  readonly kind: 'map'
  readonly key: K
  readonly value: V
}

/** Written when its row is inserted, and never changed. */
export interface Immutable {
  readonly mutable: false
}

/** A column: how many values it holds, and their type. */
export type Column = (Scalar | Optional | SetOf | MapOf) & Partial<Immutable>

/** The columns of a table, by name. */
export interface Columns {
  readonly [column: string]: Column
}

/**
 * A database as a program knows it. `ovsdb-types` generates it from an `.ovsschema`. By hand: `{ name: 'db', tables: {
 * T: { a: scalar('string') } } } as const satisfies Schema`.
 */
export interface Schema {
  /** The database's name. */
  readonly name: string
  readonly tables: { readonly [table: string]: Columns }
}

/** A column that holds exactly one value. */
export const scalar = <const T extends Base>(type: T): Scalar<T> => ({ kind: 'scalar', type })
/** A column that holds one value or `null`. */
export const optional = <const T extends Base>(type: T): Optional<T> => ({ kind: 'optional', type })
/** A column that holds a set. */
export const setOf = <const T extends Base>(type: T): SetOf<T> => ({ kind: 'set', type })
/** A column that holds a map. */
export const mapOf = <const K extends Base, const V extends Base>(key: K, value: V): MapOf<K, V> => ({
  kind: 'map',
  key,
  value,
})
/** The same column, but written only when its row is inserted. */
export const immutable = <C extends Column>(column: C): C & Immutable => ({ ...column, mutable: false })

/** The type of an atom on the wire. Values of an enumeration are strings. */
export const atomTypeOf = (base: Base): AtomType => (typeof base === 'string' ? base : 'string')

/**
 * The JavaScript type of an atom. Integers have 64 bits on the wire but are numbers here, exact up to 2^53. A UUID is
 * its text.
 */
export type Atom<T extends Base> = T extends 'integer' | 'real' ? number : T extends 'boolean' ? boolean : string

/** The type of a column that is read. */
export type Value<C extends Column> =
  C extends Scalar<infer T>
    ? Atom<T>
    : C extends Optional<infer T>
      ? Atom<T> | null
      : C extends SetOf<infer T>
        ? ReadonlySet<Atom<T>>
        : C extends MapOf<infer K, infer V>
          ? ReadonlyMap<Atom<K>, Atom<V>>
          : never

/**
 * The type of an atom that is written: a value of an enumeration, a UUID as text or as a reference, otherwise the same
 * as when it is read.
 */
export type AtomInput<T extends Base> = T extends Enum
  ? T[number]
  : T extends 'uuid'
    ? string | Uuid | NamedUuid
    : Atom<T>

/**
 * The type of a column that is written: the same as when it is read, plus references to rows of the same transaction.
 */
export type Input<C extends Column> =
  C extends Scalar<infer T>
    ? AtomInput<T>
    : C extends Optional<infer T>
      ? AtomInput<T> | null
      : C extends SetOf<infer T>
        ? ReadonlySet<AtomInput<T>>
        : C extends MapOf<infer K, infer V>
          ? ReadonlyMap<AtomInput<K>, AtomInput<V>>
          : never

/** Some columns of a table, for a new row. */
export type RowInput<C extends Columns> = { readonly [N in keyof C]?: Input<C[N]> }

/** Some columns of a table, for an existing row. */
export type RowUpdate<C extends Columns> = {
  readonly [N in keyof C as C[N] extends Immutable ? never : N]?: Input<C[N]>
}

/** A row with the requested columns. */
export type Row<C extends Columns, Name extends keyof C = keyof C> = { readonly [N in Name]: Value<C[N]> }

/** The names of the tables of a schema. */
export type TableName<S extends Schema> = keyof S['tables'] & string
/** The names of the columns of a table. */
export type ColumnName<S extends Schema, T extends TableName<S>> = keyof S['tables'][T] & string
