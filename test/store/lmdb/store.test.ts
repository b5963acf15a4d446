import { open } from 'lmdb'
import t from 'tap'
import { openStore } from '../../../src/store/lmdb/open.ts'
import { conforms } from '../conformance.ts'

let stores = 0
conforms('on LMDB', (t) => {
  stores += 1
  const path = `${t.testdir()}/${stores}`
  let store = openStore(path)
  const reopen = async () => {
    await store.close()
    store = openStore(path)
    return store
  }
  return { store, reopen }
})

t.test('commits of one moment share a transaction, and so its disk sync', async (t) => {
  const path = t.testdir()
  const store = openStore(path)
  const observer = open({ path, noSubdir: false, readOnly: true })
  const transactions = () => (observer.getStats() as { lastTxnId: number }).lastTxnId
  await store.commit([{ put: 'first', value: 0 }])
  const before = transactions()
  const first = store.commit([{ put: 'a', value: 1 }])
  const others = Array.from({ length: 50 }, (_, number) => store.commit([{ put: `b/${number}`, value: number }]))
  t.ok((await Promise.all([first, ...others])).every(({ committed }) => committed))
  t.equal(transactions(), before + 1)
  await observer.close()
  await store.close()
})

t.test('an invalid key is refused with the reason, and nothing of its commit is written', async (t) => {
  const store = openStore(t.testdir())
  const longest = 'ä'.repeat(989)
  t.match(await store.commit([{ put: longest, value: 1 }]), { committed: true })
  t.equal((await store.get(longest))?.value, 1)
  for (const [bad, reason] of [
    [`${longest}x`, /has 1979 bytes: at most 1978 are allowed/],
    ['', /is empty/],
    ['\0head', /begins with U\+0000/],
    ['\ud800', /half of a surrogate pair/],
  ] as const) {
    await t.rejects(
      store.commit([
        { put: 'good', value: 1 },
        { put: bad, value: 1 },
      ]),
      { code: 'malformed', message: reason },
    )
    await t.rejects(store.commit([{ put: 'good', value: 1 }], [{ key: bad, revision: 0 }]), { code: 'malformed' })
    await t.rejects(store.get(bad), { code: 'malformed' })
  }
  t.equal(await store.get('good'), undefined)
  await store.close()
})

t.test('a store that is closed takes no commits', async (t) => {
  const store = openStore(t.testdir())
  await store.close()
  await t.rejects(store.commit([{ put: 'late', value: 1 }]), { code: 'cannot-commit', message: /is closed/ })
  await store.close()
})

t.test('a slow reader of a range sees the entries at the time of each read', async (t) => {
  const store = openStore(t.testdir())
  const keys = Array.from({ length: 1000 }, (_, number) => `event/${String(number).padStart(4, '0')}`)
  await store.commit(keys.map((put) => ({ put, value: put })))
  const found: string[] = []
  for await (const { key } of store.range('event/')) {
    if (found.push(key) === 1) await store.commit([{ remove: 'event/0700' }])
  }
  t.equal(found.length, 999)
  await store.close()
})
