/** Actions, instructions and flows as ovs-ofctl(8) writes them: reading. */
import { type Action, load, type SetField, type Subfield } from '../actions.ts'
import { OpenFlowError } from '../errors.ts'
import { FIELDS } from '../fields.ts'
import type { Flow } from '../flow.ts'
import type { Instruction } from '../instructions.ts'
import { PORT } from '../ports.ts'
import { ALL_ONES, BY_ACTION, REASONS, WHOLE_PACKET } from './actions.ts'
import { DEFAULT_PRIORITY, FLAG_NAMES } from './flow.ts'
import { matchOf, splitCommas } from './match.ts'
import { fieldNamed, portNamed } from './names.ts'
import { parseValue } from './values.ts'

const bad = (text: string, why: string): OpenFlowError => new OpenFlowError('bad-text', `"${text}": ${why}`)

function integer(text: string | undefined, most = 0xffffffff): number {
  const value = Number(text)
  if (text && /^(0x[\da-f]+|\d+)$/i.test(text) && value <= most) return value
  throw bad(text ?? '', `a whole number up to ${most} is wanted`)
}

function bigInteger(text: string): bigint {
  if (/^(0x[\da-f]+|\d+)$/i.test(text)) return BigInt(text)
  throw bad(text, 'a whole number is wanted')
}

const port = (text: string): number => portNamed(text) ?? integer(text)
const octets = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll('.', ''), 'hex'))

/** `NXM_NX_REG0[0..15]`, `reg0[3]`, `reg0[]`. */
function subfield(text: string): Subfield & { readonly bits: number } {
  const found = /^(\w+)\[(?:(\d+)(?:\.\.(\d+))?)?\]$/.exec(text)
  const field = found && fieldNamed(found[1] ?? '')
  if (!found || !field) throw bad(text, 'a field and its bits are wanted, as in reg0[0..15]')
  if (found[2] === undefined) return { field, offset: 0, bits: FIELDS[field].bits }
  const offset = Number(found[2])
  const bits = Number(found[3] ?? offset) - offset + 1
  if (bits < 1 || offset + bits > FIELDS[field].bits) throw bad(text, `${field} has ${FIELDS[field].bits} bits`)
  return { field, offset, bits }
}

/** The two sides of an arrow. */
function arrow(text: string): [string, string] {
  const at = text.lastIndexOf('->')
  if (at < 0) throw bad(text, 'an arrow is wanted: value->field')
  return [text.slice(0, at), text.slice(at + 2)]
}

const plain =
  (type: 'pop_vlan' | 'dec_ttl' | 'dec_mpls_ttl' | 'copy_ttl_out' | 'copy_ttl_in' | 'pop_pbb' | 'ct_clear') => () =>
    ({ type }) as const
const tagged = (type: 'push_vlan' | 'push_mpls' | 'pop_mpls' | 'push_pbb') => (text: string) =>
  ({ type, ethertype: integer(text, 0xffff) }) as const

/** The word before `:` or `(` -> how the rest is read. */
const ACTIONS: Readonly<Record<string, (text: string) => Action>> = {
  output: (text) =>
    text.includes('[')
      ? { type: 'output_reg', ...subfield(text), maxLen: WHOLE_PACKET }
      : { type: 'output', port: port(text) },
  controller: parseController,
  set_field: parseSetField,
  resubmit: parseResubmit,
  push_vlan: tagged('push_vlan'),
  push_mpls: tagged('push_mpls'),
  pop_mpls: tagged('pop_mpls'),
  push_pbb: tagged('push_pbb'),
  pop_vlan: plain('pop_vlan'),
  strip_vlan: plain('pop_vlan'),
  pop_pbb: plain('pop_pbb'),
  dec_ttl: plain('dec_ttl'),
  dec_mpls_ttl: plain('dec_mpls_ttl'),
  copy_ttl_in: plain('copy_ttl_in'),
  copy_ttl_out: plain('copy_ttl_out'),
  ct_clear: plain('ct_clear'),
  group: (text) => ({ type: 'group', group: integer(text) }),
  set_queue: (text) => ({ type: 'set_queue', queue: integer(text) }),
  meter: (text) => ({ type: 'meter', meter: integer(text) }),
  mod_nw_ttl: (text) => ({ type: 'set_ttl', ttl: integer(text, 0xff) }),
  set_mpls_ttl: (text) => ({ type: 'set_mpls_ttl', ttl: integer(text, 0xff) }),
  clone: (text) => ({ type: 'clone', actions: parseActions(text) }),
  move(text) {
    const [from, to] = arrow(text)
    const { bits, ...src } = subfield(from)
    const { bits: there, ...dst } = subfield(to)
    if (bits !== there) throw bad(text, 'both sides have the same number of bits')
    return { type: 'reg_move', src, dst, bits }
  },
  load(text) {
    const [value, to] = arrow(text)
    const { field, offset, bits } = subfield(to)
    return load(field, offset, bits, bigInteger(value))
  },
  note: (text) => ({ type: 'note', note: octets(text) }),
  unknown(text) {
    const [code = '', body = ''] = text.split(',')
    const [number, experimenter] = code.split('.')
    const from = experimenter === undefined ? {} : { experimenter: integer(experimenter) }
    return { type: 'unknown', code: integer(number, 0xffff), ...from, body: octets(body) }
  },
}

function parseSetField(text: string): Action {
  const [value, name] = arrow(text)
  const field = fieldNamed(name)
  if (!field) throw bad(text, `${name} is no field`)
  return { type: 'set_field', ...parseValue(field, value) } as SetField
}

function parseResubmit(text: string): Action {
  const [inPort = '', table = ''] = text.split(',')
  return {
    type: 'resubmit',
    ...(inPort === '' ? {} : { port: port(inPort) }),
    ...(table === '' ? {} : { table: integer(table, 0xfe) }),
  }
}

function parseController(text: string): Action {
  if (/^(0x[\da-f]+|\d*)$/i.test(text)) {
    const maxLen = text === '' ? WHOLE_PACKET : integer(text, 0xffff)
    return { type: 'output', port: PORT.CONTROLLER, ...(maxLen === WHOLE_PACKET ? {} : { maxLen }) }
  }
  const parts = new Map(text.split(',').map((part) => part.split('=', 2) as [string, string]))
  const reason = parts.get('reason')
  const known = (REASONS as readonly string[]).indexOf(reason ?? '')
  return {
    type: 'controller',
    maxLen: parts.has('max_len') ? integer(parts.get('max_len'), 0xffff) : WHOLE_PACKET,
    controllerId: parts.has('id') ? integer(parts.get('id'), 0xffff) : 0,
    reason: reason === undefined ? BY_ACTION : known < 0 ? integer(reason, 0xff) : known,
  }
}

/** `word:rest`, `word(rest)`, or `word` alone. */
function parts(text: string): [word: string, rest: string] {
  const found = /^(\w+)(?::(.*)|\((.*)\))?$/s.exec(text)
  if (!found) throw bad(text, 'no action')
  return [(found[1] ?? '').toLowerCase(), found[2] ?? found[3] ?? '']
}

function parseAction(text: string): Action {
  const [word, rest] = parts(text)
  const named = ACTIONS[word]
  if (named) return named(rest)
  if (rest !== '') throw bad(text, 'no action')
  return { type: 'output', port: port(word) }
}

/** Read a list of actions. @throws OpenFlowError `bad-text` */
export const parseActions = (text: string): Action[] => (text === 'drop' ? [] : splitCommas(text).map(parseAction))

const INSTRUCTIONS: Readonly<Record<string, (text: string) => Instruction>> = {
  goto_table: (text) => ({ type: 'goto_table', table: integer(text, 0xff) }),
  write_actions: (text) => ({ type: 'write_actions', actions: parseActions(text) }),
  clear_actions: () => ({ type: 'clear_actions' }),
  write_metadata(text) {
    const [metadata = '', mask] = text.split('/')
    return {
      type: 'write_metadata',
      metadata: bigInteger(metadata),
      mask: mask === undefined ? ALL_ONES : bigInteger(mask),
    }
  },
  unknown_instruction(text) {
    const [code, body = ''] = text.split(',')
    return { type: 'unknown', code: integer(code, 0xffff), body: octets(body) }
  },
}

/** Read what stands after `actions=`. @throws OpenFlowError `bad-text` */
export function parseInstructions(text: string): Instruction[] {
  if (text === 'drop') return []
  const applied: Action[] = []
  const instructions: Instruction[] = []
  for (const part of splitCommas(text)) {
    const [word, rest] = parts(part)
    const instruction = INSTRUCTIONS[word]
    if (instruction) instructions.push(instruction(rest))
    else applied.push(parseAction(part))
  }
  return applied.length === 0 ? instructions : [{ type: 'apply_actions', actions: applied }, ...instructions]
}

type Timers = Pick<Flow, 'idleTimeout' | 'hardTimeout' | 'importance'>
const TIMERS: Readonly<Record<string, keyof Timers>> = {
  idle_timeout: 'idleTimeout',
  hard_timeout: 'hardTimeout',
  importance: 'importance',
}
/** Said of a rule by a dump with statistics: read over. */
const STATISTICS = /^(duration|n_packets|n_bytes|idle_age|hard_age)=/

/** Read one line. @throws OpenFlowError `bad-text` */
export function parseFlow(text: string): Flow {
  const line = text.trim()
  const at = line.search(/\bactions=/)
  if (at < 0) throw bad(text, 'actions= is missing')
  const flow = { table: 0, priority: DEFAULT_PRIORITY, cookie: 0n }
  const timers: { -readonly [K in keyof Timers]: number } = {}
  let flags = 0
  const match: string[] = []
  for (const word of splitCommas(line.slice(0, at))) {
    const [name = '', value = ''] = word.split('=', 2)
    const flag = FLAG_NAMES.find(([known]) => known === word)
    const timer = TIMERS[name]
    if (name === 'table') flow.table = integer(value, 0xff)
    else if (name === 'priority') flow.priority = integer(value, 0xffff)
    else if (name === 'cookie') flow.cookie = bigInteger(value)
    else if (timer) timers[timer] = integer(value, 0xffff)
    else if (flag) flags |= flag[1]
    else if (!STATISTICS.test(word)) match.push(word)
  }
  const instructions = parseInstructions(line.slice(at + 'actions='.length))
  return { ...flow, match: matchOf(match), instructions, ...timers, ...(flags === 0 ? {} : { flags }) } as Flow
}
