/**
 * nx_match: match fields without the header of a match. Their length is at an earlier position, and they are padded to
 * a multiple of 8 (nicira-ext.h).
 */
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_MATCH_LEN } from '../wire/error-values.ts'
import { fieldList } from './field-list.ts'
import type { Match } from './match-fields.ts'

/** @param at the position of the length, 16 bits */
export function writeNxMatch(w: Writer, match: Match, at: number): void {
  const start = w.length
  fieldList.write(w, match, 'match')
  w.patch16(at, w.length - start, 'match')
  w.align8(start)
}

export function readNxMatch(r: Reader, length: number): Match {
  const start = r.offset
  const match = fieldList.read(r.part(length, BAD_MATCH_LEN))
  r.align8(start)
  return match
}
