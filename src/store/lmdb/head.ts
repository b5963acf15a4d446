/**
 * The head of a store, under a key before all others. It contains the schema of the entries. Its revision is that of the last
 * commit.
 */

import { StoreError } from '../store.ts'
import type { Database } from './database.ts'

/** The form of the entries. The number is raised when an older program would misread them. */
export const SCHEMA = 5

export const HEAD: Uint8Array = Buffer.from([0])

export interface Head {
  readonly schema: number
  /** A load is in progress or was interrupted: the store contains only some of the entries. */
  readonly loading?: true
}

export const encodeHead = (head: Head): string => JSON.stringify(head)

/** @throws StoreError `newer-schema` */
export function readHead(database: Database, path: string): Head | undefined {
  const text = database.get(HEAD)
  if (text === undefined) return undefined
  const head = JSON.parse(text) as Head
  checkSchema(head.schema, `the store ${path}`)
  return head
}

/** @param what the thing that has the schema: "the store /var/lib/plugboard" @throws StoreError `newer-schema` */
export function checkSchema(schema: number, what: string): void {
  if (schema <= SCHEMA) return
  const message = `${what} has schema version ${schema}, and this program knows versions up to ${SCHEMA}: run the newer Plugboard that wrote it, or give this one another store.path`
  throw new StoreError('newer-schema', message)
}

/** Removes everything but the head. */
export function clear(database: Database): void {
  database.transactionSync(() => {
    database.clearSync()
    database.putSync(HEAD, encodeHead({ schema: SCHEMA }), 0)
  })
}
