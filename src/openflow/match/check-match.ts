/**
 * Checks of a match that a switch makes beyond the range of each value, as Open vSwitch makes them (OpenFlow 1.5.1,
 * 7.2.3).
 */

import { errorNamed } from '../wire/error-values.ts'
import type { ErrorValue } from '../wire/openflow-error.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { FIELDS, type FieldRow, type KnownField, type Match, type OxmField } from './match-fields.ts'
import { firstMissing, sayMissing } from './prerequisites.ts'

/** What is wrong, in words and as the error that a switch answers. */
export interface Wrong {
  readonly message: string
  readonly error: ErrorValue
}

const BAD_PREREQ = errorNamed('BAD_MATCH', 'BAD_PREREQ')
const DUP_FIELD = errorNamed('BAD_MATCH', 'DUP_FIELD')
const BAD_MASK = errorNamed('BAD_MATCH', 'BAD_MASK')
const BAD_WILDCARDS = errorNamed('BAD_MATCH', 'BAD_WILDCARDS')

/** @throws OpenFlowError `out-of-range` if something is wrong */
export function refuse(wrong: Wrong | undefined): void {
  if (wrong) throw new OpenFlowError('out-of-range', wrong.message, { error: wrong.error })
}

/** What a switch refuses about the match. Three small loops are faster than one. */
export function wrongMatch(match: Match): Wrong | undefined {
  const missing = firstMissing(match)
  if (missing) return { message: sayMissing(missing), error: BAD_PREREQ }
  const twice = match.length > MAX_PAIRWISE_FIELDS ? twiceOfMany(match) : twiceOfFew(match)
  if (twice) return { message: `${twice.field} is given twice`, error: DUP_FIELD }
  for (const field of match) {
    if (field.field === 'unknown' || field.mask === undefined) continue
    const wrong = wrongMask(field)
    if (wrong) return wrong
  }
  return undefined
}

/** Up to this number of fields, each is compared with each. */
const MAX_PAIRWISE_FIELDS = 12

function twiceOfFew(match: Match): OxmField | undefined {
  for (let at = 1; at < match.length; at += 1) {
    const name = match[at]?.field
    for (let before = 0; before < at; before += 1) {
      const other = match[before]
      if (other?.field === name && isSaying(other as OxmField)) return other
    }
  }
  return undefined
}

function twiceOfMany(match: Match): OxmField | undefined {
  const seen = new Set<string>()
  for (const field of match) {
    if (seen.has(field.field)) return field
    if (isSaying(field)) seen.add(field.field)
  }
  return undefined
}

/**
 * Whether a second field of the name is a duplicate. A mask of zeros matches anything, so it is not one. Unknown fields
 * are not compared.
 */
const isSaying = (field: OxmField): boolean => field.field !== 'unknown' && field.mask !== 0 && field.mask !== 0n

/** What is wrong with a mask. A mask of all zeros or of all ones is allowed for every field. */
function wrongMask(field: KnownField): Wrong | undefined {
  const row: FieldRow = FIELDS[field.field]
  if (!isMasked(field)) return { message: outside(field), error: BAD_WILDCARDS }
  if (!row.whole || !isSaying(field) || (!row.isNarrow && field.mask === ones(row))) return undefined
  return { message: `${field.field} takes no mask`, error: BAD_MASK }
}

const ones = ({ limit }: FieldRow): number | bigint => (typeof limit === 'number' ? limit - 1 : limit - 1n)

const outside = ({ field, value, mask }: KnownField): string =>
  `${field} holds ${value} with mask ${mask}: bits outside of the mask must be 0`

/** Whether the value has no bits outside of its mask. */
export const isMasked = ({ value, mask }: KnownField): boolean => mask === undefined || isWithin(value, mask)

/** @throws OpenFlowError `out-of-range` if the value has bits outside of its mask */
export function checkMask(field: KnownField): void {
  if (!isMasked(field)) refuse({ message: outside(field), error: BAD_WILDCARDS })
}

function isWithin(value: number | bigint, mask: number | bigint): boolean {
  if (typeof value === 'bigint' && typeof mask === 'bigint') return (value & mask) === value
  // A value of the wrong type is refused when it is written.
  if (typeof value !== 'number' || typeof mask !== 'number' || !Number.isInteger(value)) return true
  if (value < HIGH) return (value & mask) >>> 0 === value
  return (value & mask) >>> 0 === value >>> 0 && isWithin(Math.floor(value / HIGH), Math.floor(mask / HIGH))
}

const HIGH = 2 ** 32
