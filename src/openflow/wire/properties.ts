/**
 * Properties: the TLVs that extend structures in OpenFlow 1.4 and later (OpenFlow 1.5.1, 7.2.1.1). Layout: type 16
 * bits, length 16 bits without the padding, body, padding to a multiple of 8. Each kind has one row. A property without
 * a row is kept as octets.
 */

import type { Reader, Writer } from './cursor.ts'
import { BAD_PROPERTY_LEN } from './error-values.ts'
import { EXPERIMENTER } from './experimenters.ts'
import type { Part } from './layout.ts'
import { checkList, lacking, OpenFlowError, refusal } from './openflow-error.ts'

/** A kind of property: its number, the layout of its body, and the first version that has it. */
export interface PropertyRow<Value> {
  readonly code: number
  readonly body: Part<Value>
  readonly first: number
  /** The experimenter and its number for the property, both of which precede the body. */
  readonly experimenter?: readonly [id: number, type: number]
}

type Rows = Readonly<Record<string, PropertyRow<object>>>
type ValueOf<Row> = Row extends PropertyRow<infer Value> ? Value : never

/** A property without a row, kept as it came, without its padding. */
export interface UnknownProperty {
  readonly type: 'unknown'
  readonly code: number
  readonly body: Uint8Array
}

/** A property of one of these kinds, or an unknown one. */
export type PropertyOf<R extends Rows> =
  | { [Name in keyof R]: { readonly type: Name } & ValueOf<R[Name]> }[keyof R]
  | UnknownProperty

export const property = <Value>(code: number, body: Part<Value>, first = 0): PropertyRow<Value> => ({
  code,
  body,
  first,
})

/** A property of an experimenter. */
export const experimenters = <Value>(id: number, type: number, body: Part<Value>): PropertyRow<Value> => ({
  code: EXPERIMENTER,
  body,
  first: 0,
  experimenter: [id, type],
})

/** All properties up to the end. */
export function properties<R extends Rows>(rows: R): Part<ReadonlyArray<PropertyOf<R>>> {
  const entries = Object.entries(rows) as Array<[string, PropertyRow<object>]>
  const find = (version: number, code: number, body: Reader): [string, PropertyRow<object>] | undefined =>
    entries.find(([, row]) => row.code === code && row.first <= version && isOf(row, body))
  const readOne = (r: Reader): PropertyOf<R> => {
    const { code, body } = readFrame(r)
    const copy = body.copy()
    const [type, row] = find(r.version, code, body) ?? []
    if (type && row) {
      const value = row.body.read(row.experimenter ? body.skip(8) : body)
      if (body.left === 0) return { type, ...value } as PropertyOf<R>
    }
    return { type: 'unknown', code, body: copy.rest() }
  }
  return {
    write(w, values, name) {
      checkList(name, values)
      for (const value of values) {
        if (value.type === 'unknown') writeFrame(w, (value as UnknownProperty).code, (value as UnknownProperty).body)
        else writeKnown(w, rows, value as { readonly type: string })
      }
    },
    read(r) {
      const values: Array<PropertyOf<R>> = []
      while (r.left > 0) values.push(readOne(r))
      return values
    },
  }
}

function isOf({ experimenter }: PropertyRow<object>, body: Reader): boolean {
  if (!experimenter) return true
  if (body.left < 8) return false
  const head = body.copy()
  return head.u32() === experimenter[0] && head.u32() === experimenter[1]
}

function writeKnown(w: Writer, rows: Rows, value: { readonly type: string }): void {
  const row = Object.hasOwn(rows, value.type) ? rows[value.type] : undefined
  if (!row) throw refusal('type of a property', value.type, `${Object.keys(rows).join(', ')}, unknown`)
  if (w.version < row.first) throw lacking(w.version, `property ${value.type}`)
  const start = w.length
  w.u16(row.code).u16(0)
  if (row.experimenter) w.u32(row.experimenter[0]).u32(row.experimenter[1])
  row.body.write(w, value, value.type)
  w.patch16(start + 2, w.length - start, value.type)
  w.align8(start)
}

function writeFrame(w: Writer, code: number, body: Uint8Array): void {
  const start = w.length
  w.u16(code, 'code of a property').u16(0).bytes(body, 'body of a property')
  w.patch16(start + 2, w.length - start, 'property')
  w.align8(start)
}

function readFrame(r: Reader): { readonly code: number; readonly body: Reader } {
  const { offset } = r
  const code = r.u16()
  const length = r.u16()
  if (length < 4) {
    throw new OpenFlowError('malformed', 'a property shorter than its header', { offset, error: BAD_PROPERTY_LEN })
  }
  const body = r.part(length - 4, BAD_PROPERTY_LEN)
  r.align8(offset)
  return { code, body }
}
