/**
 * Strings by which two rules can be compared. A rule that was sent to Open vSwitch and the rule in its dump have equal
 * strings.
 */

import { canonicalInstructions } from '../actions/canonical-actions.ts'
import { canonicalMatch } from '../match/canonical-match.ts'
import type { Flow } from '../messages/flow-messages.ts'
import { printInstructions } from './print-actions.ts'

/** The identity of a rule: a switch has at most one rule of a key. */
export function ruleKey({ table, priority, match }: Pick<Flow, 'table' | 'priority' | 'match'>): string {
  let key = `${table},${priority}`
  for (const field of canonicalMatch(match)) {
    if (field.field === 'unknown') {
      const { class: cls, type, hasMask, experimenter = '', body } = field
      key += `,${cls}.${type}.${hasMask}.${experimenter}=${Buffer.from(body).toString('hex')}`
    } else {
      key += `,${field.field}=${field.value.toString(16)}`
      if (field.mask !== undefined) key += `/${field.mask.toString(16)}`
    }
  }
  return key
}

/** What a rule does, without its cookie. */
export const ruleBody = ({ instructions }: Pick<Flow, 'instructions'>): string =>
  printInstructions(canonicalInstructions(instructions))
