/** Actions and instructions as ovs-ofctl(8) writes them: printing. */
import type { Action } from '../actions.ts'
import { FIELDS, type FieldRow, type KnownField } from '../fields.ts'
import type { Instruction } from '../instructions.ts'
import { PORT } from '../ports.ts'
import { type Subfield, widthOf } from '../subfield.ts'
import { actionName, nxmName, printPort } from './names.ts'
import { hex, hexDigits, printValue } from './values.ts'

/** `set_field:0x2->metadata,output:5`; nothing, for no actions. */
export const printActions = (actions: readonly Action[]): string => actions.map(printAction).join(',')

const NO_TABLE = 0xff

function printAction(action: Action): string {
  switch (action.type) {
    case 'output':
      return printOutput(action.port, action.maxLen)
    case 'set_field':
      return `set_field:${printSet(action)}->${actionName(action.field)}`
    case 'resubmit':
      return printResubmit(action.port, action.table ?? NO_TABLE)
    case 'push_vlan':
    case 'push_mpls':
    case 'pop_mpls':
    case 'push_pbb':
      return `${action.type}:${hexDigits(action.ethertype, 4)}`
    case 'group':
      return `group:${action.group}`
    case 'set_queue':
      return `set_queue:${action.queue}`
    case 'meter':
      return `meter:${action.meter}`
    case 'set_ttl':
      return `mod_nw_ttl:${action.ttl}`
    case 'set_mpls_ttl':
      return `set_mpls_ttl(${action.ttl})`
    case 'clone':
      return `clone(${printActions(action.actions) || NOTHING_AT_ALL})`
    case 'dec_ttl_cnt_ids':
      return `dec_ttl(${action.ids.join(',')})`
    case 'reg_move':
      return `move:${printSubfield(action.src, action.bits)}->${printSubfield(action.dst, action.bits)}`
    case 'output_reg':
      return `output:${printSubfield(action, action.bits)}`
    case 'controller':
      return printController(action.maxLen, action.controllerId, action.reason)
    case 'note':
      return `note:${printOctets(paddedNote(action.note), '.')}`
    case 'unknown': {
      const from = action.experimenter === undefined ? '' : `.${hexDigits(action.experimenter, 8)}`
      return `unknown(${hex(action.code)}${from},${printOctets(action.body)})`
    }
    default:
      return action.type
  }
}

/** The action is a multiple of 8 octets long, 10 of which come before the note: the rest is zeros. */
function paddedNote(note: Uint8Array): Uint8Array {
  const padded = new Uint8Array(note.length + ((8 - ((10 + note.length) % 8)) % 8))
  padded.set(note)
  return padded
}

export const REASONS = ['no_match', 'action', 'invalid_ttl', 'action_set', 'group', 'packet_out'] as const
export const BY_ACTION = 1
export const WHOLE_PACKET = 0xffff

function printOutput(port: number, maxLen: number | undefined): string {
  if (port === PORT.CONTROLLER) return `CONTROLLER:${maxLen ?? WHOLE_PACKET}`
  const name = printPort(port)
  return name === String(port) ? `output:${port}` : name
}

function printController(maxLen: number, controllerId: number, reason: number): string {
  if (controllerId === 0 && reason === BY_ACTION) return `CONTROLLER:${maxLen}`
  const parts = [
    ...(reason === BY_ACTION ? [] : [`reason=${REASONS[reason] ?? reason}`]),
    ...(maxLen === WHOLE_PACKET ? [] : [`max_len=${maxLen}`]),
    ...(controllerId === 0 ? [] : [`id=${controllerId}`]),
  ]
  return `controller(${parts.join(',')})`
}

function printResubmit(port: number | undefined, table: number): string {
  const other = port === undefined || port === PORT.IN_PORT ? '' : printPort(port)
  return other !== '' && table === NO_TABLE
    ? `resubmit:${other}`
    : `resubmit(${other},${table === NO_TABLE ? '' : table})`
}

/** Without bits outside of the mask, and without one whose octets are all ones, as the switch keeps it. */
function printSet({ field, value, mask }: KnownField): string {
  if (mask === undefined) return printValue(field, value, undefined)
  const { isNarrow, limit, format }: FieldRow = FIELDS[field]
  const kept = BigInt(value) & BigInt(mask)
  const isWhole = (!isNarrow || format === 'flags') && BigInt(mask) === BigInt(limit) - 1n
  return printValue(field, typeof value === 'number' ? Number(kept) : kept, isWhole ? undefined : mask)
}

function printSubfield(subfield: Subfield, bits: number): string {
  const { field, offset } = subfield
  const whole = offset === 0 && bits === widthOf(subfield)
  const range = bits === 1 ? `${offset}` : `${offset}..${offset + bits - 1}`
  return `${nxmName(field)}[${whole ? '' : range}]`
}

const printOctets = (octets: Uint8Array, between = ''): string =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(between)

const NOTHING_AT_ALL = 'drop'

/** In the order in which a switch runs them. */
const ORDER: ReadonlyArray<Instruction['type']> = [
  'meter',
  'apply_actions',
  'clear_actions',
  'write_actions',
  'write_metadata',
  'goto_table',
  'unknown',
]

export const ALL_ONES = 0xffffffffffffffffn

/** What stands after `actions=`. */
export function printInstructions(instructions: readonly Instruction[]): string {
  const [only] = instructions
  const sorted =
    instructions.length < 2
      ? instructions
      : instructions.toSorted((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type))
  const text =
    instructions.length === 1 && only ? printInstruction(only) : sorted.map(printInstruction).filter(Boolean).join(',')
  return text || NOTHING_AT_ALL
}

function printInstruction(instruction: Instruction): string {
  switch (instruction.type) {
    case 'apply_actions':
      return printActions(instruction.actions)
    case 'write_actions':
      // The switch keeps none without actions.
      return instruction.actions.length === 0 ? '' : `write_actions(${printActions(instruction.actions)})`
    case 'goto_table':
      return `goto_table:${instruction.table}`
    case 'write_metadata': {
      const { metadata, mask } = instruction
      return `write_metadata:${hex(metadata)}${mask === ALL_ONES ? '' : `/${hex(mask)}`}`
    }
    case 'meter':
      return `meter:${instruction.meter}`
    case 'clear_actions':
      return 'clear_actions'
    case 'unknown':
      return `unknown_instruction(${hex(instruction.code)},${printOctets(instruction.body)})`
  }
}
