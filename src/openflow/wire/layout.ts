/**
 * Structures as data: `struct({ table: u8, pad: pad(3) })` writes, reads and types a sequence of fields, all from one
 * list.
 */
import type { Reader, Writer } from './cursor.ts'
import { BAD_LEN } from './error-values.ts'
import { octetsOf, textOf } from './octet-text.ts'
import type { ErrorValue } from './openflow-error.ts'
import { checkList, lacking, OpenFlowError, refusal } from './openflow-error.ts'

/** A field that can be written and read. */
export interface Part<Value> {
  write(w: Writer, value: Value, name: string): void
  read(r: Reader): Value
}

export interface Padding extends Part<undefined> {
  readonly padding: true
}

export interface Defaulted<Value> extends Part<Value> {
  readonly fallback: Value
}

type Parts = Readonly<Record<string, Part<unknown>>>
type ValueOf<P> = P extends Part<infer Value> ? Value : never
type OptionalKeys<S> = { [K in keyof S]: S[K] extends Defaulted<unknown> ? K : never }[keyof S]
type PaddingKeys<S> = { [K in keyof S]: S[K] extends Padding ? K : never }[keyof S]
type RequiredKeys<S> = Exclude<keyof S, OptionalKeys<S> | PaddingKeys<S>>

/** The value of a structure with these fields. */
export type Values<S> = { readonly [K in RequiredKeys<S>]: ValueOf<S[K]> } & {
  readonly [K in OptionalKeys<S>]?: ValueOf<S[K]>
}

export const u8: Part<number> = { write: (w, value, name) => void w.u8(value, name), read: (r) => r.u8() }
export const u16: Part<number> = { write: (w, value, name) => void w.u16(value, name), read: (r) => r.u16() }
export const u32: Part<number> = { write: (w, value, name) => void w.u32(value, name), read: (r) => r.u32() }
export const u64: Part<bigint> = { write: (w, value, name) => void w.u64(value, name), read: (r) => r.u64() }
export const mac: Part<number> = { write: (w, value, name) => void w.u48(value, name), read: (r) => r.u48() }

/** Padding, in versions from `first` on. */
export const pad = (count: number, first = 0): Padding => ({
  padding: true,
  write: (w) => void w.zeros(w.version < first ? 0 : count),
  read: (r) => void r.skip(r.version < first ? 0 : count) as undefined,
})

/** A field that may be omitted when it is written. */
export const or = <Value>(part: Part<Value>, fallback: Value): Defaulted<Value> => ({
  fallback,
  write: (w, value, name) => part.write(w, value, name),
  read: (r) => part.read(r),
})

/** Whether the value was omitted or is the default anyway. */
const isFallback = (value: unknown, fallback: unknown): boolean =>
  value === fallback || (hasNothing(value) && hasNothing(fallback))
const hasNothing = (value: unknown): boolean =>
  (Array.isArray(value) || value instanceof Uint8Array) && value.length === 0

/**
 * A field that only the versions from `first` to `last` have. In other versions it is `zeros` octets, reads as its
 * default, and any other value is refused by name.
 */
export const within = <Value>(
  [first, last]: readonly [first: number, last: number],
  part: Defaulted<Value>,
  zeros = 0,
): Defaulted<Value> => ({
  fallback: part.fallback,
  write(w, value, name) {
    if (w.version >= first && w.version <= last) part.write(w, value, name)
    else if (isFallback(value, part.fallback)) w.zeros(zeros)
    else throw lacking(w.version, name)
  },
  read(r) {
    if (r.version >= first && r.version <= last) return part.read(r)
    r.skip(zeros)
    return part.fallback
  },
})

const EVER = Number.POSITIVE_INFINITY

/** A field that versions have from this one on. */
export const since = <Value>(first: number, part: Defaulted<Value>, zeros = 0): Defaulted<Value> =>
  within([first, EVER], part, zeros)

/** A field that versions have up to this one. */
export const until = <Value>(last: number, part: Defaulted<Value>, zeros = 0): Defaulted<Value> =>
  within([0, last], part, zeros)

/** A value with one layout before a version and another one from that version on. */
export const either = <Value>(first: number, before: Part<Value>, after: Part<Value>): Part<Value> => ({
  write: (w, value, name) => (w.version < first ? before : after).write(w, value, name),
  read: (r) => (r.version < first ? before : after).read(r),
})

/** All octets up to the end. */
export const rest: Part<Uint8Array> = { write: (w, value, name) => void w.bytes(value, name), read: (r) => r.rest() }

/** Text in a fixed number of octets, padded with zeros. */
export function text(size: number): Part<string> {
  return {
    write(w, value, name) {
      if (typeof value !== 'string') throw refusal(name, value, 'text')
      const octets = octetsOf(value)
      if (octets.length > size)
        throw new OpenFlowError('out-of-range', `${name} "${value}": at most ${size} octets are possible`)
      w.bytes(octets).zeros(size - octets.length)
    },
    read(r) {
      const octets = r.bytes(size)
      const end = octets.indexOf(0)
      return textOf(end < 0 ? octets : octets.subarray(0, end))
    },
  }
}

/**
 * A number that stands for a name: its index in the list.
 * @param counts by wire version, how many of the names that version has. Versions that are not listed have all of
 *   them.
 */
export function choice<Name extends string>(
  part: Part<number>,
  names: readonly Name[],
  error: ErrorValue,
  counts: Readonly<Record<number, number>> = {},
): Part<Name> {
  const countIn = (version: number): number => counts[version] ?? names.length
  return {
    write(w, value, name) {
      const number = names.indexOf(value)
      if (number < 0) throw new OpenFlowError('out-of-range', `${name} holds ${value}: it takes ${names.join(', ')}`)
      if (number >= countIn(w.version)) throw lacking(w.version, `${name} ${value}`)
      part.write(w, number, name)
    },
    read(r) {
      const offset = r.offset
      const number = part.read(r)
      const found = number < countIn(r.version) ? names[number] : undefined
      if (found === undefined) {
        throw new OpenFlowError('malformed', `${number} is none of ${names.join(', ')}`, { offset, error })
      }
      return found
    },
  }
}

/** The number of each name, and the first version that has it if not all do. */
export type Numbers<Name extends string> = Readonly<Record<Name, number | readonly [code: number, first: number]>>

/** A number that stands for a name, by a table of numbers. */
export function named<Name extends string>(part: Part<number>, numbers: Numbers<Name>, error: ErrorValue): Part<Name> {
  const rows = new Map<string, readonly [code: number, first: number]>()
  const names = new Map<number, readonly [name: Name, first: number]>()
  for (const [name, number] of Object.entries(numbers) as Array<[Name, number | readonly [number, number]]>) {
    const [code, first] = typeof number === 'number' ? [number, 0] : number
    rows.set(name, [code, first])
    names.set(code, [name, first])
  }
  return {
    write(w, value, name) {
      const row = rows.get(value)
      if (!row)
        throw new OpenFlowError('out-of-range', `${name} holds ${value}: it takes ${[...rows.keys()].join(', ')}`)
      if (w.version < row[1]) throw lacking(w.version, `${name} ${value}`)
      part.write(w, row[0], name)
    },
    read(r) {
      const { offset } = r
      const number = part.read(r)
      const found = names.get(number)
      if (!found || r.version < found[1]) {
        throw new OpenFlowError('malformed', `${number} is none of ${[...rows.keys()].join(', ')}`, {
          offset,
          error,
        })
      }
      return found[0]
    },
  }
}

/**
 * A structure that contains its own total length, 16 bits at octet `at`. In `part` these bits are padding.
 * @param least the number of octets of an empty structure
 */
export const sized = <Value>(part: Part<Value>, least: number, at = 0): Part<Value> => ({
  write(w, value, name) {
    const start = w.length
    part.write(w, value, name)
    w.patch16(start + at, w.length - start, name)
  },
  read(r) {
    const { offset } = r
    const length = r.copy().skip(at).u16()
    if (length < least) {
      const message = `a structure of ${length} octets: it has at least ${least}`
      throw new OpenFlowError('malformed', message, { offset, error: BAD_LEN })
    }
    const body = r.part(length)
    const value = part.read(body)
    if (body.left > 0) {
      const message = `${body.left} octets are left over at the end of a structure`
      throw new OpenFlowError('malformed', message, { offset: body.offset, error: BAD_LEN })
    }
    return value
  },
})

/** A sequence of named fields. */
export function struct<S extends Parts>(parts: S): Part<Values<S>> {
  const rows = Object.entries(parts) as Array<[string, Part<unknown> & { fallback?: unknown; padding?: true }]>
  return {
    write(w, value, name) {
      if (typeof value !== 'object' || value === null) throw refusal(name, value, 'an object')
      const given: Readonly<Record<string, unknown>> = value
      for (const [own, part] of rows) part.write(w, given[own] ?? part.fallback, own)
    },
    read(r) {
      const value: Record<string, unknown> = {}
      for (const [name, part] of rows) {
        const one = part.read(r)
        if (!part.padding) value[name] = one
      }
      return value as Values<S>
    },
  }
}

/** A list of equal parts, up to the end. */
export function list<Value>(part: Part<Value>): Part<readonly Value[]> {
  return {
    write(w, values, name) {
      checkList(name, values)
      for (const value of values) part.write(w, value, name)
    },
    read(r) {
      const values: Value[] = []
      while (r.left > 0) {
        const { offset } = r
        values.push(part.read(r))
        if (r.offset === offset) throw new OpenFlowError('malformed', 'an entry without octets', { offset })
      }
      return values
    },
  }
}
