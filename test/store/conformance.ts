/** Tests of what every store must do. Each store runs them. */
import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Commit, Condition, Entry, Json, Outcome, Store, Write } from '../../src/store/store.ts'
import { entriesOf } from './support/entries.ts'

export interface Opened {
  readonly store: Store
  /** Closes the store and opens it again, if it outlives its process. */
  reopen?(): Promise<Store>
}

/** A model of a store. */
class Model {
  readonly entries = new Map<string, Entry>()
  readonly commits: Commit[] = []
  revision = 0

  commit(writes: readonly Write[], conditions: readonly Condition[]): Outcome {
    for (const { key, revision } of conditions) {
      const found = this.revisionOf(key)
      if (found !== revision) return { committed: false, found: { key, revision: found } }
    }
    if (writes.length > 0) {
      this.revision += 1
      this.commits.push({ revision: this.revision, writes })
    }
    for (const write of writes) {
      if ('remove' in write) this.entries.delete(write.remove)
      else this.entries.set(write.put, { key: write.put, value: write.value, revision: this.revision })
    }
    return { committed: true, revision: this.revision }
  }

  revisionOf(key: string): number {
    return this.entries.get(key)?.revision ?? 0
  }

  range(prefix: string, { after, limit }: { after?: string; limit?: number } = {}): Entry[] {
    return [...this.entries.values()]
      .filter(({ key }) => key.startsWith(prefix) && (after === undefined || compare(key, after) > 0))
      .sort((a, b) => compare(a.key, b.key))
      .slice(0, limit)
  }
}

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** A few keys. Many are prefixes of others, and some contain characters beyond ASCII and beyond the first plane. */
const key = fc.stringMatching(/^[ab/é￿😀]{1,3}$/u)
const json: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json)
const write: fc.Arbitrary<Write> = fc.oneof(fc.record({ put: key, value: json }), fc.record({ remove: key }))
/** A condition that usually holds when its commit is executed. */
const condition = fc.record({ key, off: fc.constantFrom(0, 0, 0, 1) })
const commit = fc.record({
  writes: fc.array(write, { maxLength: 4 }),
  conditions: fc.array(condition, { maxLength: 2 }),
})
const step = fc.oneof(
  { weight: 5, arbitrary: fc.array(commit, { minLength: 1, maxLength: 6 }).map((commits) => ({ commits })) },
  { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
)

/** The next commits that a watch delivers. */
async function told(watch: AsyncIterable<Commit>, count: number): Promise<Commit[]> {
  const found: Commit[] = []
  if (count > 0) for await (const each of watch) if (found.push(each) === count) break
  return found
}

async function agree(store: Store, model: Model, prefixes: readonly string[]): Promise<void> {
  deepStrictEqual(await store.revision(), model.revision)
  for (const prefix of prefixes) {
    for (const options of [{}, { limit: 2 }, { after: 'a' }, { after: 'a/', limit: 3 }, { after: 'é' }]) {
      deepStrictEqual(await entriesOf(store.range(prefix, options)), model.range(prefix, options))
    }
    if (prefix !== '') deepStrictEqual(await store.get(prefix), model.entries.get(prefix))
  }
}

/** @param open opens a new empty store of this kind */
export function conforms(kind: string, open: (t: Test) => Opened | Promise<Opened>): void {
  t.test(`${kind}: random commits, together and one after the other, with conditions: as in a Map`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.array(key, { maxLength: 3 }), async (steps, prefixes) => {
        const model = new Model()
        const opened = await open(t)
        let { store } = opened
        let watched = 0
        try {
          for (const step of steps) {
            if ('reopen' in step) {
              if (opened.reopen) store = await opened.reopen()
              if (opened.reopen) watched = model.revision
            } else {
              // The model executes the commits in the order of the store: a commit sees the earlier ones of the same turn.
              const expected: Outcome[] = []
              const outcomes = step.commits.map(({ writes, conditions }) => {
                const now = conditions.map(({ key, off }) => ({ key, revision: model.revisionOf(key) + off }))
                expected.push(model.commit(writes, now))
                return store.commit(writes, now)
              })
              deepStrictEqual(await Promise.all(outcomes), expected)
            }
            await agree(store, model, ['', ...prefixes])
          }
          const expected = model.commits.filter(({ revision }) => revision > watched)
          deepStrictEqual(await told(store.watch(watched), expected.length), expected)
        } finally {
          await store.close()
        }
      }),
      { numRuns: 60 },
    )
  })

  t.test(`${kind}: a long range, whole and in part`, async (t) => {
    const { store } = await open(t)
    const keys = Array.from({ length: 1000 }, (_, number) => `event/${String(number).padStart(4, '0')}`)
    await store.commit([
      { put: 'event', value: 0 },
      { put: 'event0', value: 0 },
      ...keys.map((put) => ({ put, value: put })),
    ])
    const keysOf = async (options?: Parameters<Store['range']>[1]) =>
      (await entriesOf(store.range('event/', options))).map(({ key }) => key)
    t.same(await keysOf(), keys)
    t.same(await keysOf({ after: 'event/0499' }), keys.slice(500))
    t.same(await keysOf({ after: 'event/0499', limit: 300 }), keys.slice(500, 800))
    t.same(await keysOf({ after: 'f' }), [])
    t.same(await keysOf({ limit: 0 }), [])
    t.same((await keysOf({ limit: 256 })).length, 256)
    await store.close()
  })

  t.test(`${kind}: a key that is made again has a revision that it never had`, async (t) => {
    const { store } = await open(t)
    await store.commit([{ put: 'key', value: 1 }])
    const first = (await store.get('key'))?.revision ?? 0
    await store.commit([{ remove: 'key' }])
    t.match(await store.commit([{ put: 'key', value: 2 }], [{ key: 'key', revision: 0 }]), { committed: true })
    const late = await store.commit([{ put: 'key', value: 3 }], [{ key: 'key', revision: first }])
    t.same(late, { committed: false, found: { key: 'key', revision: (await store.get('key'))?.revision } })
    t.equal((await store.get('key'))?.value, 2)
    await store.close()
  })

  t.test(`${kind}: a commit without writes only reports whether its conditions hold`, async (t) => {
    const { store } = await open(t)
    await store.commit([{ put: 'key', value: 1 }])
    const { revision = 0 } = (await store.get('key')) ?? {}
    t.same(await store.commit([], [{ key: 'key', revision }]), { committed: true, revision: await store.revision() })
    t.match(await store.commit([], [{ key: 'key', revision: revision + 1 }]), { committed: false, found: { revision } })
    t.equal(await store.revision(), revision)
    await store.close()
  })

  t.test(`${kind}: a watch delivers durable commits in order, and continues with new ones`, async (t) => {
    const { store } = await open(t)
    await store.commit([{ put: 'before', value: 0 }])
    const after = await store.revision()
    const coming = told(store.watch(after), 3)
    await Promise.all([
      store.commit([
        { put: 'a', value: 1 },
        { put: 'b', value: 1 },
      ]),
      store.commit([{ put: 'a', value: 2 }], [{ key: 'a', revision: 99 }]),
      store.commit([{ put: 'c', value: 1 }]),
    ])
    await store.commit([{ remove: 'a' }])
    const commits = await coming
    t.same(
      commits.map(({ writes }) => writes),
      [
        [
          { put: 'a', value: 1 },
          { put: 'b', value: 1 },
        ],
        [{ put: 'c', value: 1 }],
        [{ remove: 'a' }],
      ],
    )
    t.equal(commits[1]?.revision, (await store.get('c'))?.revision)
    t.same(await told(store.watch(commits[1]?.revision ?? 0), 1), commits.slice(2), 'a watch may begin in the past')
    await store.close()
  })

  t.test(`${kind}: a watch ends with its signal, and with the store`, async (t) => {
    const { store } = await open(t)
    const stop = new AbortController()
    const stopped = entriesOf(store.watch(0, stop.signal))
    const closed = entriesOf(store.watch(0))
    await store.commit([{ put: 'a', value: 1 }])
    stop.abort()
    t.ok((await stopped).length <= 1)
    await store.close()
    t.ok((await closed).length <= 1)
  })

  t.test(`${kind}: a watch from before the kept commits reports that`, async (t) => {
    const { store } = await open(t)
    const slow = store.watch(0)[Symbol.asyncIterator]()
    await store.commit([{ put: 'a', value: 0 }])
    t.match(await slow.next(), { value: { revision: 1 } })
    for (let n = 0; n < 60; n++) {
      await store.commit(Array.from({ length: 100 }, (_, number) => ({ put: `key/${number}`, value: n })))
    }
    await t.rejects(slow.next(), { name: 'StoreError', code: 'compacted' }, 'a slow watcher, too')
    await t.rejects(store.watch(0)[Symbol.asyncIterator]().next(), { code: 'compacted' })
    await store.close()
  })

  t.test(`${kind}: blocks of a counter never overlap, also with several callers`, async (t) => {
    const { store } = await open(t)
    const blocks = await Promise.all(Array.from({ length: 20 }, () => store.takeBlock('counter/key', 10, 16)))
    t.same(
      blocks.sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, n) => 16 + 10 * n),
    )
    t.equal(await store.takeBlock('counter/other', 5, 1), 1)
    t.equal((await store.get('counter/key'))?.value, 216, 'the counter contains the next number')
    await store.close()
  })

  t.test(`${kind}: close waits for commits under way`, async (t) => {
    const opened = await open(t)
    const { store } = opened
    const writes = (number: number): Write[] => [{ put: `key/${number}`, value: number }]
    const underWay = Array.from({ length: 3000 }, (_, number) => store.commit(writes(number)))
    await store.close()
    t.ok((await Promise.all(underWay)).every(({ committed }) => committed))
    if (!opened.reopen) return
    const again = await opened.reopen()
    t.equal((await entriesOf(again.range('key/'))).length, 3000)
    await again.close()
  })
}
