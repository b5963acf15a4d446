/**
 * The id of a store: an entry like others, so that dumps have it, too. Hypervisors that are served from the store carry it
 * (`src/hypervisors/ownership.ts`).
 */
import { randomUUID } from 'node:crypto'
import { FIRST_KEY } from '../../topology/ids.ts'
import { IDENTITY_KEY, type Json, type Store, StoreError } from '../store/store.ts'
import { KEY_COUNTER } from './key-blocks.ts'

export interface Identity {
  /** A UUID. Stores that were made from one dump have one id. */
  readonly id: string
  /** See `Store.load`. */
  readonly load: string | null
}

/** The key of the entry with the last load that `setKeysApart` has seen. */
const LOAD_ENTRY = 'identity/load'

/** More keys than a store gives between a dump and the moment when the dump is needed. */
const KEYS_APART = 2 ** 24

/**
 * Reads the identity of a store. Makes its id if it has none, and sets its keys apart from those of objects that are newer than the
 * dump that it was loaded from.
 * @throws StoreError
 */
export async function identityOf(store: Store): Promise<Identity> {
  for (;;) {
    const value = (await store.get(IDENTITY_KEY))?.value
    if (value !== undefined) {
      if (store.load !== null) await setKeysApart(store, store.load)
      return { id: idOf(value), load: store.load }
    }
    await store.commit([{ put: IDENTITY_KEY, value: { id: randomUUID() } }], [{ key: IDENTITY_KEY, revision: 0 }])
  }
}

/**
 * Switches may have rules of objects that were made after the dump. No new object may get the key of one of them, which its rules
 * have in their cookies and registers.
 */
async function setKeysApart(store: Store, load: string): Promise<void> {
  for (;;) {
    const [seen, counter] = [await store.get(LOAD_ENTRY), await store.get(KEY_COUNTER)]
    if (seen?.value === load) return
    const next = typeof counter?.value === 'number' ? counter.value : FIRST_KEY
    await store.commit(
      [
        { put: LOAD_ENTRY, value: load },
        { put: KEY_COUNTER, value: next + KEYS_APART },
      ],
      [
        { key: LOAD_ENTRY, revision: seen?.revision ?? 0 },
        { key: KEY_COUNTER, revision: counter?.revision ?? 0 },
      ],
    )
  }
}

function idOf(value: Json): string {
  const id = typeof value === 'object' && value && 'id' in value ? value.id : undefined
  if (typeof id === 'string') return id
  throw new StoreError('malformed', `the store holds ${JSON.stringify(value)} for ${IDENTITY_KEY}, where an id must be`)
}
