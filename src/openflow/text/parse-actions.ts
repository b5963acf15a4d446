/** Actions as ovs-ofctl(8) writes them: reading. Each is understood whole or refused. */
import { type Action, load, type SetField } from '../actions.ts'
import { OpenFlowError } from '../errors.ts'
import { PORT } from '../ports.ts'
import { hasNxm, type Subfield, widthOf } from '../subfield.ts'
import { BY_ACTION, REASONS, WHOLE_PACKET } from './actions.ts'
import { splitCommas } from './match.ts'
import { actionField, portNamed } from './names.ts'
import { bad, bigInteger, integer, octets, onlyOnce, words } from './numbers.ts'
import { parseValue } from './values.ts'

const port = (text: string): number => portNamed(text) ?? integer(text)

/** Clones within clones that are read; a switch takes no more. */
const DEEPEST = 64

/** `NXM_NX_REG0[0..15]`, `reg0[3]`, `reg0[]`. */
function subfield(text: string): Subfield & { readonly bits: number } {
  const found = /^(\w+)\[(?:(\d+)(?:\.\.(\d+))?)?\]$/.exec(text)
  const field = found && actionField(found[1] ?? '')
  if (!found || !field) throw bad(text, 'a field and its bits are wanted, as in reg0[0..15]')
  const width = widthOf({ field })
  if (found[2] === undefined) return { field, offset: 0, bits: width }
  const offset = Number(found[2])
  const bits = Number(found[3] ?? offset) - offset + 1
  if (bits < 1 || offset + bits > width) throw bad(text, `${field} has ${width} bits`)
  return { field, offset, bits }
}

/** The two sides of an arrow. */
function arrow(text: string): [string, string] {
  const at = text.lastIndexOf('->')
  if (at < 0) throw bad(text, 'an arrow is wanted: value->field')
  return [text.slice(0, at), text.slice(at + 2)]
}

type Parser = (text: string, depth: number) => Action
type Plain = 'pop_vlan' | 'dec_mpls_ttl' | 'copy_ttl_out' | 'copy_ttl_in' | 'pop_pbb' | 'ct_clear' | 'pop_queue'

const plain =
  (type: Plain | 'dec_ttl'): Parser =>
  (text) => {
    if (text !== '') throw bad(text, `${type} takes nothing`)
    return { type }
  }
const tagged =
  (type: 'push_vlan' | 'push_mpls' | 'pop_mpls' | 'push_pbb'): Parser =>
  (text) => ({ type, ethertype: integer(text, 0xffff) })

/** The word before `:` or `(` -> how the rest is read. */
const ACTIONS = new Map<string, Parser>([
  ['output', parseOutput],
  ['controller', parseController],
  ['set_field', parseSetField],
  ['resubmit', parseResubmit],
  ['push_vlan', tagged('push_vlan')],
  ['push_mpls', tagged('push_mpls')],
  ['pop_mpls', tagged('pop_mpls')],
  ['push_pbb', tagged('push_pbb')],
  ['pop_vlan', plain('pop_vlan')],
  ['strip_vlan', plain('pop_vlan')],
  ['pop_pbb', plain('pop_pbb')],
  ['pop_queue', plain('pop_queue')],
  ['dec_ttl', parseDecTtl],
  ['dec_mpls_ttl', plain('dec_mpls_ttl')],
  ['copy_ttl_in', plain('copy_ttl_in')],
  ['copy_ttl_out', plain('copy_ttl_out')],
  ['ct_clear', plain('ct_clear')],
  ['group', (text) => ({ type: 'group', group: integer(text) })],
  ['set_queue', (text) => ({ type: 'set_queue', queue: integer(text) })],
  ['meter', (text) => ({ type: 'meter', meter: integer(text) })],
  ['mod_nw_ttl', (text) => ({ type: 'set_ttl', ttl: integer(text, 0xff) })],
  ['set_mpls_ttl', (text) => ({ type: 'set_mpls_ttl', ttl: integer(text, 0xff) })],
  ['clone', (text, depth) => ({ type: 'clone', actions: parseNested(text, depth + 1) })],
  ['move', parseMove],
  ['load', parseLoad],
  ['note', (text) => ({ type: 'note', note: octets(text, '.') })],
  ['unknown', parseUnknown],
])

function parseOutput(text: string): Action {
  if (!text.includes('[')) return { type: 'output', port: port(text) }
  const source = subfield(text)
  // As ovs-ofctl and the switch name it.
  return { type: 'output_reg', ...source, ...(hasNxm(source.field) ? { header: 'nxm' } : {}), maxLen: WHOLE_PACKET }
}

function parseMove(text: string): Action {
  const [from, to] = arrow(text)
  const { bits, ...src } = subfield(from)
  const { bits: there, ...dst } = subfield(to)
  if (bits !== there) throw bad(text, 'both sides have the same number of bits')
  return { type: 'reg_move', src, dst, bits }
}

function parseLoad(text: string): Action {
  const [value, to] = arrow(text)
  const { field, offset, bits } = subfield(to)
  try {
    return load(field, offset, bits, bigInteger(value, 128))
  } catch (cause) {
    throw cause instanceof OpenFlowError ? bad(text, cause.message) : cause
  }
}

function parseSetField(text: string): Action {
  const [value, name] = arrow(text)
  const field = actionField(name)
  if (!field) throw bad(text, `${name} is no field`)
  return { type: 'set_field', ...parseValue(field, value) } as SetField
}

function parseDecTtl(text: string): Action {
  if (text === '') return { type: 'dec_ttl' }
  return { type: 'dec_ttl_cnt_ids', ids: text.split(',').map((id) => integer(id, 0xffff)) }
}

function parseResubmit(text: string): Action {
  const [inPort = '', table = ''] = text.includes(',') ? words(text, 2) : [text]
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
  const action = { type: 'controller' as const, maxLen: WHOLE_PACKET, controllerId: 0, reason: BY_ACTION }
  const parts = text.split(',').map((part) => part.split('='))
  onlyOnce(parts.map(([name = '']) => name))
  for (const [name, value = '', ...more] of parts) {
    if (more.length > 0) throw bad(text, 'one value each')
    if (name === 'max_len') action.maxLen = integer(value, 0xffff)
    else if (name === 'id') action.controllerId = integer(value, 0xffff)
    else if (name === 'reason') action.reason = parseReason(value)
    else throw bad(text, `"${name}" is none of max_len, id, reason`)
  }
  return action
}

function parseReason(text: string): number {
  const known = (REASONS as readonly string[]).indexOf(text)
  return known < 0 ? integer(text, 0xff) : known
}

function parseUnknown(text: string): Action {
  const [code = '', body = ''] = words(text, 2)
  const [number = '', experimenter, ...more] = code.split('.')
  if (more.length > 0) throw bad(text, 'it is written unknown(code.experimenter,octets)')
  const from = experimenter === undefined ? {} : { experimenter: integer(experimenter) }
  return { type: 'unknown', code: integer(number, 0xffff), ...from, body: octets(body) }
}

/** `word:rest`, `word(rest)`, or `word` alone. */
export function wordOf(text: string): [word: string, rest: string] {
  const found = /^(\w+)(?::(.*)|\((.*)\))?$/s.exec(text)
  if (!found) throw bad(text, 'no action')
  return [(found[1] ?? '').toLowerCase(), found[2] ?? found[3] ?? '']
}

export function parseAction(text: string, depth = 0): Action {
  const [word, rest] = wordOf(text)
  const named = ACTIONS.get(word)
  if (named) return named(rest, depth)
  if (rest !== '') throw bad(text, 'no action')
  return { type: 'output', port: port(word) }
}

function parseNested(text: string, depth: number): Action[] {
  if (text === 'drop') return []
  if (depth > DEEPEST) throw bad(`${text.slice(0, 40)}…`, `more than ${DEEPEST} clones within each other`)
  return splitCommas(text).map((part) => parseAction(part, depth))
}

/** Read a list of actions. @throws OpenFlowError `bad-text` */
export const parseActions = (text: string): Action[] => parseNested(text, 0)
