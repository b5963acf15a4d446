import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { open } from 'lmdb'
import t from 'tap'
import { openStore } from '../../../src/store/lmdb/open.ts'
import type { Condition, Entry, Json, Store, Write } from '../../../src/store/store.ts'

/** The same in twenty lines. */
class Model {
  readonly entries = new Map<string, Entry>()
  revision = 0

  commit(writes: readonly Write[], conditions: readonly Condition[]): boolean {
    if (conditions.some(({ key, revision }) => (this.entries.get(key)?.revision ?? 0) !== revision)) return false
    if (writes.length > 0) this.revision += 1
    for (const write of writes) {
      if ('remove' in write) this.entries.delete(write.remove)
      else this.entries.set(write.put, { key: write.put, value: write.value, revision: this.revision })
    }
    return true
  }

  range(
    prefix: string,
    { after, limit, reverse }: { after?: string; limit?: number; reverse?: boolean } = {},
  ): Entry[] {
    const found = [...this.entries.values()]
      .filter(({ key }) => key.startsWith(prefix) && (after === undefined || compare(key, after) > 0))
      .sort((a, b) => compare(a.key, b.key))
    return (reverse ? found.reverse() : found).slice(0, limit)
  }
}

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Few keys, many of which are prefixes of others, and some beyond ASCII and the first plane. */
const key = fc.stringMatching(/^[ab/é￿😀]{1,3}$/u)
const json: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json)
const write: fc.Arbitrary<Write> = fc.oneof(fc.record({ put: key, value: json }), fc.record({ remove: key }))

/** A condition that holds, when its commit's turn comes, more often than not. */
const condition = fc.record({ key, off: fc.constantFrom(0, 0, 0, 1) })
const commit = fc.record({
  writes: fc.array(write, { maxLength: 4 }),
  conditions: fc.array(condition, { maxLength: 2 }),
})
const step = fc.oneof(
  { weight: 5, arbitrary: fc.array(commit, { minLength: 1, maxLength: 6 }).map((commits) => ({ commits })) },
  { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
)

t.test('random commits, together and one after the other, with conditions: as in a Map', async (t) => {
  let run = 0
  const directory = t.testdir()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.array(key, { maxLength: 3 }), async (steps, prefixes) => {
      run += 1
      const path = `${directory}/${run}`
      const model = new Model()
      let store = openStore(path)
      try {
        for (const step of steps) {
          if ('reopen' in step) {
            await store.close()
            store = openStore(path)
          } else {
            // What the model has when the commit is made: the ones before it in the same turn count.
            const expected: boolean[] = []
            const answers = step.commits.map(({ writes, conditions }) => {
              const now = conditions.map(({ key, off }) => ({
                key,
                revision: (model.entries.get(key)?.revision ?? 0) + off,
              }))
              expected.push(model.commit(writes, now))
              return store.commit(writes, now)
            })
            deepStrictEqual(await Promise.all(answers), expected)
          }
          agree(store, model, ['', ...prefixes])
        }
      } finally {
        await store.close()
      }
    }),
    { numRuns: 60 },
  )

  function agree(store: Store, model: Model, prefixes: readonly string[]): void {
    for (const prefix of prefixes) {
      for (const options of [
        {},
        { reverse: true },
        { limit: 2 },
        { limit: 1, reverse: true },
        { after: 'a' },
        { after: 'a/', limit: 3 },
        { after: 'é', reverse: true },
      ]) {
        deepStrictEqual([...store.range(prefix, options)], model.range(prefix, options))
      }
      if (prefix !== '') deepStrictEqual(store.get(prefix), model.entries.get(prefix))
    }
  }
})

t.test('a range longer than a slice, in both directions, from and up to anywhere', async (t) => {
  const store = openStore(t.testdir())
  const keys = Array.from({ length: 1000 }, (_, number) => `event/${String(number).padStart(4, '0')}`)
  await store.commit([
    { put: 'event', value: 0 },
    { put: 'event0', value: 0 },
    ...keys.map((put) => ({ put, value: put })),
  ])
  const keysOf = (entries: Iterable<Entry>) => [...entries].map(({ key }) => key)
  t.same(keysOf(store.range('event/')), keys)
  t.same(keysOf(store.range('event/', { reverse: true })), keys.toReversed())
  t.same(keysOf(store.range('event/', { after: 'event/0499' })), keys.slice(500))
  t.same(keysOf(store.range('event/', { after: 'event/0499', limit: 300 })), keys.slice(500, 800))
  t.same(
    keysOf(store.range('event/', { after: 'event/0099', reverse: true, limit: 600 })),
    keys.slice(400).toReversed(),
  )
  t.same(keysOf(store.range('event/', { after: 'f' })), [])
  t.same(keysOf(store.range('event/', { limit: 0 })), [])
  t.same(keysOf(store.range('event/', { limit: 256 })).length, 256)

  const reader = store.range('event/')[Symbol.iterator]()
  t.equal(reader.next().value?.key, 'event/0000')
  await store.commit([{ remove: 'event/0700' }])
  const rest = [...{ [Symbol.iterator]: () => reader }]
  t.equal(rest.length, 998, 'a slow reader sees what is there when it comes by')
  await store.close()
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
  t.same(new Set(await Promise.all([first, ...others])), new Set([true]))
  t.equal(transactions(), before + 1)
  await observer.close()
  await store.close()
})

t.test('a watcher is told of durable writes with its prefix, in order, and of no others', async (t) => {
  const store = openStore(t.testdir())
  const told: unknown[] = []
  const stop = store.watch('vnic/', (writes) =>
    told.push(...writes.map((write) => [write, store.get('vnic/1')?.value])),
  )
  await Promise.all([
    store.commit([
      { put: 'vnic/1', value: 1 },
      { put: 'port/1', value: 1 },
    ]),
    store.commit([{ put: 'vnic/1', value: 2 }], [{ key: 'vnic/1', revision: 99 }]),
    store.commit([{ put: 'port/1', value: 1 }]),
  ])
  await store.commit([{ remove: 'vnic/1' }])
  stop()
  await store.commit([{ put: 'vnic/1', value: 3 }])
  t.same(told, [
    [{ put: 'vnic/1', value: 1 }, 1],
    [{ remove: 'vnic/1' }, undefined],
  ])
  await store.close()
})

t.test('a key made again has a revision that it never had', async (t) => {
  const store = openStore(t.testdir())
  await store.commit([{ put: 'key', value: 1 }])
  const first = store.get('key')?.revision ?? 0
  await store.commit([{ remove: 'key' }])
  t.equal(await store.commit([{ put: 'key', value: 2 }], [{ key: 'key', revision: 0 }]), true)
  t.equal(await store.commit([{ put: 'key', value: 3 }], [{ key: 'key', revision: first }]), false)
  t.equal(store.get('key')?.value, 2)
  await store.close()
})

t.test('what cannot be a key is refused with the reason, and nothing of its commit is written', async (t) => {
  const store = openStore(t.testdir())
  const longest = 'ä'.repeat(989)
  t.equal(await store.commit([{ put: longest, value: 1 }]), true)
  t.equal(store.get(longest)?.value, 1)
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
    t.throws(() => store.get(bad), { code: 'malformed' })
  }
  t.equal(store.get('good'), undefined)
  await store.close()
})

t.test('close waits for commits under way and refuses those after it', async (t) => {
  const path = t.testdir()
  const store = openStore(path)
  const underWay = Array.from({ length: 3000 }, (_, number) => store.commit([{ put: `key/${number}`, value: number }]))
  await store.close()
  t.same(new Set(await Promise.all(underWay)), new Set([true]))
  await t.rejects(store.commit([{ put: 'late', value: 1 }]), { code: 'cannot-commit', message: /is closed/ })
  await store.close()
  const again = openStore(path)
  t.equal([...again.range('key/')].length, 3000)
  await again.close()
})
