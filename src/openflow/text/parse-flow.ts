/** Parses instructions and flows as ovs-ofctl(8) writes them. */

import type { Instruction } from '../actions/instructions.ts'
import type { Flow } from '../messages/flow-messages.ts'
import { located, placed, type Word } from './locate.ts'
import { bad, bigInteger, integer, octets, onlyOnce, words } from './numbers.ts'
import { parseMetadata } from './output-text.ts'
import { ANY_PACKETS, actionsOf, isDrop, wordOf } from './parse-actions.ts'
import { matchOf, packetsOf, split } from './parse-match.ts'
import { INSTRUCTION_ORDER } from './print-actions.ts'
import { DEFAULT_PRIORITY, FLAG_NAMES } from './print-flow.ts'
import { splitWords } from './split-words.ts'
import { parseTrigger } from './stat-trigger.ts'
import type { Packets } from './text-row.ts'

type InstructionParser = (text: string, packets: Packets) => Instruction
const INSTRUCTIONS = new Map<string, InstructionParser>([
  ['goto_table', (text) => ({ type: 'goto_table', table: integer(text, 0xff) })],
  ['write_actions', (text, packets) => ({ type: 'write_actions', actions: actionsOf(splitWords(text), packets) })],
  ['clear_actions', parseClear],
  ['write_metadata', (text) => ({ type: 'write_metadata', ...parseMetadata(text) })],
  ['stat_trigger', parseTrigger],
  ['unknown_instruction', parseUnknown],
])

function parseClear(text: string): Instruction {
  if (text !== '') throw bad(text, 'clear_actions takes no arguments')
  return { type: 'clear_actions' }
}

function parseUnknown(text: string): Instruction {
  const [code = '', body = ''] = words(text, 2)
  return { type: 'unknown', code: integer(code, 0xffff), body: octets(body) }
}

/** A switch does not keep a write_actions without actions. */
const isNothing = (one: Instruction): boolean => one.type === 'write_actions' && one.actions.length === 0

/**
 * Parses instructions: the text after `actions=`.
 * @throws OpenFlowError `bad-text`, with the offset of the action or instruction
 */
export const parseInstructions = (text: string): Instruction[] => located(0, () => instructionsOf(text, ANY_PACKETS))

function instructionsOf(text: string, packets: Packets): Instruction[] {
  const parts = splitWords(text)
  if (isDrop(parts)) return []
  const applied: Word[] = []
  const instructions: Instruction[] = []
  let last = 0
  for (const part of parts) {
    const instruction = instructionOf(part, packets)
    if (!instruction) applied.push(part)
    else if (!isNothing(instruction)) instructions.push(instruction)
    const rank = INSTRUCTION_ORDER.indexOf(instruction?.type ?? 'apply_actions')
    if (rank < last) {
      const why = `it must come before ${INSTRUCTION_ORDER[last]}: a switch executes it first`
      throw placed(bad(part.text, why), part.at)
    }
    last = rank
  }
  onlyOnce(instructions.flatMap(({ type }) => (type === 'unknown' ? [] : [type])))
  if (applied.length === 0) return instructions
  return [{ type: 'apply_actions', actions: actionsOf(applied, packets) }, ...instructions]
}

/** @returns undefined if the word is an action */
function instructionOf({ text, at }: Word, packets: Packets): Instruction | undefined {
  try {
    const [word, rest, restAt] = wordOf(text)
    const parse = INSTRUCTIONS.get(word)
    return parse && located(restAt, () => parse(rest, packets))
  } catch (error) {
    throw placed(error, at)
  }
}

type Numbers = 'table' | 'priority' | 'idleTimeout' | 'hardTimeout' | 'importance'
const NUMBERS = new Map<string, readonly [name: Numbers, most: number]>([
  ['table', ['table', 0xff]],
  ['priority', ['priority', 0xffff]],
  ['idle_timeout', ['idleTimeout', 0xffff]],
  ['hard_timeout', ['hardTimeout', 0xffff]],
  ['importance', ['importance', 0xffff]],
])
/** Words of dumps with statistics, and old words for switches. They are ignored. */
const READ_OVER =
  /^((duration=[\d.]+s?|(n_packets|n_bytes|idle_age|hard_age)=\d+)|allow_hidden_fields|no_readonly_table)$/

/** Splits a line at `actions=` or `action=`. `at` is the position of the actions. */
function halves(text: string): readonly [head: string, actions: string, at: number] {
  const found = /\bactions?\s*=/.exec(text)
  if (!found) throw placed(bad(text, 'actions= is missing'), text.length)
  const at = found.index + found[0].length
  return [text.slice(0, found.index), text.slice(at), at]
}

/**
 * Parses one line.
 * @throws OpenFlowError `bad-text`, with the offset of the field, value, action or instruction
 */
export function parseFlow(text: string): Flow {
  const [head, actions, actionsAt] = halves(text)
  const flow: { -readonly [K in Numbers]?: number } & { cookie?: bigint } = {}
  let flags = 0
  const words: Word[] = []
  const given = new Map<string, string | undefined>()
  for (const word of splitWords(head)) {
    const [name, value] = split(word.text)
    const flag = FLAG_NAMES.find(([known]) => known === word.text)
    const number = NUMBERS.get(name)
    const valueAt = word.at + (value === undefined ? 0 : name.length + 1)
    if (number) flow[number[0]] = located(valueAt, () => integer(value ?? '', number[1]))
    else if (name === 'cookie') flow.cookie = located(valueAt, () => bigInteger(value ?? ''))
    else if (flag) flags |= flag[1]
    else if (!READ_OVER.test(word.text)) words.push(word)
    if (!number && name !== 'cookie') continue
    if (given.has(name) && given.get(name) !== value) throw placed(bad(name, 'it is given twice'), word.at)
    given.set(name, value)
  }
  const match = matchOf(words)
  const instructions = located(actionsAt, () => instructionsOf(actions, packetsOf(match)))
  const rest = flags === 0 ? {} : { flags }
  return { table: 0, priority: DEFAULT_PRIORITY, cookie: 0n, ...flow, match, instructions, ...rest }
}
