/** Bits of a field, as actions address them (OpenFlow 1.5.1, 7.2.6.13; ovs-fields(7)). */
import type { Reader, Writer } from '../wire/cursor.ts'
import { OpenFlowError, refusal } from '../wire/openflow-error.ts'
import { fieldByExperimenter, fieldByWord, hasHeader, isExperimenter, kindIn, writeHeader } from './field-headers.ts'
import type { HeaderKind } from './field-row.ts'
import { FIELDS, type FieldName, type FieldRow } from './match-fields.ts'

/** A field as an action addresses it. */
export interface FieldId {
  readonly field: FieldName
  /**
   * Set if the field is addressed by a header other than the usual one of the version: `nxm` is that of Nicira's
   * extensions.
   */
  readonly header?: HeaderKind
  /** Octets of a `tun_metadata` field, if they are not 124. */
  readonly size?: number
}

/** The bits of a field from bit `offset` on. */
export interface Subfield extends FieldId {
  readonly offset: number
}

/** A number of bits of a field. */
export interface Bits extends Subfield {
  readonly bits: number
}

/** @throws OpenFlowError `out-of-range` if there is no such field */
function row(field: FieldName): FieldRow {
  if (!Object.hasOwn(FIELDS, field)) throw refusal('field', field, 'a name of FIELDS')
  return FIELDS[field]
}

/** The number of bits that actions can address. For `vlan_vid` it does not include the presence bit. */
export const widthOf = ({ field, size }: FieldId): number =>
  size !== undefined && row(field).variable ? size * 8 : (row(field).part ?? row(field).bits)

/** Whether the field has only a 64-bit header, which does not fit into some actions. */
export const isLong = (field: FieldName): boolean => row(field).experimenter !== undefined

/** @throws OpenFlowError `out-of-range` if the field has a 64-bit header */
export function refuseLong(field: FieldName): void {
  if (!isLong(field)) return
  throw new OpenFlowError('out-of-range', `${field} has a header of 64 bits: this action takes one of 32 bits`)
}

/** Whether the field has these bits. */
export const fits = (id: FieldId, offset: number, bits: number): boolean =>
  Number.isInteger(bits) && Number.isInteger(offset) && bits >= 1 && offset >= 0 && offset + bits <= widthOf(id)

/**
 * Who defines the action. Actions of Nicira address a field by its older header if it has one, unless its value says
 * otherwise.
 */
export type Naming = 'nicira' | 'standard'

const usual = (version: number, field: FieldName, naming: Naming): HeaderKind =>
  naming === 'nicira' && hasHeader(field, 'nxm') ? 'nxm' : kindIn(version, field)

/** Writes the header of a field. */
export function writeId(w: Writer, { field, header, size }: FieldId, naming: Naming): void {
  const { variable, size: own } = row(field)
  const kind = header ?? usual(w.version, field, naming)
  writeHeader(w, field, kind, 0, (variable && size) || own)
}

/** @returns undefined if no known field has the header. The caller then keeps its structure as octets. */
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

/**
 * Writes the header of the field.
 * @throws OpenFlowError `out-of-range` if the field does not have the bits
 */
export function writeSubfield(w: Writer, subfield: Subfield, bits: number, naming: Naming): void {
  if (!fits(subfield, subfield.offset, bits)) {
    const message = `${bits} bits from ${subfield.offset} on of ${subfield.field}: it has ${widthOf(subfield)}`
    throw new OpenFlowError('out-of-range', message)
  }
  writeId(w, subfield, naming)
}

/**
 * @returns undefined if no known field has the header, or the field does not have the bits. The caller then keeps the
 *   action as octets.
 */
export function readSubfield(r: Reader, offset: number, bits: number, naming: Naming): Subfield | undefined {
  const found = readId(r, naming)
  return found && fits(found, offset, bits) ? { ...found, offset } : undefined
}

/** A range of bits in 16 bits: offset 10 bits, length minus one 6 bits (ofs_nbits of nicira-ext.h). */
export function bitRange({ offset, bits }: { readonly offset: number; readonly bits: number }): number {
  if (bits <= 64) return offset * 64 + bits - 1
  throw new OpenFlowError('out-of-range', `${bits} bits of a field: at most 64 are possible`)
}

/** The reverse of `bitRange`. */
export const rangeOf = (word: number): { readonly offset: number; readonly bits: number } => ({
  offset: word >>> 6,
  bits: (word & 63) + 1,
})

/** Writes the header of the field, which follows the range. */
export const writeBits = (w: Writer, bits: Bits): void => writeSubfield(w, bits, bits.bits, 'nicira')

/**
 * Reads the header of the field, which follows the range.
 * @returns undefined if the field does not have the bits
 */
export function readBits(r: Reader, word: number): Bits | undefined {
  const { offset, bits } = rangeOf(word)
  const found = readSubfield(r, offset, bits, 'nicira')
  return found && { ...found, bits }
}
