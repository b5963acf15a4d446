/**
 * Converts atoms, sets and maps between JavaScript and the wire (RFC 7047 section 5.1), and applies the differences of
 * "update2".
 */
import { OvsdbError } from './ovsdb-error.ts'
import { excerpt } from './rpc.ts'
import { type Atom, type AtomType, atomTypeOf, type Base, type Column, type Value } from './schema.ts'

/** A reference to an existing row. */
export type Uuid = readonly ['uuid', string]
/** A reference to a row that this transaction inserts. */
export type NamedUuid = readonly ['named-uuid', string]

/** RFC 7047 section 5.1, <atom>. */
export type WireAtom = string | number | boolean | Uuid | NamedUuid
/** RFC 7047 section 5.1, <value>. */
export type WireValue =
  | WireAtom
  | readonly ['set', readonly WireAtom[]]
  | readonly ['map', ReadonlyArray<readonly [WireAtom, WireAtom]>]

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** <id> */
const ID = /^[A-Za-z_][A-Za-z0-9_]*$/
const NO_UUID = '00000000-0000-0000-0000-000000000000'

/**
 * A reference to an existing row.
 * @throws OvsdbError `bad-value` if the text is not a UUID in lower case
 */
export const uuid = (text: string): Uuid => {
  if (!UUID.test(text)) throw new OvsdbError('bad-value', `${excerpt(text)} is not a UUID`)
  return ['uuid', text]
}

/**
 * A reference to a row that the same transaction inserts with this name.
 * @throws OvsdbError `bad-value` unless it consists of letters, digits and _, and does not begin with a digit
 */
export const namedUuid = (id: string): NamedUuid => {
  if (!ID.test(id)) throw new OvsdbError('bad-value', `${excerpt(id)} cannot be a uuid-name`)
  return ['named-uuid', id]
}

/** A value in JavaScript. `null` means no value. */
export type Plain = WireAtom | null | ReadonlySet<WireAtom> | ReadonlyMap<WireAtom, WireAtom>

/**
 * A JavaScript value in OVSDB's notation, by its JavaScript type: null is the empty set, and a string is never a UUID.
 */
export const encode = (value: Plain): WireValue => {
  if (value === null) return ['set', []]
  if (value instanceof Set) return ['set', [...value]]
  if (value instanceof Map) return ['map', [...value]]
  return value as WireAtom
}

/**
 * A JavaScript value in OVSDB's notation, by the type of its column: a string in a column of UUIDs is a reference to an
 * existing row.
 */
export const encodeColumn = (column: Column, value: Plain): WireValue => {
  switch (column.kind) {
    case 'scalar':
      return encodeAtom(column.type, value)
    case 'optional':
      return value === null ? ['set', []] : encodeAtom(column.type, value)
    case 'set':
      if (!(value instanceof Set)) throw misfit(column, value)
      return ['set', Array.from(value as ReadonlySet<WireAtom>, (atom) => encodeAtom(column.type, atom))]
    case 'map': {
      if (!(value instanceof Map)) throw misfit(column, value)
      const pairs = value as ReadonlyMap<WireAtom, WireAtom>
      return ['map', Array.from(pairs, ([k, v]) => [encodeAtom(column.key, k), encodeAtom(column.value, v)] as const)]
    }
  }
}

export const encodeAtom = (type: Base, value: unknown): WireAtom => {
  if (typeof type !== 'string') {
    if (typeof value === 'string' && type.includes(value)) return value
    throw misfit(`one of ${type.join(', ')}`, value)
  }
  switch (type) {
    case 'uuid':
      if (typeof value === 'string') return uuid(value)
      if (isPair(value, 'uuid') || isPair(value, 'named-uuid')) return value as Uuid | NamedUuid
      break
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'boolean':
      if (typeof value === 'boolean') return value
      break
    case 'integer':
      if (Number.isSafeInteger(value)) return value as number
      break
    case 'real':
      if (Number.isFinite(value)) return value as number
      break
  }
  throw misfit(type, value)
}

/** @throws OvsdbError bad-value */
export const decodeColumn = <C extends Column>(column: C, wire: unknown): Value<C> => decode(column, wire) as Value<C>

const decode = (column: Column, wire: unknown): Value<Column> => {
  switch (column.kind) {
    case 'scalar':
    case 'optional': {
      const atoms = elements(wire)
      if (atoms.length === 0 && column.kind === 'optional') return null
      if (atoms.length !== 1) throw misfit(column, wire)
      return decodeAtom(column.type, atoms[0])
    }
    case 'set':
      return new Set(elements(wire).map((atom) => decodeAtom(column.type, atom)))
    case 'map':
      return new Map(pairs(wire).map(([k, v]) => [decodeAtom(column.key, k), decodeAtom(column.value, v)]))
  }
}

const decodeAtom = (base: Base, wire: unknown): Atom<Base> => {
  const type = atomTypeOf(base)
  const fits =
    type === 'uuid'
      ? isPair(wire, 'uuid')
      : type === 'integer'
        ? Number.isInteger(wire)
        : typeof wire === (type === 'real' ? 'number' : type)
  if (!fits) throw misfit(type, wire)
  return type === 'uuid' ? (wire as Uuid)[1] : (wire as Atom<AtomType>)
}

/**
 * The default value of a column. "initial" and "insert" omit columns with their default value (ovsdb-server(7),
 * 4.1.14).
 */
export const defaultOf = (column: Column): Value<Column> => {
  switch (column.kind) {
    case 'scalar':
      return DEFAULT_ATOM[atomTypeOf(column.type)]
    case 'optional':
      return null
    case 'set':
      return new Set()
    case 'map':
      return new Map()
  }
}

const DEFAULT_ATOM = { integer: 0, real: 0, boolean: false, string: '', uuid: NO_UUID } as const

/**
 * Applies a "modify" of ovsdb-server(7), 4.1.14. For a column of at most one value, it is the new value. For a set, it
 * is the elements that only the old or only the new set has. For a map, it is the pairs whose key only one of them has,
 * and the new pair where the value differs.
 */
export const applyDifference = <C extends Column>(column: C, old: Value<C>, wire: unknown): Value<C> => {
  const difference = decode(column, wire)
  if (column.kind === 'set') {
    const after = new Set(old as ReadonlySet<unknown>)
    for (const atom of difference as ReadonlySet<unknown>) if (!after.delete(atom)) after.add(atom)
    return after as unknown as Value<C>
  }
  if (column.kind === 'map') {
    const after = new Map(old as ReadonlyMap<unknown, unknown>)
    for (const [key, value] of difference as ReadonlyMap<unknown, unknown>) {
      if (after.has(key) && after.get(key) === value) after.delete(key)
      else after.set(key, value)
    }
    return after as unknown as Value<C>
  }
  return difference as Value<C>
}

/** Whether two values of one column are equal. */
export const sameValue = (one: unknown, other: unknown): boolean => {
  if (one instanceof Set && other instanceof Set) {
    return one.size === other.size && [...one].every((atom) => other.has(atom))
  }
  if (one instanceof Map && other instanceof Map) {
    return one.size === other.size && [...one].every(([key, value]) => other.has(key) && other.get(key) === value)
  }
  return one === other
}

/** A set of one element may be written as that element. */
const elements = (wire: unknown): readonly unknown[] => {
  if (!isTagged(wire, 'set')) return [wire]
  if (!Array.isArray(wire[1])) throw misfit('set', wire)
  return wire[1]
}

const pairs = (wire: unknown): ReadonlyArray<readonly [unknown, unknown]> => {
  if (!isTagged(wire, 'map') || !Array.isArray(wire[1])) throw misfit('map', wire)
  for (const pair of wire[1]) if (!Array.isArray(pair) || pair.length !== 2) throw misfit('map', wire)
  return wire[1]
}

const isTagged = (wire: unknown, tag: string): wire is readonly [string, unknown] =>
  Array.isArray(wire) && wire.length === 2 && wire[0] === tag

const isPair = (wire: unknown, tag: string): boolean => isTagged(wire, tag) && typeof wire[1] === 'string'

const misfit = (expected: Column | string, got: unknown): OvsdbError => {
  const name = typeof expected === 'string' ? expected : expected.kind
  return new OvsdbError('bad-value', `${excerpt(got)} is not ${/^one of/.test(name) ? name : `of type ${name}`}`)
}
