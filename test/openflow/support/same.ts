import { deepStrictEqual } from 'node:assert/strict'

/** Throws unless both are the same data: fast-check's objects have no prototype, which is no difference. */
export const same = (got: unknown, wanted: unknown): void =>
  deepStrictEqual(structuredClone(got), structuredClone(wanted))
