/** The cookie of a rule: who owns it (Plugboard), and the key of the object that asked for it. */
import type { Key } from '../../topology/ids.ts'

/** "plug" in ASCII, the upper half of every cookie of ours. */
const OWNER = 0x706c7567n

/** "lrnd" in ASCII, the upper half of the cookies of what switches learn: no comparison touches that. */
const LEARNER = 0x6c726e64n

/** @param author of the rule that teaches it */
export const learnerCookie = (author: Key): bigint => (LEARNER << 32n) | BigInt(author)

/** Selects the owner half, for dumps. */
export const OWNER_MASK = 0xffffffff00000000n
export const OWNER_COOKIE = OWNER << 32n

export const cookieOf = (author: Key): bigint => OWNER_COOKIE | BigInt(author)

/** @returns the key of the author, or undefined if the rule is not ours */
export function authorOf(cookie: bigint): Key | undefined {
  return (cookie & OWNER_MASK) === OWNER_COOKIE ? (Number(cookie & 0xffffffffn) as Key) : undefined
}
