/** Bits of a field, as actions name them (OpenFlow 1.5.1, 7.2.6.13; ovs-fields(7)). */
import type { Reader, Writer } from '../wire/cursor.ts'
import { OpenFlowError, refusal } from '../wire/openflow-error.ts'
import { fieldByExperimenter, fieldByWord, hasHeader, isExperimenter, kindIn, writeHeader } from './field-headers.ts'
import type { HeaderKind } from './field-row.ts'
import { FIELDS, type FieldName, type FieldRow } from './match-fields.ts'

/** A field as an action names it. */
export interface FieldId {
  readonly field: FieldName
  /** Named by another header than the one that the version has for the field: `nxm` is that of Nicira's extensions. */
  readonly header?: HeaderKind
  /** Octets of a `tun_metadata`, if they are not 124. */
  readonly size?: number
}

/** The bits of a field from bit `offset` on. */
export interface Subfield extends FieldId {
  readonly offset: number
}

/** So many bits of a field. */
export interface Bits extends Subfield {
  readonly bits: number
}

/** @throws OpenFlowError `out-of-range` if there is no such field */
function row(field: FieldName): FieldRow {
  if (!Object.hasOwn(FIELDS, field)) throw refusal('field', field, 'a name of FIELDS')
  return FIELDS[field]
}

/** The bits that actions can name: not the one of `vlan_vid` that says that there is a tag. */
export const widthOf = ({ field, size }: FieldId): number =>
  size !== undefined && row(field).variable ? size * 8 : (row(field).part ?? row(field).bits)

/** Has the field a header of 64 bits only, which some actions have no room for? */
export const isLong = (field: FieldName): boolean => row(field).experimenter !== undefined

/** @throws OpenFlowError `out-of-range` if the field has a header of 64 bits */
export function refuseLong(field: FieldName): void {
  if (!isLong(field)) return
  throw new OpenFlowError('out-of-range', `${field} has a header of 64 bits: this action has room for one of 32`)
}

/** Are the bits the field's own? */
export const fits = (id: FieldId, offset: number, bits: number): boolean =>
  Number.isInteger(bits) && Number.isInteger(offset) && bits >= 1 && offset >= 0 && offset + bits <= widthOf(id)

/** Whose action it is: Nicira's name a field by its older header if it has one, unless its value says another. */
export type Naming = 'nicira' | 'standard'

const usual = (version: number, field: FieldName, naming: Naming): HeaderKind =>
  naming === 'nicira' && hasHeader(field, 'nxm') ? 'nxm' : kindIn(version, field)

/** The header of a field. */
export function writeId(w: Writer, { field, header, size }: FieldId, naming: Naming): void {
  const { variable, size: own } = row(field)
  const kind = header ?? usual(w.version, field, naming)
  writeHeader(w, field, kind, 0, (variable && size) || own)
}

/** @returns undefined if it is that of no known field: then what it stands in is kept as bytes */
export function readId(r: Reader, naming: Naming): FieldId | undefined {
  const word = r.u32()
  const found = isExperimenter(word) ? (r.left < 4 ? undefined : fieldByExperimenter(r.u32(), word)) : fieldByWord(word)
  if (!found || (word & 0x100) !== 0) return undefined
  const length = (word & 0xff) - (isExperimenter(word) ? 4 : 0)
  const { size, variable } = row(found.field)
  if (length !== size && (!variable || length === 0 || length > size)) return undefined
  return {
    field: found.field,
    ...(found.kind === usual(r.version, found.field, naming) ? {} : { header: found.kind }),
    ...(length === size ? {} : { size: length }),
  }
}

/** The header of the field that the bits are of. @throws OpenFlowError `out-of-range` if it has not so many */
export function writeSubfield(w: Writer, subfield: Subfield, bits: number, naming: Naming): void {
  if (!fits(subfield, subfield.offset, bits)) {
    const message = `${bits} bits from ${subfield.offset} on of ${subfield.field}: it has ${widthOf(subfield)}`
    throw new OpenFlowError('out-of-range', message)
  }
  writeId(w, subfield, naming)
}

/** @returns undefined if the header is of no known field, or the bits are not its own: then the action is kept as bytes */
export function readSubfield(r: Reader, offset: number, bits: number, naming: Naming): Subfield | undefined {
  const found = readId(r, naming)
  return found && fits(found, offset, bits) ? { ...found, offset } : undefined
}

/** The bits that are needed, in 16 bits: offset 10, number less one 6 (ofs_nbits of nicira-ext.h). */
export function bitRange({ offset, bits }: { readonly offset: number; readonly bits: number }): number {
  if (bits <= 64) return offset * 64 + bits - 1
  throw new OpenFlowError('out-of-range', `${bits} bits of a field: 64 is the most`)
}

/** Offset and number of bits of 16 bits. */
export const rangeOf = (word: number): { readonly offset: number; readonly bits: number } => ({
  offset: word >>> 6,
  bits: (word & 63) + 1,
})

/** The field's header after its range. */
export const writeBits = (w: Writer, bits: Bits): void => writeSubfield(w, bits, bits.bits, 'nicira')

/** The field's header after the word of its range; undefined if the bits are not its own. */
export function readBits(r: Reader, word: number): Bits | undefined {
  const { offset, bits } = rangeOf(word)
  const found = readSubfield(r, offset, bits, 'nicira')
  return found && { ...found, bits }
}
