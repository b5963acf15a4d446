/**
 * Copying bits of one field to another: copy_field of OpenFlow 1.5, reg_move of Nicira, and ONF's extension for 1.3.
 */

import { type Naming, readSubfield, type Subfield, writeSubfield } from '../match/subfield.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { EXPERIMENTER, NICIRA, ONF } from '../wire/experimenters.ts'
import { refusal } from '../wire/openflow-error.ts'
import { V1_5 } from '../wire/versions.ts'

const FORMS = ['copy_field', 'nicira', 'onf'] as const
/** The forms of the action on the wire. */
type Form = (typeof FORMS)[number]

/** Copies `bits` bits of one field to another. */
export interface MoveAction {
  readonly type: 'reg_move'
  readonly src: Subfield
  readonly dst: Subfield
  readonly bits: number
  /**
   * Set if the action came in a form other than the usual one of its version (`nicira` before 1.5, then `copy_field`).
   * It is sent in that form again.
   */
  readonly form?: Form
}

export const REG_MOVE = 6
const COPY_FIELD = 3200

const formIn = (version: number): Form => (version < V1_5 ? 'nicira' : 'copy_field')
const other = (version: number, form: Form): { readonly form?: Form } => (form === formIn(version) ? {} : { form })

/** Writes the headers of both fields. */
export function writeSides(w: Writer, { src, dst, bits }: MoveAction, naming: Naming): void {
  writeSubfield(w, src, bits, naming)
  writeSubfield(w, dst, bits, naming)
}

export function readSides(r: Reader, bits: number, from: number, to: number, naming: Naming): MoveAction | undefined {
  const src = readSubfield(r, from, bits, naming)
  const dst = src && readSubfield(r, to, bits, naming)
  return (
    src &&
    dst && { type: 'reg_move', src, dst, bits, ...other(r.version, naming === 'nicira' ? 'nicira' : 'copy_field') }
  )
}

/**
 * Writes the action if its form is not copy_field.
 * @returns whether the action was written
 */
export function writeMove(w: Writer, action: MoveAction): boolean {
  const form = action.form ?? formIn(w.version)
  if (!FORMS.includes(form)) throw refusal('form', form, FORMS.join(', '))
  if (form === 'copy_field') return false
  w.u16(EXPERIMENTER).u16(0)
  if (form === 'nicira') w.u32(NICIRA).u16(REG_MOVE)
  else w.u32(ONF).u16(COPY_FIELD).zeros(2)
  w.u16(action.bits, 'bits').u16(action.src.offset, 'offset').u16(action.dst.offset, 'offset')
  if (form === 'onf') w.zeros(2)
  writeSides(w, action, form === 'nicira' ? 'nicira' : 'standard')
  return true
}

/** nx_action_reg_move: number of bits 16, offsets 16 and 16, fields. */
export function readMove(r: Reader): MoveAction | undefined {
  return readSides(r, r.u16(), r.u16(), r.u16(), 'nicira')
}

/** onf_action_copy_field: 3200 in 16 bits, padding 16, number of bits 16, offsets 16 and 16, padding 16, fields. */
export function readOnfMove(r: Reader): MoveAction | undefined {
  if (r.u16() !== COPY_FIELD) return undefined
  const [bits, from, to] = [r.skip(2).u16(), r.u16(), r.u16()]
  const move = readSides(r.skip(2), bits, from, to, 'standard')
  if (!move) return undefined
  const { form: _copy, ...rest } = move
  return { ...rest, form: 'onf' }
}
