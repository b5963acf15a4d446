/**
 * Tells whoever began some work which commits it has made. The code in between needs not know: an operation may write several
 * times, or as part of something else. The audit log uses it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Committed } from './committed.ts'

export type CommitNote = (committed: Committed) => void

const notes = new AsyncLocalStorage<CommitNote>()

/** Runs work. @param note called with each commit that the work asks for, when it is durable */
export const noting = <T>(note: CommitNote, work: () => T): T => notes.run(note, work)

/** Runs work that is done for many. */
export const unnoted = <T>(work: () => T): T => notes.exit(work)

/** Tells the work that the code at hand runs for of a write, before anybody else knows its result. */
export function noted<Written extends { readonly committed: Committed }>(writing: Promise<Written>): Promise<Written> {
  const note = notes.getStore()
  if (!note) return writing
  return writing.then((written) => {
    note(written.committed)
    return written
  })
}
