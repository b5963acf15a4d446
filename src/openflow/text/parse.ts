/** Instructions and flows as ovs-ofctl(8) writes them: reading. */
import type { Action } from '../actions.ts'
import type { Flow } from '../flow.ts'
import type { Instruction } from '../instructions.ts'
import { DEFAULT_PRIORITY, FLAG_NAMES } from './flow.ts'
import { matchOf, splitCommas } from './match.ts'
import { bad, bigInteger, integer, octets, onlyOnce, words } from './numbers.ts'
import { parseMetadata } from './output.ts'
import { parseAction, parseActions, wordOf } from './parse-actions.ts'
import { parseTrigger } from './trigger.ts'

const INSTRUCTIONS = new Map<string, (text: string) => Instruction>([
  ['goto_table', (text) => ({ type: 'goto_table', table: integer(text, 0xff) })],
  ['write_actions', (text) => ({ type: 'write_actions', actions: parseActions(text) })],
  ['clear_actions', parseClear],
  ['write_metadata', (text) => ({ type: 'write_metadata', ...parseMetadata(text) })],
  ['stat_trigger', parseTrigger],
  ['unknown_instruction', parseUnknown],
])

function parseClear(text: string): Instruction {
  if (text !== '') throw bad(text, 'clear_actions takes nothing')
  return { type: 'clear_actions' }
}

function parseUnknown(text: string): Instruction {
  const [code = '', body = ''] = words(text, 2)
  return { type: 'unknown', code: integer(code, 0xffff), body: octets(body) }
}

/** Read what stands after `actions=`. @throws OpenFlowError `bad-text` */
export function parseInstructions(text: string): Instruction[] {
  if (text === 'drop') return []
  const applied: Action[] = []
  const instructions: Instruction[] = []
  for (const part of splitCommas(text)) {
    const [word, rest] = wordOf(part)
    const instruction = INSTRUCTIONS.get(word)
    if (instruction) instructions.push(instruction(rest))
    else applied.push(parseAction(part))
  }
  onlyOnce(instructions.flatMap(({ type }) => (type === 'unknown' ? [] : [type])))
  return applied.length === 0 ? instructions : [{ type: 'apply_actions', actions: applied }, ...instructions]
}

type Numbers = 'table' | 'priority' | 'idleTimeout' | 'hardTimeout' | 'importance'
const NUMBERS = new Map<string, readonly [name: Numbers, most: number]>([
  ['table', ['table', 0xff]],
  ['priority', ['priority', 0xffff]],
  ['idle_timeout', ['idleTimeout', 0xffff]],
  ['hard_timeout', ['hardTimeout', 0xffff]],
  ['importance', ['importance', 0xffff]],
])
/** Said of a rule by a dump with statistics: read over. */
const STATISTICS = /^(duration=[\d.]+s|(n_packets|n_bytes|idle_age|hard_age)=\d+)$/

/** Read one line. @throws OpenFlowError `bad-text` */
export function parseFlow(text: string): Flow {
  const line = text.trim()
  const at = line.search(/\bactions=/)
  if (at < 0) throw bad(text, 'actions= is missing')
  const flow: { -readonly [K in Numbers]?: number } & { cookie?: bigint } = {}
  let flags = 0
  const match: string[] = []
  const names: string[] = []
  for (const word of splitCommas(line.slice(0, at))) {
    const equals = word.indexOf('=')
    const [name, value] = equals < 0 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)]
    const flag = FLAG_NAMES.find(([known]) => known === word)
    const number = NUMBERS.get(name)
    if (number) flow[number[0]] = integer(value, number[1])
    else if (name === 'cookie') flow.cookie = bigInteger(value)
    else if (flag) flags |= flag[1]
    else if (!STATISTICS.test(word)) match.push(word)
    if (number || name === 'cookie' || flag) names.push(name)
  }
  onlyOnce(names)
  const instructions = parseInstructions(line.slice(at + 'actions='.length))
  const rest = flags === 0 ? {} : { flags }
  return { table: 0, priority: DEFAULT_PRIORITY, cookie: 0n, ...flow, match: matchOf(match), instructions, ...rest }
}
