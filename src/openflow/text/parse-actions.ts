/** Actions as ovs-ofctl(8) writes them: reading. Each is understood whole or refused; the kinds have files of their own. */
import type { Action } from '../actions.ts'
import { BITS_PARSERS } from './bits.ts'
import { CT_PARSERS } from './ct.ts'
import { HASH_PARSERS } from './hash.ts'
import { LEARN_PARSERS } from './learn.ts'
import { splitCommas } from './match.ts'
import { bad } from './numbers.ts'
import { OUTPUT_PARSERS } from './output.ts'
import { PACKET_PARSERS } from './packet.ts'
import { parsePort } from './ports.ts'
import type { Parsing } from './row.ts'
import { TELL_PARSERS } from './tell.ts'

/** Actions within actions that are read; a switch takes no more. */
const DEEPEST = 64

const ACTIONS = new Map([
  ...OUTPUT_PARSERS,
  ...BITS_PARSERS,
  ...PACKET_PARSERS,
  ...CT_PARSERS,
  ...LEARN_PARSERS,
  ...HASH_PARSERS,
  ...TELL_PARSERS,
])

/** `word:rest`, `word(rest)`, or `word` alone. An arrow may follow the parentheses. */
export function wordOf(text: string): [word: string, rest: string] {
  const found = /^(\w+)(?::(.*)|\((.*)\)|\((.*\)->.*))?$/s.exec(text)
  if (!found) throw bad(text.slice(0, 80), 'no action')
  return [(found[1] ?? '').toLowerCase(), found[2] ?? found[3] ?? found[4] ?? '']
}

export function parseAction(text: string, depth = 0): Action {
  const [word, rest] = wordOf(text)
  const named = ACTIONS.get(word)
  if (named) return named(rest, within(depth))
  if (rest !== '') throw bad(text.slice(0, 80), 'no action')
  return { type: 'output', port: parsePort(word) }
}

const within = (depth: number): Parsing => ({ parse: (text) => parseNested(text, depth + 1) })

function parseNested(text: string, depth: number): Action[] {
  if (text === 'drop') return []
  if (depth > DEEPEST) throw bad(`${text.slice(0, 40)}…`, `more than ${DEEPEST} actions within each other`)
  return splitCommas(text).map((part) => parseAction(part, depth))
}

/** Read a list of actions. @throws OpenFlowError `bad-text` */
export const parseActions = (text: string): Action[] => parseNested(text, 0)
