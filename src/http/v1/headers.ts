/** Conditional requests (RFC 9110, 13) by revision, and preferences (RFC 7240). */
import { PlugboardError } from '../../core/errors.ts'
import { quoted } from '../../core/quoted.ts'
import type { Expected } from '../../core/resources/objects.ts'

export const etag = (revision: number): string => `"${revision}"`

const TAGS = /^(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*$/

/**
 * Reads `If-Match`: the revisions that the caller accepts. Weak tags never match (RFC 9110, 13.1.1).
 * @throws PlugboardError `bad-request`
 */
export function expectedOf(header: string | undefined): Expected {
  if (header === undefined || header.trim() === '*') return null
  if (!TAGS.test(header.trim())) {
    throw new PlugboardError('bad-request', `If-Match holds ${quoted(header)}: it must be * or ETags such as "3"`, {
      field: 'if-match',
    })
  }
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)]
    .filter(([, weak, tag = '']) => weak === undefined && /^[1-9]\d*$/.test(tag))
    .map(([, , tag]) => Number(tag))
}

/** The longest wait that `Prefer: wait` can ask for. */
const MAX_WAIT_S = 60

/** Reads `Prefer: wait=10`, in seconds; null if it is missing or not a number (RFC 7240: ignored). */
export function waitOf(header: string | string[] | undefined): number | null {
  // Removes quoted values of other preferences. A quoted value of digits only may belong to `wait`, so it stays.
  const preferences = [header ?? []]
    .flat()
    .join(',')
    .replaceAll(/"(?!\d+")[^"]*"/g, '')
  const seconds = preferences.match(/(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?:;[^,]*)?(?=,|$)/i)?.[1]
  return seconds === undefined ? null : Math.min(Number(seconds), MAX_WAIT_S)
}
