/** Prints actions and instructions as ovs-ofctl(8) does. Each family of actions has a file of its own. */
import type { Action } from '../actions/actions.ts'
import type { Instruction } from '../actions/instructions.ts'
import { TELL_PRINTERS } from './controller-text.ts'
import { CT_PRINTERS } from './ct-text.ts'
import { BITS_PRINTERS } from './field-actions-text.ts'
import { hex } from './field-values.ts'
import { HASH_PRINTERS } from './hash-text.ts'
import { PACKET_PRINTERS } from './header-text.ts'
import { LEARN_PRINTERS } from './learn-text.ts'
import { printOctets } from './octets.ts'
import { OUTPUT_PRINTERS, printMetadata } from './output-text.ts'
import { printTrigger } from './stat-trigger.ts'
import type { Printers, Printing } from './text-row.ts'

const PRINTERS: Printers<Action['type']> = {
  ...OUTPUT_PRINTERS,
  ...BITS_PRINTERS,
  ...PACKET_PRINTERS,
  ...CT_PRINTERS,
  ...LEARN_PRINTERS,
  ...HASH_PRINTERS,
  ...TELL_PRINTERS,
}

type Printer = (action: Action, nested: Printing) => string

/** Prints actions: `set_field:0x2->metadata,output:5`. No actions are an empty string. */
export function printActions(actions: readonly Action[]): string {
  let text = ''
  for (const action of actions) {
    const print = PRINTERS[action.type] as Printer
    text += text === '' ? print(action, nested) : `,${print(action, nested)}`
  }
  return text
}

const nested: Printing = { print: printActions }

const NOTHING_AT_ALL = 'drop'

/** Types of instructions, in the order in which a switch executes them. */
export const INSTRUCTION_ORDER: ReadonlyArray<Instruction['type']> = [
  'meter',
  'apply_actions',
  'clear_actions',
  'write_actions',
  'write_metadata',
  'stat_trigger',
  'goto_table',
  'unknown',
]

/** Prints instructions: the text after `actions=`. */
export function printInstructions(instructions: readonly Instruction[]): string {
  const [only] = instructions
  const sorted =
    instructions.length < 2
      ? instructions
      : instructions.toSorted((a, b) => INSTRUCTION_ORDER.indexOf(a.type) - INSTRUCTION_ORDER.indexOf(b.type))
  const text =
    instructions.length === 1 && only ? printInstruction(only) : sorted.map(printInstruction).filter(Boolean).join(',')
  return text || NOTHING_AT_ALL
}

function printInstruction(instruction: Instruction): string {
  switch (instruction.type) {
    case 'apply_actions':
      return printActions(instruction.actions)
    case 'write_actions':
      // A switch does not keep a write_actions without actions.
      return instruction.actions.length === 0 ? '' : `write_actions(${printActions(instruction.actions)})`
    case 'goto_table':
      return `goto_table:${instruction.table}`
    case 'write_metadata':
      return printMetadata(instruction)
    case 'meter':
      return `meter:${instruction.meter}`
    case 'clear_actions':
      return 'clear_actions'
    case 'stat_trigger':
      return printTrigger(instruction)
    case 'unknown':
      return `unknown_instruction(${hex(instruction.code)},${printOctets(instruction.body)})`
  }
}
