/**
 * Actions (OpenFlow 1.5.1, 7.2.6). The actions of the standard and those of Nicira have rows in files of their own. An
 * action without a row is kept as octets.
 */

import { FIELDS, type FieldName, known } from '../match/match-fields.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_ACTION_LEN } from '../wire/error-values.ts'
import { EXPERIMENTER, NICIRA, ONF } from '../wire/experimenters.ts'
import { checkList, OpenFlowError, refusal } from '../wire/openflow-error.ts'
import { V1_3, V1_5 } from '../wire/versions.ts'
import { REG_MOVE, readMove, readOnfMove, writeMove } from './move.ts'
import { type NiciraAction, readNicira, writeNicira } from './nicira-actions.ts'
import { rowOf10, writeAction10 } from './openflow10-output.ts'
import {
  OLDER,
  olderBySubtype,
  type Row,
  type SetField,
  STANDARD_ROWS,
  type StandardAction,
  standardByCode,
} from './standard-actions.ts'

export type { SetField, StandardAction } from './standard-actions.ts'

/** An action without a row, kept as it came. With code 0xffff, `experimenter` precedes the body. */
export interface UnknownAction {
  readonly type: 'unknown'
  readonly code: number
  readonly experimenter?: number
  readonly body: Uint8Array
}

/**
 * What a rule, a bucket or a `packet_out` does with a packet: an action of the standard, of Open vSwitch, or an unknown
 * one.
 */
export type Action = StandardAction | NiciraAction | UnknownAction

export function writeActions(w: Writer, actions: readonly Action[]): void {
  checkList('actions', actions)
  for (const action of actions) {
    const start = w.length
    writeAction(w, action)
    w.align8(start)
    w.patch16(start + 2, w.length - start, action.type)
  }
}

const rows: ReadonlyMap<string, unknown> = new Map(Object.entries(STANDARD_ROWS))
const rowOf = (type: string): Row<StandardAction> | undefined => rows.get(type) as Row<StandardAction> | undefined

function writeAction(w: Writer, action: Action): void {
  if (action.type === 'unknown') {
    w.u16(action.code, 'code').u16(0)
    if (action.experimenter !== undefined) w.u32(action.experimenter, 'experimenter')
    w.bytes(action.body, 'body of an action')
    return
  }
  const row = rowOf(action.type)
  if (!row) writeExtension(w, action as NiciraAction)
  else if (writeOther(w, action as StandardAction)) return
  else if (w.version < V1_3) writeAction10(w, action as StandardAction)
  else row.write(w.u16(row.code).u16(0), action as StandardAction)
}

/** In OpenFlow 1.5, set_field with a mask replaces the load actions of Nicira. */
function writeExtension(w: Writer, action: NiciraAction): void {
  if (w.version >= V1_5 && action.type === 'reg_load') {
    writeAction(w, load(action.field, action.offset, action.bits, action.value))
  } else if (w.version >= V1_5 && action.type === 'reg_load2') {
    writeAction(w, { ...action, type: 'set_field' } as SetField)
  } else writeNicira(w.u16(EXPERIMENTER).u16(0).u32(NICIRA), action, nested)
}

/**
 * Writes a standard action whose form is not the one of its own code.
 * @returns whether the action was written
 */
function writeOther(w: Writer, action: StandardAction): boolean {
  switch (action.type) {
    case 'output':
      return false
    case 'set_field':
      if ((action.mask === undefined && w.version >= V1_3) || w.version >= V1_5) return false
      writeNicira(w.u16(EXPERIMENTER).u16(0).u32(NICIRA), { ...action, type: 'reg_load2' } as NiciraAction, nested)
      return true
    case 'reg_move':
      return writeMove(w, action)
    default: {
      const older = 'nicira' in action || w.version < V1_3 ? OLDER.get(action.type) : undefined
      if (!older) return false
      w.u16(EXPERIMENTER).u16(0).u32(NICIRA).u16(older.subtype)
      if (older.padded) w.zeros(2)
      rowOf(action.type)?.write(w, action)
      return true
    }
  }
}

export function readActions(r: Reader): Action[] {
  const actions: Action[] = []
  while (r.left > 0) actions.push(readAction(r))
  return actions
}

function readAction(r: Reader): Action {
  const offset = r.offset
  const code = r.u16()
  const length = r.u16()
  if (length < 8 || length % 8 !== 0) {
    const message = `an action of ${length} octets: the length must be a multiple of 8`
    throw new OpenFlowError('malformed', message, { offset, error: BAD_ACTION_LEN })
  }
  const body = r.part(length - 4, BAD_ACTION_LEN)
  const copy = body.copy()
  if (code !== EXPERIMENTER) {
    const action = (r.version < V1_3 ? rowOf10(code) : standardByCode.get(code))?.read(body)
    return action && body.isAtPadding ? action : { type: 'unknown', code, body: copy.rest() }
  }
  const experimenter = body.u32()
  const action = experimenter === NICIRA ? readOther(body) : experimenter === ONF ? readOnfMove(body) : undefined
  return action && body.isAtPadding ? action : { type: 'unknown', code, experimenter, body: copy.skip(4).rest() }
}

/** Reads an action of Nicira, or a standard action in the form that Nicira's extensions have for it. */
function readOther(r: Reader): Action | undefined {
  const subtype = r.copy().u16()
  const older = olderBySubtype.get(subtype)
  if (older) {
    const action = rowOf(older.type)?.read(r.skip(older.padded ? 4 : 2))
    return action && ({ ...action, nicira: true } as Action)
  }
  if (subtype === REG_MOVE) return readMove(r.skip(2))
  const action = readNicira(r, nested)
  const isLoad = action?.type === 'reg_load' || action?.type === 'reg_load2'
  // It would be sent as a set_field, so it is kept as octets.
  if (isLoad && r.version >= V1_5) return undefined
  const isMasked = action?.type === 'reg_load2' && action.mask !== undefined
  return isMasked ? ({ ...action, type: 'set_field' } as Action) : action
}

/**
 * Makes an action that sets `bits` bits of a field, from bit `offset` on: a set_field with a mask, as in OpenFlow 1.5.
 * @throws OpenFlowError `out-of-range` if the field does not have these bits, or they cannot hold the value
 */
export function load(field: FieldName, offset: number, bits: number, value: bigint): Action {
  if (typeof value !== 'bigint') throw refusal('value', value, 'a bigint')
  if (!Object.hasOwn(FIELDS, field)) throw refusal('field', field, 'a name of FIELDS')
  const { width, bits: all } = FIELDS[field]
  const isRange = Number.isInteger(offset) && Number.isInteger(bits) && offset >= 0 && bits > 0 && offset + bits <= all
  if (!isRange || value >> BigInt(bits) !== 0n) {
    throw new OpenFlowError(
      'out-of-range',
      `${value} does not fit into ${bits} bits at ${offset} of ${field} (${all} bits)`,
    )
  }
  const of = (number: bigint): number | bigint => (width === 'number' ? Number(number) : number)
  const mask = ((1n << BigInt(bits)) - 1n) << BigInt(offset)
  const set = bits === all ? known(field, of(value)) : known(field, of(value << BigInt(offset)), of(mask))
  return { type: 'set_field', ...set } as SetField
}

const nested = { write: writeActions, read: readActions }
