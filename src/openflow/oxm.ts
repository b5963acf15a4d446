/** OXM TLVs (OpenFlow 1.5.1, 7.2.3): class 16 bits, field 7, has_mask 1, length 8, value, mask. */
import type { Reader, Writer } from './cursor.ts'
import { BAD_MATCH_LEN, BAD_MATCH_TYPE, OpenFlowError } from './errors.ts'
import { FIELDS, type FieldRow, fieldByCode, known, type Match, type OxmField } from './fields.ts'

const EXPERIMENTER_CLASS = 0xffff
const LOW_64 = 0xffff_ffff_ffff_ffffn

export function writeField(w: Writer, field: OxmField): void {
  if (field.field === 'unknown') {
    const { class: cls, type, hasMask, experimenter, body } = field
    w.u16(cls, 'class')
      .u8(type * 2 + (hasMask ? 1 : 0), 'type and mask of a field')
      .u8(body.length + (experimenter === undefined ? 0 : 4), 'length of a field')
    if (experimenter !== undefined) w.u32(experimenter, 'experimenter')
    w.bytes(body)
    return
  }
  const { field: name, value, mask } = field
  const row: FieldRow = FIELDS[name]
  writeHeader(w, row, mask === undefined ? 0 : 1)
  writeValue(w, row, name, value)
  if (mask !== undefined) writeValue(w, row, name, mask)
}

const writeHeader = (w: Writer, row: FieldRow, hasMask: 0 | 1): void =>
  void w.u32(((row.class << 16) | (row.code << 9) | (hasMask << 8) | (row.size << hasMask)) >>> 0)

function writeValue(w: Writer, row: FieldRow, name: string, value: number | bigint): void {
  // What fills its octets is held against them by the writer.
  if (typeof value !== row.width || (row.isNarrow && value >= row.limit)) throw outOfRange(name, row, value)
  if (typeof value === 'bigint') {
    if (row.size === 16) w.u64(value >> 64n, name).u64(value & LOW_64)
    else w.u64(value, name)
    return
  }
  const { size } = row
  if (size === 4) w.u32(value, name)
  else if (size === 2) w.u16(value, name)
  else if (size === 1) w.u8(value, name)
  else if (size === 6) w.u48(value, name)
  else w.u8((value - (value % 0x1_0000)) / 0x1_0000, name).u16(value % 0x1_0000, name)
}

const outOfRange = (name: string, { width, bits }: FieldRow, value: number | bigint): OpenFlowError =>
  new OpenFlowError('out-of-range', `${name} holds ${value} (a ${typeof value}): it takes a ${width} of ${bits} bits`)

export function readField(r: Reader): OxmField {
  const offset = r.offset
  const cls = r.u16()
  const byte = r.u8()
  const length = r.u8()
  const hasMask = (byte & 1) === 1
  const type = byte >> 1
  const name = cls === EXPERIMENTER_CLASS ? undefined : fieldByCode(cls, type)
  if (name === undefined) return readUnknown(r.part(length, BAD_MATCH_LEN), cls, type, hasMask)
  const row: FieldRow = FIELDS[name]
  if (length !== row.size << (hasMask ? 1 : 0)) {
    const message = `${name} has ${length} octets: it takes ${row.size}${hasMask ? ' twice' : ''}`
    throw new OpenFlowError('malformed', message, { offset, error: BAD_MATCH_LEN })
  }
  const copy = row.isNarrow ? r.copy() : r
  const value = readValue(r, row.size)
  const mask = hasMask ? readValue(r, row.size) : undefined
  // Bits that the field does not have: kept as they came.
  if (row.isNarrow && (value >= row.limit || (mask !== undefined && mask >= row.limit))) {
    return { field: 'unknown', class: cls, type, hasMask, body: copy.bytes(length) }
  }
  return known(name, value, mask)
}

function readUnknown(body: Reader, cls: number, type: number, hasMask: boolean): OxmField {
  const field = { field: 'unknown', class: cls, type, hasMask } as const
  if (cls !== EXPERIMENTER_CLASS || body.left < 4) return { ...field, body: body.rest() }
  return { ...field, experimenter: body.u32(), body: body.rest() }
}

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
