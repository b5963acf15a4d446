/**
 * What makes two rules the same, as strings to compare: equal for a rule that was sent to Open vSwitch and for what its dump
 * shows of it.
 */

import { canonicalInstructions } from '../actions/canonical-actions.ts'
import { canonicalMatch } from '../match/canonical-match.ts'
import type { Flow } from '../messages/flow-messages.ts'
import { printInstructions } from './print-actions.ts'

/** A rule's place: a switch has one rule of a key. */
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

/** What a rule does, its cookie left out. */
export const ruleBody = ({ instructions }: Pick<Flow, 'instructions'>): string =>
  printInstructions(canonicalInstructions(instructions))
