/**
 * Parses actions as ovs-ofctl(8) writes them. Each action is understood completely or refused. Each family of actions
 * has a file of its own.
 */
import type { Action } from '../actions/actions.ts'
import { TELL_PARSERS } from './controller-text.ts'
import { CT_PARSERS } from './ct-text.ts'
import { BITS_PARSERS } from './field-actions-text.ts'
import { HASH_PARSERS } from './hash-text.ts'
import { PACKET_PARSERS } from './header-text.ts'
import { LEARN_PARSERS } from './learn-text.ts'
import { located, placed, type Word } from './locate.ts'
import { bad } from './numbers.ts'
import { OUTPUT_PARSERS } from './output-text.ts'
import { parsePort, portNamed } from './port-names.ts'
import { splitWords } from './split-words.ts'
import type { Packets, Parsing } from './text-row.ts'

/** The maximum depth of nested actions. A switch does not take more. */
const MAX_DEPTH = 64

const ACTIONS = new Map([
  ...OUTPUT_PARSERS,
  ...BITS_PARSERS,
  ...PACKET_PARSERS,
  ...CT_PARSERS,
  ...LEARN_PARSERS,
  ...HASH_PARSERS,
  ...TELL_PARSERS,
])

/** Packets about which nothing is known. */
export const ANY_PACKETS: Packets = { protocol: undefined, isTagged: false }

/** Splits `word:rest`, `word(rest)`, or `word` alone. An arrow may follow the parentheses. `at` is the position of the rest. */
export function wordOf(text: string): [word: string, rest: string, at: number] {
  const found = /^(\w+)(?::(.*)|\((.*)\)|\((.*\)->.*))?$/s.exec(text)
  if (!found) throw bad(text.slice(0, 80), 'not an action')
  const [, word = '', , , withArrow] = found
  const at = word.length + (withArrow === undefined ? 1 : 0)
  return [word.toLowerCase(), found[2] ?? found[3] ?? withArrow ?? '', at]
}

function parseAction(text: string, packets: Packets, depth: number): Action | Action[] {
  const [word, rest, at] = wordOf(text)
  const named = ACTIONS.get(word)
  if (named) return named(rest, within(packets, depth, at))
  const isPort = /^\d/.test(word) || portNamed(word) !== undefined
  if (rest !== '' || !isPort)
    throw bad(text.slice(0, 80), word === 'drop' ? 'it must be the only action' : 'not an action')
  return { type: 'output', port: parsePort(word) }
}

/** @param restAt the position of the arguments in the action */
const within = (packets: Packets, depth: number, restAt: number): Parsing => ({
  packets,
  parse: (text, at = 0) => located(restAt + at, () => parseNested(text, packets, depth + 1)),
})

function parseNested(text: string, packets: Packets, depth: number): Action[] {
  if (depth > MAX_DEPTH) throw bad(`${text.slice(0, 40)}…`, `more than ${MAX_DEPTH} nested actions`)
  return actionsOf(splitWords(text), packets, depth)
}

export const isDrop = (words: readonly Word[]): boolean => words.every(({ text }) => text.toLowerCase() === 'drop')

/** The actions that the words stand for. Each is read with what the ones before it say about the packet. */
export function actionsOf(words: readonly Word[], packets: Packets, depth = 0): Action[] {
  if (isDrop(words)) return []
  const actions: Action[] = []
  let now = packets
  for (const { text, at } of words) {
    for (const action of [parsedAt(text, at, now, depth)].flat()) {
      if (action.type === 'push_vlan' || action.type === 'pop_vlan') {
        now = { ...now, isTagged: action.type === 'push_vlan' }
      }
      actions.push(action)
    }
  }
  return actions
}

function parsedAt(text: string, at: number, packets: Packets, depth: number): Action | Action[] {
  try {
    return parseAction(text, packets, depth)
  } catch (error) {
    throw placed(error, at)
  }
}

/**
 * Parses a list of actions.
 * @throws OpenFlowError `bad-text`, with the offset of the action
 */
export const parseActions = (text: string): Action[] => located(0, () => actionsOf(splitWords(text), ANY_PACKETS))
