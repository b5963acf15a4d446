/**
 * Checks of a rule that a switch makes beyond the range of each value, as Open vSwitch makes them (OpenFlow 1.5.1,
 * 7.2.3 and 7.2.5).
 */
import { refuse, type Wrong, wrongMatch } from '../match/check-match.ts'
import type { Match } from '../match/match-fields.ts'
import { errorNamed } from '../wire/error-values.ts'
import type { Instruction } from './instructions.ts'

const DUP_INST = errorNamed('BAD_INSTRUCTION', 'DUP_INST')

/**
 * Checks a rule as a switch does. `encode` applies it to each `flow_mod`. `decode` does not refuse such a rule but
 * marks it with `unchecked`, so a program that acts as a switch calls this function itself.
 * @throws OpenFlowError `out-of-range`, with the error that a switch answers as its `error`: a field whose
 *   prerequisite is missing or comes after it (BAD_PREREQ), a duplicate field (DUP_FIELD), a value with bits outside of
 *   its mask (BAD_WILDCARDS), a field with a mask that it does not take (BAD_MASK), or two instructions of one type
 *   (DUP_INST)
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

/** What is wrong with the instructions: each type may occur once. */
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
