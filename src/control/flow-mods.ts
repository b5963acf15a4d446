/** The messages that carry a difference to a switch, and whose rules of them it refused. */
import { authorOf } from '../../flows/cookie.ts'
import type { Rule } from '../../flows/rule.ts'
import type { Key } from '../../topology/ids.ts'
import type { BundleError, Flow, FlowMod } from '../openflow/index.ts'

const ALL_ONES = 0xffffffffffffffffn

/** Deletions first: a rule that moves from one author to another is then never doubled. */
export function* flowMods(put: readonly Rule[], drop: readonly Flow[]): Generator<FlowMod> {
  for (const { table, priority, match, cookie } of drop) {
    yield { type: 'flow_mod', command: 'delete_strict', table, priority, match, cookie, cookieMask: ALL_ONES }
  }
  for (const { table, priority, match, cookie, instructions } of put) {
    yield { type: 'flow_mod', command: 'add', table, priority, match, cookie, instructions }
  }
}

/** @returns who asked for the rules that were refused, and that they were, in the switch's words */
export function refusedAuthors({ refused }: BundleError): Map<Key, string> {
  const authors = new Map<Key, string>()
  for (const { message, error: words } of refused) {
    const author = message.type === 'flow_mod' && message.cookie !== undefined ? authorOf(message.cookie) : undefined
    if (author !== undefined) authors.set(author, `refused a rule: ${words.message}`)
  }
  return authors
}
