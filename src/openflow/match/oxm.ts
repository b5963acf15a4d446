/** OXM TLVs (OpenFlow 1.5.1, 7.2.3): a header (see field-headers.ts), the value, and a mask if the header says so. */
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_MATCH_LEN, BAD_MATCH_TYPE } from '../wire/error-values.ts'
import { checkList, OpenFlowError, refusal } from '../wire/openflow-error.ts'
import {
  type Found,
  fieldByExperimenter,
  fieldByWord,
  headers,
  isExperimenter,
  otherHeader,
  type Shape,
  writeOf,
} from './field-headers.ts'
import { FIELDS, type FieldName, type KnownField, known, type Match, type OxmField } from './match-fields.ts'

const LOW_64 = 0xffff_ffff_ffff_ffffn

export function writeField(w: Writer, field: OxmField): void {
  if (field.field === 'unknown') {
    const { class: cls, type, hasMask, experimenter, body } = field
    if (!(Number.isInteger(type) && type >= 0 && type < 128))
      throw refusal('type of a field', type, 'a whole number of 7 bits')
    w.u16(cls, 'class')
      .u8(type * 2 + (hasMask ? 1 : 0))
      .u8(body.length + (experimenter === undefined ? 0 : 4), 'length of a field')
    if (experimenter !== undefined) w.u32(experimenter, 'experimenter')
    w.bytes(body, 'body of a field')
    return
  }
  const { field: name, value, mask, header } = field
  const all = headers[name]
  const shape = all?.shape
  // Callers in JavaScript may pass anything.
  if (shape === undefined) throw refusal('field', name, 'a name of FIELDS, or unknown')
  const size = shape.isVariable ? sizeOf(field, shape) : shape.size
  const hasMask = mask === undefined ? 0 : 1
  if (header === undefined && all.word !== undefined) w.u32((all.word | (hasMask << 8) | (size << hasMask)) >>> 0)
  else writeOf(w, all, header, hasMask, size << hasMask)
  writeValue(w, shape, name, value, size)
  if (mask !== undefined) writeValue(w, shape, name, mask, size)
}

function writeValue(w: Writer, shape: Shape, name: string, value: number | bigint, size: number): void {
  // A value that uses all bits of its octets is checked by the writer.
  if (typeof value !== shape.width || (shape.isNarrow && value >= shape.limit)) throw outOfRange(name, shape, value)
  if (typeof value === 'bigint') {
    if (shape.isVariable) w.bytes(octetsOf(value, size, name))
    else if (size === 16) w.u64(value >> 64n, name).u64(value & LOW_64)
    else w.u64(value, name)
    return
  }
  if (size === 4) w.u32(value, name)
  else if (size === 2) w.u16(value, name)
  else if (size === 1) w.u8(value, name)
  else if (size === 6) w.u48(value, name)
  else w.u8((value - (value % 0x1_0000)) / 0x1_0000, name).u16(value % 0x1_0000, name)
}

const outOfRange = (name: string, { width, bits }: Shape, value: number | bigint): OpenFlowError =>
  new OpenFlowError('out-of-range', `${name} holds ${value} (a ${typeof value}): it takes a ${width} of ${bits} bits`)

/** The size of a field of variable size: as many octets as value and mask need, none for zeros. */
function leastSize(value: bigint, mask: bigint | undefined): number {
  const widest = mask !== undefined && mask > value ? mask : value
  return widest === 0n ? 0 : Math.ceil(widest.toString(16).length / 2)
}

function sizeOf(field: KnownField, shape: Shape): number {
  const mask = field.mask === undefined ? undefined : BigInt(field.mask)
  const { size = leastSize(BigInt(field.value), mask) } = field as { readonly size?: number }
  if (size <= shape.size) return size
  throw new OpenFlowError('out-of-range', `${field.field} has ${size} octets: at most ${shape.size} are possible`)
}

function octetsOf(value: bigint, size: number, name: string): Uint8Array {
  const digits = value < 0n ? '' : value.toString(16).padStart(size * 2, '0')
  if (value === 0n) return new Uint8Array(size)
  if (digits.length === size * 2) return Uint8Array.from(Buffer.from(digits, 'hex'))
  throw new OpenFlowError('out-of-range', `${name} holds ${value}, which does not fit into its ${size} octets`)
}

export function readField(r: Reader): OxmField {
  const offset = r.offset
  const head = r.u32()
  let length = head & 0xff
  const hasMask = ((head >>> 8) & 1) === 1
  if (!isExperimenter(head)) {
    const found = fieldByWord(head)
    if (found) return readKnown(r, found, head, length, hasMask, offset, undefined)
    return unknown(head, hasMask, undefined, r.part(length, BAD_MATCH_LEN).rest())
  }
  if (length < 4) return unknown(head, hasMask, undefined, r.part(length, BAD_MATCH_LEN).rest())
  const experimenter = r.u32()
  length -= 4
  const found = fieldByExperimenter(experimenter, head)
  if (found) return readKnown(r, found, head, length, hasMask, offset, experimenter)
  return unknown(head, hasMask, experimenter, r.part(length, BAD_MATCH_LEN).rest())
}

const unknown = (head: number, hasMask: boolean, experimenter: number | undefined, body: Uint8Array): OxmField => ({
  field: 'unknown',
  class: head >>> 16,
  type: (head >>> 9) & 0x7f,
  hasMask,
  ...(experimenter === undefined ? {} : { experimenter }),
  body,
})

function readKnown(
  r: Reader,
  found: Found,
  head: number,
  length: number,
  hasMask: boolean,
  offset: number,
  experimenter: number | undefined,
): OxmField {
  const { field: name, shape } = found
  if (shape.isVariable) return readVariable(r, name, head, length, hasMask)
  if (length !== shape.size << (hasMask ? 1 : 0)) {
    const message = `${name} has ${length} octets: it takes ${shape.size}${hasMask ? ' twice' : ''}`
    throw new OpenFlowError('malformed', message, { offset, error: BAD_MATCH_LEN })
  }
  if (found.isPlain) {
    const whole = readValue(r, shape.size)
    return hasMask ? known(name, whole, readValue(r, shape.size)) : known(name, whole)
  }
  const copy = shape.isNarrow ? r.copy() : r
  const value = readValue(r, shape.size)
  const mask = hasMask ? readValue(r, shape.size) : undefined
  // The value has bits that the field does not have, so the field is kept as octets.
  if (shape.isNarrow && (value >= shape.limit || (mask !== undefined && mask >= shape.limit))) {
    return unknown(head, hasMask, experimenter, copy.bytes(length))
  }
  const field = known(name, value, mask)
  return found.kind === 'oxm' && !shape.onf ? field : { ...field, ...otherHeader(r.version, found) }
}

function readVariable(r: Reader, name: FieldName, head: number, length: number, hasMask: boolean): OxmField {
  const octets = r.part(length, BAD_MATCH_LEN).rest()
  const size = hasMask ? length / 2 : length
  if (size > FIELDS[name].size || !Number.isInteger(size)) {
    return unknown(head, hasMask, undefined, octets)
  }
  const value = numberOf(octets.subarray(0, size))
  const mask = hasMask ? numberOf(octets.subarray(size)) : undefined
  const field = known(name, value, mask)
  return size === leastSize(value, mask) ? field : ({ ...field, size } as KnownField)
}

const numberOf = (octets: Uint8Array): bigint =>
  octets.length === 0 ? 0n : BigInt(`0x${Buffer.from(octets).toString('hex')}`)

function readValue(r: Reader, size: number): number | bigint {
  switch (size) {
    case 1:
      return r.u8()
    case 2:
      return r.u16()
    case 3:
      return r.u8() * 0x10000 + r.u16()
    case 4:
      return r.u32()
    case 6:
      return r.u48()
    case 8:
      return r.u64()
    default:
      return (r.u64() << 64n) | r.u64()
  }
}

/** ofp_match: type 1 (OXM), length without padding, fields, padding to 8. */
export function writeMatch(w: Writer, match: Match): void {
  checkList('match', match)
  const start = w.length
  w.u32(0x0001_0000)
  for (const field of match) writeField(w, field)
  w.patch16(start + 2, w.length - start, 'match')
  w.align8(start)
}

export function readMatch(r: Reader): OxmField[] {
  const offset = r.offset
  const type = r.u16()
  const length = r.u16()
  if (type !== 1 || length < 4) {
    const message = `a match of type ${type} and length ${length}: OXM is type 1, at least 4 octets`
    throw new OpenFlowError('malformed', message, { offset, error: type === 1 ? BAD_MATCH_LEN : BAD_MATCH_TYPE })
  }
  const body = r.part(length - 4, BAD_MATCH_LEN)
  const fields: OxmField[] = []
  while (body.left > 0) fields.push(readField(body))
  r.align8(offset)
  return fields
}
