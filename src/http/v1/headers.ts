/** Conditional requests (RFC 9110, 13) by revision, and preferences (RFC 7240). */
import { PlugboardError } from '../../core/errors.ts'
import type { Expected } from '../../core/resources/objects.ts'

export const etag = (revision: number): string => `"${revision}"`

const TAGS = /^(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*$/

/**
 * `If-Match`: the revisions that the caller accepts. Weak tags never match (RFC 9110, 13.1.1).
 * @throws PlugboardError `bad-request`
 */
export function expectedOf(header: string | undefined): Expected {
  if (header === undefined || header.trim() === '*') return null
  if (!TAGS.test(header.trim())) {
    throw new PlugboardError('bad-request', `If-Match holds ${header}: it must be * or ETags such as "3"`, {
      field: 'if-match',
    })
  }
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)]
    .filter(([, weak, tag = '']) => weak === undefined && /^[1-9]\d*$/.test(tag))
    .map(([, , tag]) => Number(tag))
}

/** Seconds that `Prefer: wait` may hold an answer. */
const MAX_WAIT_S = 60

/** `Prefer: wait=10` in seconds; null if it is missing or not a number, which RFC 7240 says to ignore. */
export function waitOf(header: string | string[] | undefined): number | null {
  // A quoted text is the value of another preference, unless it is all digits.
  const preferences = [header ?? []]
    .flat()
    .join(',')
    .replaceAll(/"(?!\d+")[^"]*"/g, '')
  const seconds = preferences.match(/(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?:;[^,]*)?(?=,|$)/i)?.[1]
  return seconds === undefined ? null : Math.min(Number(seconds), MAX_WAIT_S)
}
