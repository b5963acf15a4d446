/** A lock on a directory, which only one process at a time can hold. It is released when that process ends, in whatever way. */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const SQLITE_BUSY = 5
const SQLITE_CANTOPEN = 14

export interface Lock {
  release(): void
}

/**
 * Node has no flock(2), but SQLite has locks: its exclusive transaction holds a kernel lock on the file. The lock is released
 * when the process ends, also after `kill -9`, and works between containers that share the directory. Nothing is ever written
 * to the file.
 *
 * @returns undefined if another process holds the lock
 * @throws the system's error if the lock file cannot be opened
 */
export function lockDirectory(path: string): Lock | undefined {
  const file = join(path, 'lock')
  const database = new DatabaseSync(file, { open: false })
  try {
    database.open()
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    if (database.isOpen) database.close()
    const code = error instanceof Error && 'errcode' in error && error.errcode
    if (code === SQLITE_BUSY) return undefined
    // SQLite does not report the system's error. Opening the file again does.
    if (code === SQLITE_CANTOPEN) closeSync(openSync(file, 'a'))
    throw error
  }
  return { release: () => database.close() }
}
