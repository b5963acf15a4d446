import { deepStrictEqual } from 'node:assert/strict'

/** Throws unless both values are equal. Objects of fast-check have no prototype; that does not count as a difference. */
export const same = (got: unknown, wanted: unknown): void =>
  deepStrictEqual(structuredClone(got), structuredClone(wanted))
