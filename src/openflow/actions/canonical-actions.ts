/**
 * The canonical form of actions, whatever form they were written in and whatever version they come back in. Everything
 * that sets a field, or bits of one, becomes a set_field, one for each run of bits.
 */

import { allOnes, FIELDS, type FieldName, known } from '../match/match-fields.ts'
import { type Action, load, type SetField } from './actions.ts'
import type { Instruction } from './instructions.ts'

/** Kinds whose canonical form is another one, and kinds with nested actions. */
const CHANGED = new Set<Action['type']>([
  'reg_load',
  'reg_load2',
  'set_tunnel',
  'set_tunnel64',
  'set_mpls_label',
  'set_mpls_tc',
  'ct',
  'clone',
])

const isCanonical = (action: Action): boolean =>
  action.type === 'set_field'
    ? action.mask === undefined || (isOneRun(action.mask) && action.mask !== allOnes(action.field))
    : !CHANGED.has(action.type)

/** Fast path for the common case: whether a narrow mask is one run of bits. */
const isOneRun = (mask: number | bigint): boolean =>
  typeof mask === 'number' && mask < 0x1000 && mask !== 0 && (mask & (mask + (mask & -mask))) === 0

/** The canonical instructions. Returns the same array if nothing changes. */
export function canonicalInstructions(instructions: readonly Instruction[]): readonly Instruction[] {
  const same = instructions.every((one) => !('actions' in one) || one.actions.every(isCanonical))
  if (same) return instructions
  return instructions.map((one) => ('actions' in one ? { ...one, actions: one.actions.flatMap(canonical) } : one))
}

function canonical(action: Action): readonly Action[] {
  switch (action.type) {
    case 'set_field':
    case 'reg_load2':
      return runs({ ...action, type: 'set_field' } as SetField)
    case 'reg_load':
      return [load(action.field, action.offset, action.bits, action.value)]
    case 'set_tunnel':
    case 'set_tunnel64':
      return [{ type: 'set_field', field: 'tun_id', value: BigInt(action.id) }]
    case 'set_mpls_label':
      return [{ type: 'set_field', field: 'mpls_label', value: action.label }]
    case 'set_mpls_tc':
      return [{ type: 'set_field', field: 'mpls_tc', value: action.tc }]
    case 'ct':
    case 'clone':
      return [{ ...action, actions: action.actions.flatMap(canonical) }]
    default:
      return [action]
  }
}

/**
 * Before OpenFlow 1.5 there are no masks here, so a switch reports each run of bits, of at most 64, as an action of its
 * own.
 */
const MAX_RUN_BITS = 64

function runs(action: SetField): readonly Action[] {
  if (action.mask === undefined) return [action]
  const { field, value, mask } = action
  const [bits, all] = [BigInt(mask), BigInt(value)]
  const found: Action[] = []
  const width = bits.toString(2).length
  for (let from = 0; from < width; from += 1) {
    let count = 0
    while (count < MAX_RUN_BITS && ((bits >> BigInt(from + count)) & 1n) === 1n) count += 1
    if (count === 0) continue
    found.push(part(field, from, count, all))
    from += count - 1
  }
  return found
}

function part(field: FieldName, offset: number, bits: number, value: bigint): Action {
  const { width, limit } = FIELDS[field]
  const mask = ((1n << BigInt(bits)) - 1n) << BigInt(offset)
  const of = (number: bigint): number | bigint => (width === 'number' ? Number(number) : number)
  const isWhole = mask === BigInt(limit) - 1n
  return { type: 'set_field', ...known(field, of(value & mask), isWhole ? undefined : of(mask)) } as SetField
}
