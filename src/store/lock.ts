/** One process at a time: a lock on a directory that ends with the process that holds it, however that ends. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const SQLITE_BUSY = 5

export interface Lock {
  release(): void
}

/**
 * Node has no flock(2). SQLite has: its exclusive transaction is a lock of the kernel's on the file, which is gone when the
 * process is, by `kill -9` too, and which holds between containers that share the directory. Nothing is ever written there.
 *
 * @returns undefined if another holds it
 * @throws the system's error if the lock file cannot be opened
 */
export function lockDirectory(path: string): Lock | undefined {
  const database = new DatabaseSync(join(path, 'lock'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined
    throw error
  }
  return { release: () => database.close() }
}
