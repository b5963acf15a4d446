/** Text of `learn(…)` (ovs-actions(7), "The learn action"). */

import type { LearnAction, LearnSpec } from '../actions/learn.ts'
import type { FieldName } from '../match/match-fields.ts'
import type { Bits, Subfield } from '../match/subfield.ts'
import { widthOf } from '../match/subfield.ts'
import { actionField, actionName } from './field-names.ts'
import { hex, parseValue, printValue } from './field-values.ts'
import { bad, bigInteger, integer, onlyOnce } from './numbers.ts'
import { splitCommas } from './split-words.ts'
import { arrow, parseBit, parseBits, printSubfield } from './subfields.ts'
import type { Parsers, Printers } from './text-row.ts'

const DEFAULT_PRIORITY = 0x8000

type Numbers = 'idleTimeout' | 'hardTimeout' | 'finIdleTimeout' | 'finHardTimeout'
const NUMBERS: ReadonlyArray<readonly [word: string, name: Numbers]> = [
  ['idle_timeout', 'idleTimeout'],
  ['hard_timeout', 'hardTimeout'],
  ['fin_idle_timeout', 'finIdleTimeout'],
  ['fin_hard_timeout', 'finHardTimeout'],
]

function printSpec(spec: LearnSpec): string {
  const { to, bits, from } = spec
  if (to === 'output') return `output:${printSubfield(from, bits)}`
  const { dst } = spec
  if (to === 'load') return `load:${printFrom(from, bits)}->${printSubfield(dst, bits)}`
  if (typeof from === 'bigint') {
    const isWhole = dst.offset === 0 && bits === widthOf(dst)
    return isWhole
      ? `${actionName(dst.field)}=${printWhole(dst.field, from)}`
      : `${printSubfield(dst, bits)}=${hex(from)}`
  }
  const isItself = from.field === dst.field && from.offset === dst.offset
  return `${printSubfield(dst, bits)}${isItself ? '' : `=${printSubfield(from, bits)}`}`
}

const printFrom = (from: Subfield | bigint, bits: number): string =>
  typeof from === 'bigint' ? hex(from) : printSubfield(from, bits)

const printWhole = (field: FieldName, value: bigint): string => {
  const whole = widthOf({ field }) > 48 ? value : Number(value)
  return printValue(field, whole, undefined)
}

const place = ({ bits: _bits, ...subfield }: Bits): Subfield => subfield

function parseSpec(text: string): LearnSpec {
  if (text.startsWith('output:')) {
    const from = parseBits(text.slice('output:'.length))
    return { to: 'output', bits: from.bits, from: place(from) }
  }
  if (text.startsWith('load:')) {
    const [value, to] = arrow(text.slice('load:'.length))
    return assign('load', value, parseBits(to))
  }
  const at = text.indexOf('=')
  if (at < 0) {
    const both = parseBits(text)
    return { to: 'match', bits: both.bits, from: place(both), dst: place(both) }
  }
  const [name, value] = [text.slice(0, at), text.slice(at + 1)]
  if (name.includes('[')) return assign('match', value, parseBits(name))
  const field = actionField(name)
  if (!field) throw bad(text, `"${name}" is not a field`)
  if (actionField(value.replace(/\[.*$/, ''))) return assign('match', value, parseBits(name))
  const known = parseValue(field, value)
  if (known.mask !== undefined) throw bad(text, 'a mask is not possible here')
  return { to: 'match', bits: widthOf({ field }), from: BigInt(known.value), dst: { field, offset: 0 } }
}

function assign(to: 'match' | 'load', value: string, dst: Bits): LearnSpec {
  if (/^\d/.test(value)) return { to, bits: dst.bits, from: bigInteger(value, dst.bits), dst: place(dst) }
  const from = parseBits(value)
  if (from.bits !== dst.bits) throw bad(value, 'both sides must have the same number of bits')
  return { to, bits: dst.bits, from: place(from), dst: place(dst) }
}

const HEADS = new Map<string, (value: string) => Partial<LearnAction>>([
  ['table', (value) => ({ table: integer(value, 0xfe) })],
  ['priority', (value) => ({ priority: integer(value, 0xffff) })],
  ['cookie', (value) => ({ cookie: bigInteger(value) })],
  ['limit', (value) => ({ limit: integer(value) })],
  ['result_dst', (value) => ({ result: parseBit(value) })],
  ...NUMBERS.map(
    ([word, name]) => [word, (value: string): Partial<LearnAction> => ({ [name]: integer(value, 0xffff) })] as const,
  ),
])

function parseLearn(text: string): LearnAction {
  const action: { -readonly [Key in keyof LearnAction]?: LearnAction[Key] } = {}
  const specs: LearnSpec[] = []
  const heads: string[] = []
  for (const part of splitCommas(text)) {
    const [name = '', value = ''] = part.split('=')
    const head = part.includes('=') ? HEADS.get(name) : undefined
    if (head) Object.assign(action, head(value))
    else if (part === 'send_flow_rem') action.sendFlowRem = true
    else if (part === 'delete_learned') action.deleteLearned = true
    else specs.push(parseSpec(part))
    if (head) heads.push(name)
  }
  onlyOnce(heads)
  for (const [, name] of NUMBERS) if (action[name] === 0) delete action[name]
  if (action.limit === 0) delete action.limit
  return { type: 'learn', table: 1, priority: DEFAULT_PRIORITY, cookie: 0n, ...action, specs }
}

export const LEARN_PRINTERS: Printers<'learn'> = {
  learn(action) {
    const parts = [
      `table=${action.table}`,
      ...NUMBERS.flatMap(([word, name]) => (action[name] ? [`${word}=${action[name]}`] : [])),
      action.priority === DEFAULT_PRIORITY ? '' : `priority=${action.priority}`,
      action.sendFlowRem ? 'send_flow_rem' : '',
      action.deleteLearned ? 'delete_learned' : '',
      action.cookie === 0n ? '' : `cookie=${hex(action.cookie)}`,
      action.limit ? `limit=${action.limit}` : '',
      action.result ? `result_dst=${printSubfield(action.result, 1)}` : '',
      ...action.specs.map(printSpec),
    ]
    return `learn(${parts.filter(Boolean).join(',')})`
  },
}

export const LEARN_PARSERS: Parsers = [['learn', parseLearn]]
