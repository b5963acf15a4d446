/** What a switch refuses of a rule though each of its numbers fits, as Open vSwitch does (OpenFlow 1.5.1, 7.2.3 and 7.2.5). */
import { type ErrorValue, errorNamed } from '../wire/error-values.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { FIELDS, type FieldRow, type KnownField, type Match, type OxmField } from './match-fields.ts'
import { firstMissing, sayMissing } from './prerequisites.ts'

/** In words, and as a switch answers. */
export interface Wrong {
  readonly message: string
  readonly error: ErrorValue
}

const BAD_PREREQ = errorNamed('BAD_MATCH', 'BAD_PREREQ')
const DUP_FIELD = errorNamed('BAD_MATCH', 'DUP_FIELD')
const BAD_MASK = errorNamed('BAD_MATCH', 'BAD_MASK')
const BAD_WILDCARDS = errorNamed('BAD_MATCH', 'BAD_WILDCARDS')

/** @throws OpenFlowError `out-of-range` if there is something wrong */
export function refuse(wrong: Wrong | undefined): void {
  if (wrong) throw new OpenFlowError('out-of-range', wrong.message, { error: wrong.error })
}

/** What a switch refuses of it. Three loops that are small are faster than one. */
export function wrongMatch(match: Match): Wrong | undefined {
  const missing = firstMissing(match)
  if (missing) return { message: sayMissing(missing), error: BAD_PREREQ }
  const twice = match.length > FEW ? twiceOfMany(match) : twiceOfFew(match)
  if (twice) return { message: `${twice.field} stands there twice`, error: DUP_FIELD }
  for (const field of match) {
    if (field.field === 'unknown' || field.mask === undefined) continue
    const wrong = wrongMask(field)
    if (wrong) return wrong
  }
  return undefined
}

/** So many fields are compared each with each. */
const FEW = 12

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

/** A mask of zeros says nothing, so there may be another of the field; and those that are unknown are not compared. */
const isSaying = (field: OxmField): boolean => field.field !== 'unknown' && field.mask !== 0 && field.mask !== 0n

/** One of zeros is none, and so is one of ones in all octets: these any field may have. */
function wrongMask(field: KnownField): Wrong | undefined {
  const row: FieldRow = FIELDS[field.field]
  if (!isMasked(field)) return { message: outside(field), error: BAD_WILDCARDS }
  if (!row.whole || !isSaying(field) || (!row.isNarrow && field.mask === ones(row))) return undefined
  return { message: `${field.field} takes no mask`, error: BAD_MASK }
}

const ones = ({ limit }: FieldRow): number | bigint => (typeof limit === 'number' ? limit - 1 : limit - 1n)

const outside = ({ field, value, mask }: KnownField): string =>
  `${field} holds ${value} with mask ${mask}: bits outside of the mask must be 0`

/** Has the value no bits outside of its mask? */
export const isMasked = ({ value, mask }: KnownField): boolean => mask === undefined || isWithin(value, mask)

/** @throws OpenFlowError `out-of-range` if the value has bits outside of its mask */
export function checkMask(field: KnownField): void {
  if (!isMasked(field)) refuse({ message: outside(field), error: BAD_WILDCARDS })
}

function isWithin(value: number | bigint, mask: number | bigint): boolean {
  if (typeof value === 'bigint' && typeof mask === 'bigint') return (value & mask) === value
  // What is of no type of a field is refused when it is written.
  if (typeof value !== 'number' || typeof mask !== 'number' || !Number.isInteger(value)) return true
  if (value < HIGH) return (value & mask) >>> 0 === value
  return (value & mask) >>> 0 === value >>> 0 && isWithin(Math.floor(value / HIGH), Math.floor(mask / HIGH))
}

const HIGH = 2 ** 32
