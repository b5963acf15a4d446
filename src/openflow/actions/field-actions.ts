/** Actions of Nicira on fields: set, push, pop, delete (ovs-actions(7), "Field Modification Actions"). */
import { checkMask, isMasked } from '../match/check-match.ts'
import type { KnownField } from '../match/match-fields.ts'
import { readField, writeField } from '../match/oxm.ts'
import {
  type Bits,
  bitRange,
  type FieldId,
  fits,
  isLong,
  readBits,
  readId,
  refuseLong,
  type Subfield,
  writeId,
  writeSubfield,
} from '../match/subfield.ts'
import { OpenFlowError, refusal } from '../wire/openflow-error.ts'
import type { Row, Rows } from './nicira-row.ts'

type Load2 = KnownField extends infer F ? (F extends KnownField ? F & { readonly type: 'reg_load2' } : never) : never

export type BitsAction =
  /** Sets `bits` bits of a field to a value of at most 64 bits. In OpenFlow 1.5 it is sent as a set_field. */
  | ({ readonly type: 'reg_load'; readonly bits: number; readonly value: bigint } & Subfield)
  /** Sets a field, or the bits of it in `mask`. In OpenFlow 1.5 it is sent as a set_field. */
  | Load2
  | ({ readonly type: 'push' } & Bits)
  | ({ readonly type: 'pop' } & Bits)
  | ({ readonly type: 'delete_field' } & FieldId)

/** nx_action_stack: offset 16 bits, field, number of bits 16, padding to 14 octets. */
const stack = <Type extends 'push' | 'pop'>(subtype: number, type: Type): Row<{ readonly type: Type } & Bits> => ({
  subtypes: [subtype],
  write(w, action) {
    w.u16(subtype).u16(action.offset, 'offset')
    const start = w.length
    writeSubfield(w, action, action.bits, 'nicira')
    w.u16(action.bits, 'bits').zeros(12 - (w.length - start))
  },
  read(r) {
    const offset = r.u16()
    const id = readId(r, 'nicira')
    const bits = r.u16()
    return id && fits(id, offset, bits) ? { type, ...id, offset, bits } : undefined
  },
})

const LOAD2 = 33

const tooWide = (value: bigint, { field, bits }: Bits): OpenFlowError =>
  new OpenFlowError('out-of-range', `${value} does not fit into ${bits} bits of ${field}`)

export const BITS_ROWS: Rows<BitsAction> = {
  // nx_action_reg_load: range 16 bits, field, value 64.
  reg_load: {
    subtypes: [7],
    write(w, { value, ...bits }) {
      w.u16(7).u16(bitRange(bits), 'offset')
      refuseLong(bits.field)
      writeSubfield(w, bits, bits.bits, 'nicira')
      if (typeof value !== 'bigint') throw refusal('value', value, 'a bigint')
      if (value >> BigInt(bits.bits) !== 0n) throw tooWide(value, bits)
      w.u64(value, bits.field)
    },
    read(r) {
      const bits = readBits(r, r.u16())
      if (!bits || isLong(bits.field)) return undefined
      const value = r.u64()
      return value >> BigInt(bits.bits) === 0n ? { type: 'reg_load', ...bits, value } : undefined
    },
  },
  // nx_action_reg_load2: a field with its value, and its mask.
  reg_load2: {
    subtypes: [LOAD2],
    write(w, field) {
      checkMask(field)
      writeField(w.u16(LOAD2), field)
    },
    read(r) {
      const field = readField(r)
      return field.field === 'unknown' || !isMasked(field) ? undefined : ({ ...field, type: 'reg_load2' } as Load2)
    },
  },
  push: stack(27, 'push'),
  pop: stack(28, 'pop'),
  // nx_action_delete_field: field, padding to 14 octets.
  delete_field: {
    subtypes: [50],
    write(w, id) {
      const start = w.u16(50).length
      writeId(w, id, 'nicira')
      w.zeros(14 - (w.length - start))
    },
    read(r) {
      const start = r.offset
      const id = readId(r, 'nicira')
      r.skip(14 - (r.offset - start))
      return id && { type: 'delete_field', ...id }
    },
  },
}
