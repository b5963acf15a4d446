/** B38 on a real file system of a few megabytes. */
import { join } from 'node:path'
import t from 'tap'
import { openStore } from '../../../src/store/lmdb/open.ts'
import type { Json, Store, Write } from '../../../src/store/store.ts'
import { empty, fill, skip, smallDisk } from '../support/disk.ts'
import { entriesOf } from '../support/entries.ts'

const contentOf = async (store: Store): Promise<Map<string, Json>> =>
  new Map((await entriesOf(store.range(''))).map(({ key, value }) => [key, value]))

function applied(content: ReadonlyMap<string, Json>, writes: readonly Write[]): Map<string, Json> {
  const result = new Map(content)
  for (const write of writes) {
    if ('put' in write) result.set(write.put, write.value)
    else result.delete(write.remove)
  }
  return result
}

t.test(
  'B38 the disk fills up: commits are refused whole, reads go on, and so do commits when there is space again',
  { skip },
  async (t) => {
    const disk = smallDisk(t, 8)
    const path = join(disk, 'store')
    let store = openStore(path)
    let expected = new Map<string, Json>()
    let refused = 0
    let revision = 0
    for (let round = 0; round < 200; round++) {
      if (round % 20 === 3) fill(disk)
      if (round % 20 === 15) empty(disk)
      if (round % 50 === 49) {
        // Also while the disk is full.
        await store.close()
        store = openStore(path)
      }
      const text = 'x'.repeat(round % 3 === 0 ? 60_000 : 600)
      const writes: Write[] = [
        { put: `small/${round % 50}`, value: round },
        { put: `large/${round % 60}`, value: text },
        { remove: `small/${(round + 25) % 50}` },
      ]
      try {
        t.match(await store.commit(writes), { committed: true })
        expected = applied(expected, writes)
        revision += 1
      } catch (error) {
        refused += 1
        if (refused === 1)
          t.match(error, {
            code: 'cannot-commit',
            message: `${path} cannot commit: there is no space left on its disk`,
          })
        else if (!(error instanceof Error && 'code' in error && error.code === 'cannot-commit')) throw error
      }
      t.strictSame(await contentOf(store), expected)
    }
    t.ok(refused > 0 && refused < 150, `${refused} commits were refused`)
    t.equal(
      Math.max(...(await entriesOf(store.range(''))).map((entry) => entry.revision)),
      revision,
      'refused commits left no gap',
    )
    await store.close()
    const again = openStore(path)
    t.strictSame(await contentOf(again), expected)
    await again.close()
  },
)

t.test('B38 commits that share a transaction are refused together', { skip }, async (t) => {
  const disk = smallDisk(t, 4)
  const store = openStore(join(disk, 'store'))
  await store.commit([{ put: 'key', value: 1 }])
  fill(disk)
  const large = 'x'.repeat(3 * 2 ** 20)
  const answers = await Promise.allSettled([
    store.commit([{ put: 'key', value: 2 }]),
    store.commit([{ put: 'key', value: 3 }], [{ key: 'key', revision: 1 }]),
    store.commit([{ put: 'large', value: large }]),
  ])
  t.same(
    answers.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
  t.match(await store.get('key'), { value: 1, revision: 1 })
  t.match(
    await store.commit([{ put: 'key', value: 4 }], [{ key: 'key', revision: 1 }]),
    { committed: true },
    'a small one still fits',
  )
  await store.close()
})

t.test('B38 a new store on a full disk is refused, and made when there is space', { skip }, async (t) => {
  const disk = smallDisk(t, 4)
  const path = join(disk, 'store')
  fill(disk)
  t.throws(() => openStore(path), { code: 'cannot-open', message: /there is no space left on its disk/ })
  empty(disk)
  const store = openStore(path)
  t.match(await store.commit([{ put: 'key', value: 1 }]), { committed: true })
  await store.close()
})
