/**
 * A database's tables as a program knows them: one row per column, from which the types of rows are inferred. It need
 * not name every table and column that the server has; `disagreements` compares it with what the server says.
 */
import type { NamedUuid, Uuid } from './value.ts'

/** RFC 7047 section 3.2, <atomic-type>. */
export type AtomType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid'

/** Exactly one. */
export interface Scalar<T extends AtomType = AtomType> {
  readonly kind: 'scalar'
  readonly type: T
}

/** One or none ("min": 0, "max": 1). */
export interface Optional<T extends AtomType = AtomType> {
  readonly kind: 'optional'
  readonly type: T
}

/** A set that may have more than one element. */
export interface SetOf<T extends AtomType = AtomType> {
  readonly kind: 'set'
  readonly type: T
}

/** A map that may have more than one pair. */
export interface MapOf<K extends AtomType = AtomType, V extends AtomType = AtomType> {
  readonly kind: 'map'
  readonly key: K
  readonly value: V
}

export type Column = Scalar | Optional | SetOf | MapOf

export interface Columns {
  readonly [column: string]: Column
}

export interface Schema {
  /** The database's name. */
  readonly name: string
  readonly tables: { readonly [table: string]: Columns }
}

export const scalar = <T extends AtomType>(type: T): Scalar<T> => ({ kind: 'scalar', type })
export const optional = <T extends AtomType>(type: T): Optional<T> => ({ kind: 'optional', type })
export const setOf = <T extends AtomType>(type: T): SetOf<T> => ({ kind: 'set', type })
export const mapOf = <K extends AtomType, V extends AtomType>(key: K, value: V): MapOf<K, V> => ({
  kind: 'map',
  key,
  value,
})

/** Integers are 64 bits on the wire and JavaScript numbers here: exact up to 2^53. A UUID is its text. */
export type Atom<T extends AtomType> = T extends 'integer' | 'real' ? number : T extends 'boolean' ? boolean : string

/** What a column holds, when read. */
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

export type AtomInput<T extends AtomType> = T extends 'uuid' ? string | Uuid | NamedUuid : Atom<T>

/** What may be written to a column: as it is read, and references to rows of the same transaction. */
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

/** A row with the columns that were asked for. */
export type Row<C extends Columns, Name extends keyof C = keyof C> = { readonly [N in Name]: Value<C[N]> }

export type TableName<S extends Schema> = keyof S['tables'] & string
export type ColumnName<S extends Schema, T extends TableName<S>> = keyof S['tables'][T] & string
