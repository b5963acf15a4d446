/** Parses instructions and flows as ovs-ofctl(8) writes them. */

import type { Instruction } from '../actions/instructions.ts'
import type { Flow } from '../messages/flow-messages.ts'
import { bad, bigInteger, integer, octets, onlyOnce, words } from './numbers.ts'
import { parseMetadata } from './output-text.ts'
import { ANY_PACKETS, actionsOf, isDrop, wordOf } from './parse-actions.ts'
import { matchOf, packetsOf, split } from './parse-match.ts'
import { INSTRUCTION_ORDER } from './print-actions.ts'
import { DEFAULT_PRIORITY, FLAG_NAMES } from './print-flow.ts'
import { splitCommas } from './split-words.ts'
import { parseTrigger } from './stat-trigger.ts'
import type { Packets } from './text-row.ts'

const INSTRUCTIONS = new Map<string, (text: string, packets: Packets) => Instruction>([
  ['goto_table', (text) => ({ type: 'goto_table', table: integer(text, 0xff) })],
  ['write_actions', (text, packets) => ({ type: 'write_actions', actions: actionsOf(splitCommas(text), packets) })],
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
 * @throws OpenFlowError `bad-text`
 */
export const parseInstructions = (text: string): Instruction[] => instructionsOf(text, ANY_PACKETS)

function instructionsOf(text: string, packets: Packets): Instruction[] {
  const parts = splitCommas(text)
  if (isDrop(parts)) return []
  const applied: string[] = []
  const instructions: Instruction[] = []
  let last = 0
  for (const part of parts) {
    const [word, rest] = wordOf(part)
    const instruction = INSTRUCTIONS.get(word)?.(rest, packets)
    if (!instruction) applied.push(part)
    else if (!isNothing(instruction)) instructions.push(instruction)
    const rank = INSTRUCTION_ORDER.indexOf(instruction?.type ?? 'apply_actions')
    if (rank < last) throw bad(part, `it must come before ${INSTRUCTION_ORDER[last]}: a switch executes it first`)
    last = rank
  }
  onlyOnce(instructions.flatMap(({ type }) => (type === 'unknown' ? [] : [type])))
  if (applied.length === 0) return instructions
  return [{ type: 'apply_actions', actions: actionsOf(applied, packets) }, ...instructions]
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

/** Splits a line at `actions=` or `action=`. */
function halves(text: string): readonly [head: string, actions: string] {
  const found = /\bactions?\s*=/.exec(text)
  if (!found) throw bad(text, 'actions= is missing')
  return [text.slice(0, found.index), text.slice(found.index + found[0].length)]
}

/**
 * Parses one line.
 * @throws OpenFlowError `bad-text`
 */
export function parseFlow(text: string): Flow {
  const [head, actions] = halves(text)
  const flow: { -readonly [K in Numbers]?: number } & { cookie?: bigint } = {}
  let flags = 0
  const words: string[] = []
  const given = new Map<string, string | undefined>()
  for (const word of splitCommas(head)) {
    const [name, value] = split(word)
    const flag = FLAG_NAMES.find(([known]) => known === word)
    const number = NUMBERS.get(name)
    if (number) flow[number[0]] = integer(value ?? '', number[1])
    else if (name === 'cookie') flow.cookie = bigInteger(value ?? '')
    else if (flag) flags |= flag[1]
    else if (!READ_OVER.test(word)) words.push(word)
    if (!number && name !== 'cookie') continue
    if (given.has(name) && given.get(name) !== value) throw bad(name, 'it is given twice')
    given.set(name, value)
  }
  const match = matchOf(words)
  const instructions = instructionsOf(actions, packetsOf(match))
  const rest = flags === 0 ? {} : { flags }
  return { table: 0, priority: DEFAULT_PRIORITY, cookie: 0n, ...flow, match, instructions, ...rest }
}
