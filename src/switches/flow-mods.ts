/** The messages that apply a difference of rules to a switch, and the authors whose rules the switch has refused. */
import { authorOf } from '../../flows/pipeline/cookie.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import type { Key } from '../../topology/ids.ts'
import {
  type BundleError,
  type Flow,
  type FlowMod,
  type OpenFlowError,
  VERSIONS,
  versionName,
} from '../openflow/index.ts'

const NEWEST = Math.max(...VERSIONS)
/** The mask of a message that means one cookie alone. */
export const ALL_ONES = 0xffffffffffffffffn

/** Deletions come first. So a rule that moves from one author to another never exists twice. */
export function* flowMods(put: readonly Rule[], drop: readonly Flow[]): Generator<FlowMod> {
  for (const { table, priority, match, cookie } of drop) {
    yield { type: 'flow_mod', command: 'delete_strict', table, priority, match, cookie, cookieMask: ALL_ONES }
  }
  for (const { table, priority, match, cookie, instructions } of put) {
    yield { type: 'flow_mod', command: 'add', table, priority, match, cookie, instructions }
  }
}

/**
 * @param version the wire version of the session
 * @returns the authors of refused rules, with the reason that the switch gave
 */
export function refusedAuthors({ refused }: BundleError, version: number): Map<Key, string> {
  const authors = new Map<Key, string>()
  for (const { message, error: words } of refused) {
    const author = message.type === 'flow_mod' && message.cookie !== undefined ? authorOf(message.cookie) : undefined
    if (author !== undefined) authors.set(author, refusal(words, version))
  }
  return authors
}

function refusal({ code, message }: OpenFlowError, version: number): string {
  // The rule was not sent, because this version cannot express it.
  return code === 'out-of-range' && version < NEWEST
    ? `cannot be told a rule (${message}): add ${versionName(NEWEST).replaceAll(/[ .]/g, '')} to the protocols of its bridge`
    : `refused a rule: ${message}`
}
