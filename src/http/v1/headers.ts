/** Conditional requests (RFC 9110, 13) by revision, and preferences (RFC 7240). */
import { PlugboardError } from '../../core/errors.ts'
import type { Expected } from '../../core/resources/objects.ts'

export const etag = (revision: number): string => `"${revision}"`

const TAGS = /^(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*$/

/**
 * `If-Match`: the revisions of which the caller accepts any. Weak tags never match, as RFC 9110 has it.
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

/** At most this long, seconds. */
export const LONGEST_WAIT = 60

/** `Prefer: wait=10` in seconds; null where it is not there, or not a number (RFC 7240 wants such a one ignored). */
export function waitOf(header: string | string[] | undefined): number | null {
  // What stands in quotes is another preference's value, unless all of it is digits.
  const preferences = [header ?? []]
    .flat()
    .join(',')
    .replaceAll(/"(?!\d+")[^"]*"/g, '')
  const seconds = preferences.match(/(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?:;[^,]*)?(?=,|$)/i)?.[1]
  return seconds === undefined ? null : Math.min(Number(seconds), LONGEST_WAIT)
}
