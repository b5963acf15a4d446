/** Settings that bound what hypervisors, callers and projects may take. */
import { LIMITS } from '../http/api-limits.ts'
import type { Setting } from './settings.ts'
import { readNumber } from './values.ts'

/** The limits of a listener for hypervisors. `src/gate/limits.ts` has those that nobody needs to change. */
export const connectionLimits = (peer: string) => ({
  max_connections: {
    form: 'NUMBER',
    words: `The most connections of ${peer}. It is lowered if the limit of open files leaves fewer.`,
    initial: 4096,
    read: readNumber(1, 1_000_000),
  },
  max_unknown: {
    form: 'NUMBER',
    words: 'How many of them may be unknown: those that have not joined.',
    initial: 1024,
    read: readNumber(1, 1_000_000),
  },
  max_unknown_per_address: {
    form: 'NUMBER',
    words: `The same for each address. Raise it if many ${peer} come from one address, as through address translation.`,
    initial: 256,
    read: readNumber(1, 1_000_000),
  },
  join_seconds: {
    form: 'SECONDS',
    words: 'How long a connection may be unknown.',
    initial: 30,
    read: readNumber(1, 3600),
  },
})

/** The limits of callers of the API. */
export const httpLimits = () =>
  Object.fromEntries(
    Object.entries(LIMITS).map(([name, { form, words, initial, least, most }]) => [
      name,
      { form, words, initial, read: readNumber(least, most) },
    ]),
  ) as { readonly [Name in keyof typeof LIMITS]: Setting<number> }

/** @param what the objects in the plural */
export const quota = (what: string, initial: number): Setting<number> => ({
  form: 'NUMBER',
  words: `The most ${what} of each project.`,
  initial,
  read: readNumber(0, 1_000_000_000),
})
