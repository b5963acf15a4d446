/**
 * The head of a store, under a key before all others. It contains the schema of the entries. Its revision is that of the last
 * commit.
 */

import { StoreError } from '../store.ts'
import type { Database } from './database.ts'
import { RESTORE } from './reason.ts'

/** The form of the entries. The number is raised when an older program would misread them. */
export const SCHEMA = 6

export const HEAD: Uint8Array = Buffer.from([0])

export interface Head {
  readonly schema: number
  /** A load is in progress or was interrupted: the store contains only some of the entries. */
  readonly loading?: true
  /** The revision of the store, to compare with the one that LMDB keeps. Schemas up to 5 lack it. */
  readonly revision?: number
  /** See `Store.load`; no load has filled the store if it is missing. */
  readonly load?: string
}

export const encodeHead = (head: Head, revision: number): string => JSON.stringify({ ...head, revision })

/** @throws StoreError `newer-schema` */
export function readHead(database: Database, path: string): Head | undefined {
  const found = database.getEntry(HEAD)
  if (!found) return undefined
  const head = parsed(found.value)
  const isRight = head && (head.revision === undefined || head.revision === found.version)
  if (!isRight)
    throw new StoreError('cannot-open', `the store ${path} cannot be opened: its head is damaged: ${RESTORE}`)
  checkSchema(head.schema, `the store ${path}`)
  return head
}

function parsed(text: string): Head | undefined {
  try {
    const head = JSON.parse(text) as Partial<Head> | null
    return Number.isSafeInteger(head?.schema) ? (head as Head) : undefined
  } catch {
    return undefined
  }
}

/** @param what the thing that has the schema: "the store /var/lib/plugboard" @throws StoreError `newer-schema` */
export function checkSchema(schema: number, what: string): void {
  if (schema <= SCHEMA) return
  const message = `${what} has schema version ${schema}, and this program knows versions up to ${SCHEMA}: run the newer Plugboard that wrote it, or give this one another store.path`
  throw new StoreError('newer-schema', message)
}

/** Removes everything but the head. @param head the new head */
export function clear(database: Database, head: Head = { schema: SCHEMA }): void {
  database.transactionSync(() => {
    database.clearSync()
    database.putSync(HEAD, encodeHead(head, 0), 0)
  })
}
