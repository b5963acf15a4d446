/** The cookie of a rule: its owner (Plugboard) in the upper half, and the key of its author in the lower half. */
import type { Key } from '../../topology/ids.ts'

/** "plug" in ASCII, the upper half of the cookies of Plugboard's rules. */
const OWNER = 0x706c7567n

/** "lrnd" in ASCII, the upper half of the cookies of learned rules, so that comparisons leave them alone. */
const LEARNER = 0x6c726e64n

/** The cookie of a learned rule. @param author of the rule with the action `learn` */
export const learnerCookie = (author: Key): bigint => (LEARNER << 32n) | BigInt(author)

/** Selects the owner half, for dumps. */
export const OWNER_MASK = 0xffffffff00000000n
export const OWNER_COOKIE = OWNER << 32n

const keyIn = (cookie: bigint): Key => Number(cookie & 0xffffffffn) as Key

export const cookieOf = (author: Key): bigint => OWNER_COOKIE | BigInt(author)

/** @returns the key of the author, or undefined if the rule is not ours */
export function authorOf(cookie: bigint): Key | undefined {
  return (cookie & OWNER_MASK) === OWNER_COOKIE ? keyIn(cookie) : undefined
}

/** The author of the rule that taught a rule with this cookie. */
export const learnerOf = (cookie: bigint): Key => keyIn(cookie)

/** Is it the cookie of a learned rule? */
export const isLearnedCookie = (cookie: bigint): boolean => cookie >> 32n === LEARNER
