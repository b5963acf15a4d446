/** B38 when the result of a write is unknown: the disk failed at its last page. */
import t, { type Test } from 'tap'
import { openStore } from '../../../src/store/lmdb/open.ts'
import { Writer } from '../../../src/store/lmdb/writer.ts'
import { controllerOn, PROJECT } from '../../support/controller.ts'
import type { MemoryStore } from '../../support/memory-store.ts'

type Write = Writer['write']

/** Replaces the next write of any store. */
function nextWrite(t: Test, does: (this: Writer, write: Write, ...args: Parameters<Write>) => Promise<void>): void {
  const { write } = Writer.prototype
  const restore = () => {
    Writer.prototype.write = write
  }
  t.teardown(restore)
  Writer.prototype.write = async function (...args) {
    restore()
    await does.call(this, write, ...args)
    throw new Error('the last page could not be written')
  }
}

const namesIn = ({ controller }: Awaited<ReturnType<typeof controllerOn>>) =>
  [...controller.operations.networks.list(PROJECT)].map(({ view }) => view().name)

t.test(
  'B38: a database that refuses everything after a failure is opened again, also for fenced commits',
  async (t) => {
    const store = openStore(t.testdir())
    await store.commit([{ put: 'a', value: 1 }])
    // A closed database refuses reads and writes, as LMDB does after such a failure.
    nextWrite(t, function () {
      return this.database.close()
    })
    await t.rejects(store.commit([{ put: 'a', value: 2 }]), { code: 'cannot-commit', message: /the last page/ })
    t.strictSame(await store.commit([{ put: 'a', value: 3 }], [{ key: 'a', revision: 1 }]), {
      committed: true,
      revision: 2,
    })
    t.match(await store.get('a'), { value: 3, revision: 2 })
    await store.close()
  },
)

t.test(
  'B38: a write that was reported as failed but is in the database counts as a write of another writer',
  async (t) => {
    const store = openStore(t.testdir())
    await store.commit([{ put: 'a', value: 1 }])
    const watch = store.watch(1)[Symbol.asyncIterator]()
    const told = watch.next()
    nextWrite(t, function (write, ...args) {
      return write.apply(this, args)
    })
    await t.rejects(store.commit([{ put: 'a', value: 2 }]), { code: 'cannot-commit' })
    const fence = { key: 'a', revision: 1 }
    t.strictSame(await store.commit([{ put: 'a', value: 3 }], [fence]), {
      committed: false,
      found: { key: 'a', revision: 2 },
    })
    await t.rejects(told, { code: 'compacted' }, 'watchers must read the store again')
    t.equal(await store.revision(), 2)
    await store.close()
  },
)

t.test('B38: the controller takes over such a write, and continues', async (t) => {
  const path = t.testdir()
  const store = openStore(path)
  const cloud = await controllerOn({ store: store as unknown as MemoryStore })
  await cloud.call('create_network', { name: 'a' })
  nextWrite(t, function (write, ...args) {
    return write.apply(this, args)
  })
  await t.rejects(cloud.call('create_network', { name: 'b' }), { code: 'unavailable' })
  await cloud.call('create_network', { name: 'c' })
  t.strictSame(namesIn(cloud), ['a', 'b', 'c'])
  t.equal(cloud.controller.broken, null)
  await cloud.controller.journal.idle()
  await store.close()
  const again = openStore(path)
  t.strictSame(namesIn(await controllerOn({ store: again as unknown as MemoryStore })), ['a', 'b', 'c'])
  await again.close()
})
