/** Opens a store: for one process only, and only with a schema that this program knows. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Store, StoreError } from '../store.ts'
import { checkFile } from './damage.ts'
import { type Database, openDatabase } from './database.ts'
import { clear, type Head, readHead, SCHEMA } from './head.ts'
import { LmdbStore } from './lmdb-store.ts'
import { type Lock, lockDirectory } from './lock.ts'
import { Damage } from './pages.ts'
import { reasonOf } from './reason.ts'
import { flushNames, reserveToOpen } from './room.ts'
import { Writer } from './writer.ts'

/**
 * Opens the store in this directory, and creates both if they do not exist.
 * @throws StoreError `cannot-open`, also if another process has the store open, or if it is damaged or loaded in part; `newer-schema`
 */
export function openStore(path: string): Store {
  const held = openExclusively(path)
  if (!held.head.loading) return new LmdbStore(held)
  void held.writer.close()
  held.lock.release()
  throw cannotOpen(path, UNFINISHED)
}

/** Why a store is not used whose load has not ended. */
export const UNFINISHED =
  'a load into it is not finished, or was broken off, so it has a part of the dump: load the dump again (plugboard store load)'

/** A database that no other process writes to until the lock is released. */
export interface Held {
  readonly path: string
  readonly writer: Writer
  /** The head when the store was opened. */
  readonly head: Head
  readonly lock: Lock
}

/** @throws StoreError `cannot-open`, `newer-schema` */
export function openExclusively(path: string): Held {
  const lock = acquire(path)
  try {
    const { database, head } = prepared(path)
    return { path, writer: new Writer(path, database), head, lock }
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

/** Is there as long as a new database is incomplete. */
const markOf = (path: string): string => join(path, 'making')

function prepared(path: string): { readonly database: Database; readonly head: Head } {
  const file = join(path, 'data.mdb')
  const isNew = !existsSync(file) || (existsSync(markOf(path)) && !isWhole(file))
  if (isNew) begin(path)
  else checkFile(file, 'r+')
  reserveToOpen(path)
  const database = openDatabase(path)
  try {
    if (isNew) clear(database)
    flushNames(path)
    if (existsSync(markOf(path))) {
      rmSync(markOf(path))
      flushNames(path)
    }
    const head = readHead(database, path)
    if (head) return { database, head }
    if ([...database.getKeys({ limit: 1 })].length > 0) {
      throw cannotOpen(
        path,
        'the database in it is not one of Plugboard’s: store.path is a directory for Plugboard alone',
      )
    }
    clear(database)
    return { database, head: { schema: SCHEMA } }
  } catch (error) {
    void database.close()
    throw error
  }
}

function isWhole(file: string): boolean {
  try {
    checkFile(file, 'r+')
    return true
  } catch (error) {
    if (error instanceof Damage) return false
    throw error
  }
}

/** Removes what a process has left that was killed before its database was complete. */
function begin(path: string): void {
  writeFileSync(markOf(path), '', { flush: true })
  for (const name of ['data.mdb', 'lock.mdb']) rmSync(join(path, name), { force: true })
}
