/** What a switch refuses of a rule though each of its numbers fits, as Open vSwitch does (OpenFlow 1.5.1, 7.2.3 and 7.2.5). */
import { refuse, type Wrong, wrongMatch } from '../match/check-match.ts'
import type { Match } from '../match/match-fields.ts'
import { errorNamed } from '../wire/error-values.ts'
import type { Instruction } from './instructions.ts'

const DUP_INST = errorNamed('BAD_INSTRUCTION', 'DUP_INST')

/**
 * Whoever acts as a switch asks this of a rule that came: `decode` takes it as it is, and says `unchecked` of one that is refused
 * here. `encode` asks it of a `flow_mod`.
 * @throws OpenFlowError `out-of-range`, with what a switch answers as its `error`: a field that stands before what it asks for, or
 *   without it (BAD_PREREQ), or twice (DUP_FIELD), or with value bits outside of its mask (BAD_WILDCARDS), or with a mask that it
 *   cannot have (BAD_MASK); two instructions of one type (DUP_INST)
 */
export function checkRule({
  match,
  instructions = [],
}: {
  readonly match: Match
  readonly instructions?: readonly Instruction[]
}): void {
  refuse(wrongMatch(match) ?? wrongInstructions(instructions))
}

/** A type of instruction stands there once. */
export function wrongInstructions(instructions: readonly Instruction[]): Wrong | undefined {
  for (let at = 1; at < instructions.length; at += 1) {
    const type = instructions[at]?.type
    if (type === 'unknown') continue
    for (let before = 0; before < at; before += 1) {
      if (instructions[before]?.type !== type) continue
      return { message: `there are two instructions ${type}: a rule has one of each type`, error: DUP_INST }
    }
  }
  return undefined
}
