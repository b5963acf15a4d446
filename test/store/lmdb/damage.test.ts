/** Stores whose file was cut, emptied or changed: each is refused in one sentence, and the process lives. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { dump } from '../../../src/store/dump.ts'
import { openStore } from '../../../src/store/lmdb/open.ts'
import { StoreError } from '../../../src/store/store.ts'
import { entriesOf } from '../support/entries.ts'

const MAX_ENTRIES = 400
/** Far more than the pages that the store uses, so that a cut hits nothing but zeros. */
const PAGE = 4096

/** A store with several levels of pages, long values and free pages, and what it contains. */
async function filled(t: Test) {
  const path = join(t.testdir(), 'store')
  const store = openStore(path)
  for (let round = 0; round < 4; round++) {
    await store.commit(
      Array.from({ length: MAX_ENTRIES / 4 }, (_, n) => ({
        put: `key/${round}/${n}`,
        value: 'x'.repeat(n % 40 === 0 ? 9_000 : 60),
      })),
    )
  }
  await store.commit([{ remove: 'key/0/1' }, { put: 'key/1/0', value: 'y'.repeat(6_000) }])
  const entries = await entriesOf(store.range(''))
  await store.close()
  return { path, file: join(path, 'data.mdb'), entries, octets: readFileSync(join(path, 'data.mdb')) }
}

/** Opens, reads and closes a store. @returns its entries, or the sentence that refuses it */
async function attempt(path: string) {
  try {
    const store = openStore(path)
    try {
      return await entriesOf(store.range(''))
    } finally {
      await store.close()
    }
  } catch (error) {
    if (error instanceof StoreError) return error.message
    throw error
  }
}

const SENTENCE = /^the store .*(move it away, and load the latest dump|run the newer Plugboard|for Plugboard alone)/

t.test('B114: an empty file is refused', async (t) => {
  const path = t.testdir({ 'data.mdb': '' })
  t.match(await attempt(path), /its file data\.mdb is empty: move it away, and load the latest dump into a new one/)
  t.throws(() => [...dump(path)], { code: 'cannot-open', message: /its file data\.mdb is empty/ })
})

t.test('B114: a file that was cut is refused, or has lost nothing', async (t) => {
  const { path, file, entries, octets } = await filled(t)
  let refused = 0
  for (let length = octets.length - 1; length > 0; length = Math.min(length - 1, Math.floor(length * 0.8))) {
    truncateSync(file, length)
    const found = await attempt(path)
    if (typeof found === 'string') {
      refused += 1
      t.match(found, /its file data\.mdb is (cut short|empty|not a database)/, `${length} octets`)
    } else t.ok(isDeepStrictEqual(found, entries), `${length} octets`)
    writeFileSync(file, octets)
  }
  t.ok(refused > 12, `${refused} lengths are refused`)
  t.ok(isDeepStrictEqual(await attempt(path), entries), 'the whole file is a store')
})

t.test('B114: a file with a flipped octet is refused in one sentence, or has lost nothing', async (t) => {
  const { path, file, entries, octets } = await filled(t)
  const used = lastUsed(octets)
  let [refused, random] = [0, 1]
  for (let round = 0; round < 300; round++) {
    // The first two pages, then anywhere.
    random = (random * 48_271) % 2_147_483_647
    const at = round < 100 ? (random % 2) * PAGE + (random % 168) : random % used
    const changed = Buffer.from(octets)
    changed[at] = (changed[at] ?? 0) ^ (1 << (random % 8))
    writeFileSync(file, changed)
    const found = await attempt(path)
    if (typeof found === 'string') {
      refused += 1
      t.match(found, SENTENCE, `octet ${at}`)
      t.notMatch(found, '\n')
    } else if (!isDeepStrictEqual(found, entries)) t.fail(`octet ${at} was changed without a word`)
    rmSync(join(path, 'lock.mdb'), { force: true })
  }
  t.ok(refused > 100, `${refused} changes are refused`)
})

t.test('B114: a sound store of any size is opened, whatever was written and removed', async (t) => {
  const { path, file } = await filled(t)
  const copy = join(path, 'copy')
  mkdirSync(copy)
  const store = openStore(path)
  let random = 7
  for (let round = 0; round < 60; round++) {
    random = (random * 48_271) % 2_147_483_647
    const writes = Array.from({ length: 1 + (random % 50) }, (_, n) => {
      const key = `key/${(random >> 3) % 4}/${(random + n * 7) % 150}`
      return random % 3 === 0
        ? { remove: key }
        : { put: key, value: 'z'.repeat((random + n) % 20 === 0 ? 20_000 : random % 200) }
    })
    await store.commit(writes)
    const entries = await entriesOf(store.range(''))
    copyFileSync(file, join(copy, 'data.mdb'))
    const found = await attempt(copy)
    t.equal(typeof found === 'string' ? found : isDeepStrictEqual(found, entries), true)
  }
  await store.close()
})

/** The octets up to the last page in use. */
function lastUsed(octets: Buffer): number {
  const [first, second] = [0, 1].map((page) => Number(octets.readBigUInt64LE(page * PAGE + 144)))
  return (Math.max(first ?? 0, second ?? 0) + 1) * PAGE
}
