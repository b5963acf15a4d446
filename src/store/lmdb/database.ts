/** The LMDB database behind a store: how it is opened, the form of its keys, how it is read. */
import { open, type RootDatabase } from 'lmdb'
import { type Entry, type Json, StoreError } from '../store.ts'
import { RESTORE } from './reason.ts'
import { unseal } from './seal.ts'

/** A UTF-8 key and a sealed JSON text. The version that LMDB keeps for an entry is its revision. */
export type Database = RootDatabase<string, Uint8Array>

/** What a transaction does to one key. */
export interface Staged {
  readonly key: Uint8Array
  /** JSON, or null if the key is removed. */
  readonly text: string | null
  readonly revision: number
}

/** The limit of LMDB. */
const MAX_KEY_OCTETS = 1978

/** The number of readers of all processes together. This many fit on one page of the lock file. */
const MAX_READERS = 32

/** The size of the map in address space, not on disk. LMDB enlarges it when necessary. */
const MAP_OCTETS = 2 ** 30

/** The number of entries that are read at a time. That takes about a millisecond. */
const MAX_SLICE_ENTRIES = 256

/**
 * With these settings, a promise of LMDB is fulfilled after two writes have reached the disk: the data (fdatasync), then the
 * page that makes them valid (O_DSYNC). `overlappingSync` would save one of the writes and fulfil the promise too early. When
 * the disk is full, `eventTurnBatching` would reject a second promise that no code handles.
 */
export const openDatabase = (path: string, { readOnly = false } = {}): Database =>
  open<string, Uint8Array>({
    path,
    readOnly,
    noSubdir: false,
    encoding: 'string',
    keyEncoding: 'binary',
    useVersions: true,
    overlappingSync: false,
    eventTurnBatching: false,
    maxReaders: MAX_READERS,
    mapSize: MAP_OCTETS,
  })

/** @throws StoreError `malformed` if the text cannot be a key */
export function encodeKey(key: string): Uint8Array {
  const bytes = Buffer.from(key)
  const fault =
    bytes.length === 0
      ? 'is empty: it has one character at least'
      : bytes.length > MAX_KEY_OCTETS
        ? `has ${bytes.length} bytes: at most ${MAX_KEY_OCTETS} are allowed`
        : bytes[0] === 0
          ? 'begins with U+0000, which is the store’s own'
          : !key.isWellFormed() && 'has half of a surrogate pair: it would not be the same when read again'
  if (fault) throw new StoreError('malformed', `the key ${JSON.stringify(key.slice(0, 60))} ${fault}`)
  return bytes
}

const decodeKey = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()

export function readEntry(database: Database, key: string): Entry | undefined {
  const bytes = encodeKey(key)
  const found = database.getEntry(bytes)
  return found && entryOf(bytes, found.value, found.version)
}

export interface RangeOptions {
  readonly after?: string
  readonly limit?: number
  /**
   * Read everything from one snapshot? Otherwise each slice is read as of its own moment. Then a slow reader does not keep LMDB
   * from reusing pages.
   */
  readonly transaction?: ReturnType<Database['useReadTransaction']>
}

/** The entries whose key begins with the prefix and comes after `after`, in the byte order of their keys. */
export function* readRange(
  database: () => Database,
  prefix: string,
  options: RangeOptions = {},
): Generator<Entry, void, void> {
  const { after, limit = Number.POSITIVE_INFINITY, transaction } = options
  const end = firstAfter(prefix)
  let start: Uint8Array = prefix === '' ? Buffer.from([1]) : Buffer.from(prefix)
  let exclusiveStart = false
  const skipTo = (key: Uint8Array) => {
    start = key
    exclusiveStart = true
  }
  if (after !== undefined && Buffer.compare(Buffer.from(after), start) >= 0) skipTo(Buffer.from(after))
  for (let left = limit; left > 0; left -= MAX_SLICE_ENTRIES) {
    const limit = Math.min(left, MAX_SLICE_ENTRIES)
    const range = { start, exclusiveStart, end, limit, versions: true, ...(transaction && { transaction }) }
    const slice = [...database().getRange(range)]
    for (const { key, value, version } of slice) yield entryOf(key, value, version)
    const last = slice.at(-1)
    if (!last || slice.length < MAX_SLICE_ENTRIES) return
    skipTo(last.key)
  }
}

/**
 * The first bytes after all keys that begin with the prefix. They are not a key themselves, because UTF-8 never contains 0xff.
 */
function firstAfter(prefix: string): Uint8Array {
  const bytes = Buffer.from(prefix)
  const last = bytes.at(-1)
  if (last === undefined) return Buffer.from([0xff])
  bytes[bytes.length - 1] = last + 1
  return bytes
}

/** @throws StoreError `malformed` if the entry is not as it was written */
function entryOf(bytes: Uint8Array, sealed: string, version: number | undefined): Entry {
  const key = decodeKey(bytes)
  const revision = version ?? 0
  const text = unseal(bytes, sealed, revision)
  try {
    if (text !== undefined) return { key, value: JSON.parse(text) as Json, revision }
  } catch {
    // Schemas up to 5 had no checksum.
  }
  throw new StoreError(
    'malformed',
    `the store is damaged: the entry ${JSON.stringify(key)} has changed on its disk: ${RESTORE}`,
  )
}
