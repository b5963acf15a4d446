/**
 * A store as text, one JSON object a line: `{"format":"plugboard-store","schema":1,"revision":7,"entries":2}`, then
 * `{"key":…,"revision":…,"value":…}` for each entry, in the order of their keys.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DumpReader, FORMAT, type Title } from './dump-reader.ts'
import { checkFile, lastTransaction } from './lmdb/damage.ts'
import { type Database, encodeKey, openDatabase, readRange, type Staged } from './lmdb/database.ts'
import { clear, HEAD, type Head, readHead, SCHEMA } from './lmdb/head.ts'
import { cannotOpen, type Held, openExclusively, UNFINISHED } from './lmdb/open.ts'
import { Damage } from './lmdb/pages.ts'
import { reasonOf } from './lmdb/reason.ts'
import { checkToRead } from './lmdb/room.ts'
import { IDENTITY_KEY, StoreError } from './store.ts'

/**
 * The lines of a store, without line ends, as it is when the first line is requested. Another process may have the store open
 * and continue to write.
 * @throws StoreError `cannot-open`, `newer-schema`
 */
export function* dump(path: string): Generator<string, void, void> {
  const database = openToRead(path)
  try {
    const title = readHead(database, path)
    if (!title || title.loading) throw cannotOpen(path, UNFINISHED)
    const transaction = database.useReadTransaction()
    try {
      const revision = database.getEntry(HEAD, { transaction })?.version ?? 0
      const entries = database.getKeysCount({ transaction }) - 1
      yield JSON.stringify({ format: FORMAT, schema: title.schema, revision, entries } satisfies Title)
      for (const { key, revision, value } of readRange(() => database, '', { transaction })) {
        yield JSON.stringify({ key, revision, value })
      }
    } finally {
      transaction.done()
    }
  } finally {
    void database.close()
  }
}

function openToRead(path: string): Database {
  if (!existsSync(join(path, 'data.mdb'))) throw cannotOpen(path, 'there is none')
  try {
    check(path)
    checkToRead(path)
    return openDatabase(path, { readOnly: true })
  } catch (error) {
    throw cannotOpen(path, reasonOf(error, path), error)
  }
}

/**
 * Another process may be writing. LMDB writes to pages that its last two transactions do not use, so damage is real if there was no
 * transaction meanwhile.
 * @throws Damage; the system's error
 */
function check(path: string): void {
  const file = join(path, 'data.mdb')
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const before = lastTransaction(file)
    try {
      checkFile(file, 'r')
      return
    } catch (error) {
      if (!(error instanceof Damage) || lastTransaction(file) === before) throw error
    }
  }
}

/** A process that writes this fast has the store open, and has checked the file. */
const MAX_ATTEMPTS = 3

/** The number of entries that one transaction writes. */
const MAX_BATCH_ENTRIES = 1000

/**
 * Fills an empty store, which is created if it does not exist. It gets all of the lines. If one is wrong, the store has none of
 * them, or is marked as unfinished: then it is not used, but can be loaded again. A store that has an identity and nothing else
 * counts as empty; it takes the identity of the dump.
 * @param progress called with the number of entries written so far, and the number of all entries
 * @returns the number of entries in the store now
 * @throws StoreError `cannot-open`, `not-empty`, `newer-schema`, `malformed` with the number of the line, `cannot-commit`
 */
export async function load(
  path: string,
  lines: AsyncIterable<string> | Iterable<string>,
  progress: (written: number, of: number) => void = () => undefined,
): Promise<number> {
  const held = openExclusively(path)
  try {
    const { database } = held.writer
    if (held.head.loading || isUnused(database)) clear(database)
    if ([...database.getKeys({ limit: 2 })].length > 1) {
      throw new StoreError(
        'not-empty',
        `the store ${path} is not empty: a dump is loaded into an empty one, so give another store.path`,
      )
    }
    return await fill(held, lines, progress)
  } finally {
    await held.writer.close()
    held.lock.release()
  }
}

function isUnused(database: Database): boolean {
  const [, key, more] = database.getKeys({ limit: 3 })
  return key !== undefined && more === undefined && Buffer.compare(key, encodeKey(IDENTITY_KEY)) === 0
}

async function fill(
  held: Held,
  lines: AsyncIterable<string> | Iterable<string>,
  progress: (written: number, of: number) => void,
): Promise<number> {
  const reader = new DumpReader()
  let staged: Staged[] = []
  let written = 0
  const flush = async () => {
    // Until the last line has arrived, the store is marked as unfinished.
    await write(held, staged, { schema: SCHEMA, loading: true }, 0)
    written += staged.length
    staged = []
    progress(written, reader.title?.entries ?? 0)
  }
  for await (const line of lines) {
    const entry = reader.read(line)
    if (entry) staged.push(entry)
    if (staged.length === MAX_BATCH_ENTRIES) await flush()
  }
  const { revision } = reader.end()
  if (staged.length > 0) await flush()
  await write(held, [], { schema: SCHEMA, load: randomUUID() }, revision)
  return written
}

async function write({ path, writer }: Held, staged: readonly Staged[], head: Head, revision: number): Promise<void> {
  try {
    await writer.write(staged, head, revision)
  } catch (error) {
    const message = `the store ${path} cannot be loaded: ${reasonOf(error, path)}`
    throw new StoreError('cannot-commit', message, error)
  }
}
