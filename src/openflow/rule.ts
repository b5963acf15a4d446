/**
 * What makes two rules the same, as strings to compare: equal for a rule that was sent to Open vSwitch and for what its dump
 * shows of it.
 */
import { canonicalMatch } from './canonical.ts'
import { canonicalInstructions } from './canonical-actions.ts'
import type { Flow } from './flow.ts'
import { printInstructions } from './text/actions.ts'

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
