/** Opens a store: for one process only, and only with a schema that this program knows. */
import { mkdirSync } from 'node:fs'
import { type Store, StoreError } from '../store.ts'
import { type Database, openDatabase } from './database.ts'
import { clear, readHead } from './head.ts'
import { LmdbStore } from './lmdb-store.ts'
import { type Lock, lockDirectory } from './lock.ts'
import { reasonOf } from './reason.ts'
import { flushNames, reserveToOpen } from './room.ts'
import { Writer } from './writer.ts'

/**
 * Opens the store in this directory, and creates both if they do not exist.
 * @throws StoreError `cannot-open`, also if another process has the store open; `newer-schema`
 */
export const openStore = (path: string): Store => new LmdbStore(openExclusively(path))

/** A database that no other process writes to until the lock is released. */
export interface Held {
  readonly path: string
  readonly writer: Writer
  readonly lock: Lock
}

/** @throws StoreError `cannot-open`, `newer-schema` */
export function openExclusively(path: string): Held {
  const lock = acquire(path)
  try {
    return { path, writer: new Writer(path, prepared(path)), lock }
  } catch (error) {
    lock.release()
    throw error instanceof StoreError ? error : cannotOpen(path, reasonOf(error, path), error)
  }
}

export const cannotOpen = (path: string, reason: string, cause?: unknown): StoreError =>
  new StoreError('cannot-open', `the store ${path} cannot be opened: ${reason}`, cause)

function acquire(path: string): Lock {
  let lock: Lock | undefined
  try {
    mkdirSync(path, { recursive: true })
    lock = lockDirectory(path)
  } catch (error) {
    throw cannotOpen(path, reasonOf(error, path), error)
  }
  if (!lock)
    throw cannotOpen(path, 'another process has it open: stop that one first, or give this one another store.path')
  return lock
}

function prepared(path: string): Database {
  reserveToOpen(path)
  const database = openDatabase(path)
  try {
    const head = readHead(database, path)
    if (!head && [...database.getKeys({ limit: 1 })].length > 0) {
      throw cannotOpen(
        path,
        'the database in it is not one of Plugboard’s: store.path is a directory for Plugboard alone',
      )
    }
    if (!head || head.loading) clear(database)
    flushNames(path)
    return database
  } catch (error) {
    void database.close()
    throw error
  }
}
