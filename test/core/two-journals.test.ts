/** Two controllers on one store: each sees the writes of the other, and neither writes on an old graph. */
import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { openStore } from '../../src/store/lmdb/open.ts'
import type { Store } from '../../src/store/store.ts'
import { nodesOf } from '../../topology/change.ts'
import { controllerOn, PROJECT } from '../support/controller.ts'
import { diskFull, MemoryStore } from '../support/memory-store.ts'
import { hypervisor, hypervisorId } from '../support/nodes.ts'
import { until } from '../support/switches.ts'

type Cloud = Awaited<ReturnType<typeof controllerOn>>

const nodesIn = ({ controller }: Cloud) =>
  new Map([...nodesOf(controller.graph)].map(({ kind, id, to }) => [`${kind}/${id}`, to]))

const eventsIn = ({ controller }: Cloud): string[] =>
  [...controller.events.recall()].map(({ id, type, data }) => `${id} ${type} ${data.id}`)

/** Waits until both controllers have seen all writes of each other. */
async function agreed(one: Cloud, other: Cloud): Promise<void> {
  await Promise.all([one.controller.journal.idle(), other.controller.journal.idle()])
  await until(
    () => isDeepStrictEqual(nodesIn(one), nodesIn(other)) && isDeepStrictEqual(eventsIn(one), eventsIn(other)),
  )
}

/** A controller on any store. `controllerOn` only needs the interface of a store. */
const cloudOn = (store: Store) => controllerOn({ store: store as MemoryStore, vlans: [1, 200] })

const STORES: ReadonlyArray<readonly [kind: string, open: (t: Test) => Store]> = [
  ['in memory', () => new MemoryStore()],
  ['on LMDB', (t) => openStore(`${t.testdir()}/store`)],
]

for (const [kind, open] of STORES) {
  t.test(`${kind}: concurrent writes of two controllers are all stored, each once`, async (t) => {
    const store = open(t)
    const clouds = [await cloudOn(store), await cloudOn(store)] as const
    const made = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        // Some requests run at the same time, and some one after the other.
        for (let turn = 0; turn < n % 7; turn++) await setImmediate()
        const { call } = clouds[n % 2 === 0 ? 0 : 1]
        const network = await call('create_network', { name: `n${n}` })
        await call('create_port', {}, { network_id: network.id })
        return network.id
      }),
    )
    await agreed(...clouds)
    const { graph } = clouds[0].controller
    t.strictSame(new Set(graph.networks.keys()), new Set(made))
    t.equal(new Set([...graph.networks.values()].map(({ segmentId }) => segmentId)).size, 60, 'a segment for each')
    t.equal(graph.byKey.size, 120, 'a key for each')
    const ids = [...clouds[0].controller.events.recall()].map(({ id }) => id)
    t.strictSame(
      ids,
      Array.from({ length: 120 }, (_, n) => n + 1),
      'the events of both in one order, without a gap',
    )
    const later = await cloudOn(store)
    t.strictSame(nodesIn(later), nodesIn(clouds[0]), 'the store contains what both controllers have')
    await store.close()
  })
}

t.test('a refusal rests on the head of the store, not on a graph that lags', async (t) => {
  const store = new MemoryStore()
  const [one, other] = [await controllerOn({ store }), await controllerOn({ store })]
  const id = '11111111-1111-4111-8111-111111111111'
  const answers = await Promise.allSettled([
    one.call('create_vnic', { id, name: 'first' }),
    other.call('create_vnic', { id, name: 'second' }),
  ])
  t.match(answers, [{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'id-conflict' } }])
  await one.controller.operations.vnics.destroy(PROJECT, id as never, null)
  t.equal(
    (await other.call('create_vnic', { id, name: 'third' })).id,
    id,
    'the other controller may not have seen it yet',
  )
  await agreed(one, other)
})

t.test('writes of another controller have the same effects as writes of this one', async (t) => {
  const store = new MemoryStore()
  const [one, other] = [await controllerOn({ store }), await controllerOn({ store })]
  const stream = other.controller.events.subscribe(PROJECT, null, AbortSignal.timeout(5_000))
  const first = stream.next()
  const vnic = await one.call('create_vnic', { name: 'v' })
  t.match(await first, { value: { id: 1, type: 'vnic.created', data: { id: vnic.id } } })
  t.equal(other.controller.operations.vnics.show(PROJECT, vnic.id as never).name, 'v')
  await one.controller.journal.write((draft) =>
    draft.change({ kind: 'hypervisor', id: hypervisorId(0), to: { ...hypervisor(0), key: draft.nextKey() } }),
  )
  await agreed(one, other)
  t.ok(other.controller.graph.hypervisors.has(hypervisorId(0)))
})

t.test('a controller that is too far behind reads the store again', async (t) => {
  let loads = 0
  class CountingStore extends MemoryStore {
    override async revision(): Promise<number> {
      loads += 1
      return super.revision()
    }
  }
  const store = new CountingStore(20)
  const [one, other] = [await controllerOn({ store }), await controllerOn({ store })]
  const kept = await one.call('create_vnic', { name: 'kept' })
  const gone = await one.call('create_vnic', { name: 'gone' })
  await agreed(one, other)
  t.equal(loads, 2)
  const silence = Promise.withResolvers<void>()
  store.silence = silence.promise
  await one.controller.operations.vnics.destroy(PROJECT, gone.id as never, null)
  for (let n = 0; n < 30; n++) await one.call('create_vnic', { name: `v${n}` })
  const late = other.call('create_vnic', { name: 'from the other' })
  await setImmediate()
  silence.resolve()
  await late
  await agreed(one, other)
  t.ok(loads > 2)
  t.equal(other.controller.graph.vnics.size, 32)
  t.ok(other.controller.graph.vnics.has(kept.id as never))
  t.notOk(other.controller.graph.vnics.has(gone.id as never))
})

t.test('B38: while a controller cannot read its store again, operations are refused', async (t) => {
  const store = new MemoryStore(20)
  const [one, other] = [await controllerOn({ store }), await controllerOn({ store })]
  await one.call('create_vnic', { name: 'v' })
  await agreed(one, other)
  const silence = Promise.withResolvers<void>()
  store.silence = silence.promise
  for (let n = 0; n < 30; n++) await one.call('create_vnic', { name: `v${n}` })
  store.unreadable = diskFull()
  silence.resolve()
  await until(() => other.controller.broken !== null)
  await t.rejects(other.call('create_vnic', { name: 'refused' }), { code: 'unavailable' })
  store.unreadable = null
  await other.call('create_vnic', { name: 'taken' })
  await agreed(one, other)
  t.equal(other.controller.broken, null)
  t.equal(other.controller.graph.vnics.size, 32)
})

t.test('B38: a controller recovers after its store failed while another controller wrote', async (t) => {
  const store = new MemoryStore()
  const [one, other] = [await controllerOn({ store }), await controllerOn({ store })]
  store.failure = diskFull()
  await t.rejects(one.call('create_vnic', {}), { code: 'unavailable' })
  store.failure = null
  await other.call('create_vnic', { name: 'a' })
  await one.call('create_vnic', { name: 'b' })
  await agreed(one, other)
  t.equal(one.controller.graph.vnics.size, 2)
  t.equal(one.controller.broken, null)
})

t.test('B38: a controller that tries its store while another one writes finds that it commits again', async (t) => {
  let race: (() => Promise<unknown>) | undefined
  /** The other controller commits before this one tries again. Such a try writes only the head. */
  class Raced extends MemoryStore {
    override async commit(...[writes, conditions]: Parameters<MemoryStore['commit']>) {
      const [write] = writes
      if (race && writes.length === 1 && write && 'put' in write && write.put === 'head') {
        const first = race
        race = undefined
        await first()
      }
      return super.commit(writes, conditions)
    }
  }
  const store = new Raced()
  const [one, other] = [await controllerOn({ store }), await controllerOn({ store })]
  store.failure = diskFull()
  await t.rejects(one.call('create_vnic', {}), { code: 'unavailable' })
  store.failure = null
  race = () => other.call('create_vnic', {})
  await until(() => one.controller.broken === null)
  t.equal(race, undefined, 'the attempt was refused once')
})
