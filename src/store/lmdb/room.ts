/**
 * Reserves disk space before LMDB needs it, because LMDB does not survive a full disk: it fills its lock file through a
 * mapping, leaves a new database incomplete, and writes the message about a failed write beyond the end of a buffer. Each of
 * these can end the process. With the space reserved, a full disk is an ordinary error.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Database, Staged } from './database.ts'

/** More octets than a new database and its lock file need. */
const NEW_STORE_OCTETS = 64 * 1024

/** The least growth of the database file, in octets. */
const MIN_GROWTH_OCTETS = 256 * 1024

/** The pages that LMDB may need for its lists of free pages. */
const MAX_LIST_PAGES = 256

/** Reserves the space for opening a database. @throws the system's error: ENOSPC, EACCES, EROFS, … */
export function reserveToOpen(directory: string): void {
  const lock = join(directory, 'lock.mdb')
  const data = join(directory, 'data.mdb')
  if (sizeOf(lock) > 0) fillHoles(lock)
  if (sizeOf(lock) > 0 && sizeOf(data) > 0) return
  const probe = join(directory, 'probe')
  try {
    writeFileSync(probe, Buffer.alloc(NEW_STORE_OCTETS), { flush: true })
  } finally {
    rmSync(probe, { force: true })
  }
}

/** Makes sure that a reader can register beside a process that writes. @throws the same errors as `reserveToOpen` */
export function checkToRead(directory: string): void {
  const lock = join(directory, 'lock.mdb')
  // A reader that cannot register there would read pages while they are overwritten.
  if (sizeOf(lock) > 0) closeSync(openSync(lock, 'r+'))
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** After a crash of the machine, a file may have a size but no blocks. Writing its content again allocates them. */
function fillHoles(file: string): void {
  const descriptor = openSync(file, 'r+')
  try {
    const { size, blocks } = fstatSync(descriptor)
    if (blocks > 0) return
    const bytes = Buffer.alloc(size)
    readSync(descriptor, bytes, 0, size, 0)
    writeSync(descriptor, bytes, 0, size, 0)
  } finally {
    closeSync(descriptor)
  }
}

/** The end of the database file. After the last used page it contains zeros, which LMDB overwrites page by page. */
export class Room {
  readonly #descriptor: number
  #size: number

  constructor(directory: string) {
    this.#descriptor = openSync(join(directory, 'data.mdb'), 'r+')
    this.#size = fstatSync(this.#descriptor).size
  }

  /** Reserves the space for these writes. @throws the system's error, ENOSPC */
  reserve(database: Database, writes: readonly Staged[]): void {
    const end = endAfter(database, writes)
    if (end <= this.#size) return
    try {
      this.#extend(end + MIN_GROWTH_OCTETS - this.#size)
    } catch (error) {
      // The part that was written may be enough.
      this.#size = fstatSync(this.#descriptor).size
      if (end > this.#size) throw error
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #extend(length: number): void {
    const zeros = Buffer.alloc(Math.min(length, MIN_GROWTH_OCTETS))
    for (const end = this.#size + length; this.#size < end; ) {
      this.#size += writeSync(this.#descriptor, zeros, 0, Math.min(zeros.length, end - this.#size), this.#size)
    }
  }
}

interface Stats {
  readonly pageSize: number
  readonly treeDepth: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly lastPageNumber: number
}

/** The end of the database, in octets, if these writes need as many pages as they can and LMDB reuses none. */
function endAfter(database: Database, writes: readonly Staged[]): number {
  const stats = database.getStats() as Stats
  // Every page from the root to the entry is written again, and so is a neighbour of each if two are merged …
  const tree = stats.treeBranchPageCount + stats.treeLeafPageCount
  const copied = Math.min(tree, writes.length * 2 * stats.treeDepth)
  // … or split, if the entry does not fit. A long value, with its checksum, has pages of its own.
  let made = stats.treeDepth + 1
  for (const { text } of writes) made += 3 + Math.ceil(Buffer.byteLength(text ?? '') / stats.pageSize)
  return (stats.lastPageNumber + 1 + copied + made + MAX_LIST_PAGES) * stats.pageSize
}

/** A new file is only as durable as the directory entries that lead to it. */
export function flushNames(directory: string): void {
  for (const path of [resolve(directory), dirname(resolve(directory))]) {
    const descriptor = openSync(path, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }
}
