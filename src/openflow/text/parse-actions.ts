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
import { bad } from './numbers.ts'
import { OUTPUT_PARSERS } from './output-text.ts'
import { parsePort, portNamed } from './port-names.ts'
import { splitCommas } from './split-words.ts'
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

/** Splits `word:rest`, `word(rest)`, or `word` alone. An arrow may follow the parentheses. */
export function wordOf(text: string): [word: string, rest: string] {
  const found = /^(\w+)(?::(.*)|\((.*)\)|\((.*\)->.*))?$/s.exec(text)
  if (!found) throw bad(text.slice(0, 80), 'not an action')
  return [(found[1] ?? '').toLowerCase(), found[2] ?? found[3] ?? found[4] ?? '']
}

function parseAction(text: string, packets: Packets, depth: number): Action | Action[] {
  const [word, rest] = wordOf(text)
  const named = ACTIONS.get(word)
  if (named) return named(rest, within(packets, depth))
  const isPort = /^\d/.test(word) || portNamed(word) !== undefined
  if (rest !== '' || !isPort)
    throw bad(text.slice(0, 80), word === 'drop' ? 'it must be the only action' : 'not an action')
  return { type: 'output', port: parsePort(word) }
}

const within = (packets: Packets, depth: number): Parsing => ({
  packets,
  parse: (text) => parseNested(text, packets, depth + 1),
})

function parseNested(text: string, packets: Packets, depth: number): Action[] {
  if (depth > MAX_DEPTH) throw bad(`${text.slice(0, 40)}…`, `more than ${MAX_DEPTH} nested actions`)
  return actionsOf(splitCommas(text), packets, depth)
}

export const isDrop = (words: readonly string[]): boolean => words.every((word) => word.toLowerCase() === 'drop')

/** The actions that the words stand for. Each is read with what the ones before it say about the packet. */
export function actionsOf(words: readonly string[], packets: Packets, depth = 0): Action[] {
  if (isDrop(words)) return []
  const actions: Action[] = []
  let now = packets
  for (const word of words) {
    for (const action of [parseAction(word, now, depth)].flat()) {
      if (action.type === 'push_vlan' || action.type === 'pop_vlan') {
        now = { ...now, isTagged: action.type === 'push_vlan' }
      }
      actions.push(action)
    }
  }
  return actions
}

/**
 * Parses a list of actions.
 * @throws OpenFlowError `bad-text`
 */
export const parseActions = (text: string): Action[] => actionsOf(splitCommas(text), ANY_PACKETS)
