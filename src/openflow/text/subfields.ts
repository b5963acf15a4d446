/** Text of bits of fields as in ovs-ofctl(8): `NXM_NX_REG0[0..15]`. */
import { FIELDS, type FieldName } from '../match/match-fields.ts'
import { type Bits, type FieldId, fits, type Subfield, widthOf } from '../match/subfield.ts'
import { actionField, actionName, nxmName } from './field-names.ts'
import { bad, bigInteger } from './numbers.ts'

export function printSubfield(subfield: Subfield, bits: number): string {
  const { field, offset } = subfield
  const whole = offset === 0 && bits === widthOf({ field })
  const range = bits === 1 ? `${offset}` : `${offset}..${offset + bits - 1}`
  return `${nxmName(field)}[${whole ? '' : range}]`
}

export const printBits = (bits: Bits): string => printSubfield(bits, bits.bits)

/** Parses `NXM_NX_REG0[0..15]`, `reg0[3]`, `reg0[]`, or `reg0`. */
export function parseBits(text: string): Bits {
  const found = /^(\w+)(?:\[(?:(\d+)(?:\.\.(\d+))?)?\])?$/.exec(text)
  const field = found && actionField(found[1] ?? '')
  if (!found || !field) throw bad(text, 'expected a field and its bits, as in reg0[0..15]')
  const width = widthOf({ field })
  if (found[2] === undefined) return { field, offset: 0, bits: width }
  const offset = Number(found[2])
  const bits = Number(found[3] ?? offset) - offset + 1
  if (!fits({ field }, offset, bits)) throw bad(text, `${field} has ${width} bits`)
  return { field, offset, bits }
}

interface FieldPart {
  readonly field: FieldName
  readonly value: number | bigint
  readonly mask: number | bigint
}

/**
 * The field with these bits set to a number, and a mask of these bits.
 * @throws OpenFlowError `bad-text`
 */
export function valueOfBits({ field, offset, bits }: Bits, text: string): FieldPart {
  const value = bigInteger(text, bits) << BigInt(offset)
  const mask = ((1n << BigInt(bits)) - 1n) << BigInt(offset)
  const isNumber = FIELDS[field].width === 'number'
  return isNumber ? { field, value: Number(value), mask: Number(mask) } : { field, value, mask }
}

/** Parses one bit of a field. */
export function parseBit(text: string): Subfield {
  const { bits, ...bit } = parseBits(text)
  if (bits !== 1) throw bad(text, 'expected one bit, as in reg0[3]')
  return bit
}

export const printId = ({ field }: FieldId): string => actionName(field)

export function parseId(text: string): FieldId {
  const field = actionField(text)
  if (!field) throw bad(text, 'not a field')
  return { field }
}

/** Splits a text at its last arrow. */
export function arrow(text: string): [string, string] {
  const at = text.lastIndexOf('->')
  if (at < 0) throw bad(text, 'expected an arrow: value->field')
  return [text.slice(0, at), text.slice(at + 2)]
}
