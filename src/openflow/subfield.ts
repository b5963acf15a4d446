/** Bits of a field, as actions name them (OpenFlow 1.5.1, 7.2.6.13; ovs-fields(7)). */
import type { Reader, Writer } from './cursor.ts'
import { OpenFlowError } from './errors.ts'
import { FIELD_NAMES, FIELDS, type FieldName, type FieldRow } from './fields.ts'

/** The bits of a field from bit `offset` on. */
export interface Subfield {
  readonly field: FieldName
  readonly offset: number
  /** Named by the header that Nicira's extensions had for the field before OpenFlow had one. */
  readonly nxm?: true
}

const row = (field: FieldName): FieldRow => FIELDS[field]

/** The bits that actions can name: not the one of `vlan_vid` that says that there is a tag. */
export const widthOf = (field: FieldName): number => row(field).part ?? row(field).bits

/** Has the field another header of Nicira's? */
export const hasNxm = (field: FieldName): boolean => row(field).nxm !== undefined

const fits = (field: FieldName, offset: number, bits: number): boolean =>
  bits >= 1 && offset >= 0 && offset + bits <= widthOf(field)

const header = ([cls, code]: readonly [number, number], size: number): number =>
  ((cls << 16) | (code << 9) | size) >>> 0

const byHeader = new Map<number, Omit<Subfield, 'offset'>>()
for (const field of FIELD_NAMES) {
  const { class: cls, code, nxm, size } = row(field)
  byHeader.set(header([cls, code], size), { field })
  if (nxm) byHeader.set(header(nxm, size), { field, nxm: true })
}

/** The header of the field that the bits are of. @throws OpenFlowError `out-of-range` if it has not so many */
export function writeSubfield(w: Writer, { field, offset, nxm }: Subfield, bits: number): void {
  if (!fits(field, offset, bits)) {
    const message = `${bits} bits from ${offset} on of ${field}: it has ${widthOf(field)}`
    throw new OpenFlowError('out-of-range', message)
  }
  const { class: cls, code, nxm: older, size } = row(field)
  w.u32(header((nxm && older) || [cls, code], size))
}

/** @returns undefined if the header is of no known field, or the bits are not its own: then the action is kept as bytes */
export function readSubfield(r: Reader, offset: number, bits: number): Subfield | undefined {
  const found = byHeader.get(r.u32())
  return found && fits(found.field, offset, bits) ? { ...found, offset } : undefined
}
