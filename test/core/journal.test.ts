import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ipv4 } from '../../src/openflow/index.ts'
import type { NetworkId, VnicId } from '../../topology/ids.ts'
import { controllerOn, PROJECT } from '../support/controller.ts'
import { diskFull, MemoryStore } from '../support/memory-store.ts'

t.test('B38: the store cannot commit: 503, nothing applied, and it continues when it can', async (t) => {
  const { controller, store, call } = await controllerOn()
  const before = await call('create_vnic', { name: 'kept' })
  store.failure = diskFull()
  await t.rejects(call('create_vnic', { name: 'lost' }), { code: 'unavailable', status: 503 })
  await t.rejects(controller.operations.vnics.destroy(PROJECT, before.id as VnicId, null), { code: 'unavailable' })
  t.strictSame(
    [...controller.operations.vnics.list(PROJECT)].map(({ view }) => view().name),
    ['kept'],
  )
  t.equal(controller.broken, 'the store cannot commit: No space left on device')
  store.failure = null
  await call('create_vnic', { name: 'later' })
  t.equal(controller.broken, null)
  t.strictSame(
    [...controller.operations.vnics.list(PROJECT)].map(({ view }) => view().name),
    ['kept', 'later'],
  )
})

t.test('B38: the controller notices without a request that the store can commit again', async (t) => {
  const { controller, store, call } = await controllerOn()
  store.failure = diskFull()
  await t.rejects(call('create_vnic', {}), { code: 'unavailable' })
  store.failure = null
  while (controller.broken !== null) await sleep(50)
  t.equal(controller.broken, null)
})

t.test('after a restart, confirmed changes exist and the rules have the same keys', async (t) => {
  const { controller, store, call } = await controllerOn()
  const network = await call('create_network', { name: 'n' })
  const port = await call('create_port', {}, { network_id: network.id })
  const vnic = await call('create_vnic', { mac_address: '02:00:00:00:00:01' })
  await controller.operations.vnics.plug(PROJECT, vnic.id as VnicId, port.id as never, null)
  const again = await controllerOn({ store })
  t.strictSame(again.controller.graph.networks, controller.graph.networks)
  t.strictSame(again.controller.graph.ports, controller.graph.ports)
  t.strictSame(again.controller.graph.vnics, controller.graph.vnics)
  t.strictSame(again.controller.graph.byKey, controller.graph.byKey)
  const last = Math.max(...controller.graph.byKey.keys())
  const next = await again.call('create_vnic', {})
  const key = again.controller.graph.vnics.get(next.id as VnicId)?.key ?? 0
  t.ok(key > last, 'no key is given twice')
})

t.test('a store of the first version is read correctly', async (t) => {
  const { controller, store, call } = await controllerOn()
  const network = await call('create_network', { engine: 'vxlan' })
  await call('create_port', {}, { network_id: network.id })
  const gone = (await call('create_network', { engine: 'vxlan' })).id as NetworkId
  await controller.operations.networks.destroy(PROJECT, gone, null)
  for (const [key, entry] of store.entries) {
    const {
      partOf: _,
      owner,
      floodUnknown: __,
      hypervisor: ___,
      segmentId,
      ...node
    } = entry.value as Record<string, never>
    if (key.startsWith('port/')) store.entries.set(key, { ...entry, value: node })
    const networkId = owner === null ? null : network.id
    if (key.startsWith('segment/')) store.entries.set(key, { ...entry, value: { ...node, networkId } })
  }
  const again = await controllerOn({ store })
  t.strictSame(again.controller.graph.segments, controller.graph.segments)
  t.strictSame(again.controller.graph.ports, controller.graph.ports)
  t.equal(again.controller.graph.sitesOf.size, 0)
})

t.test(
  'a network of an older store shares rules with others if its segment is an address of a physical network',
  async (t) => {
    const floating = [{ prefix: { first: ipv4('203.0.113.0'), length: 24 }, vlan: 50, gateway: ipv4('203.0.113.1') }]
    const { controller, store, call } = await controllerOn({ floating })
    await call('create_network', { engine: 'vxlan' })
    await call('create_network', { engine: 'nat-ipv4', address_prefix: '203.0.113.64/26' })
    for (const [key, entry] of store.entries) {
      const { hypervisorRules: _, ...node } = entry.value as Record<string, never>
      if (key.startsWith('network/')) store.entries.set(key, { ...entry, value: node })
    }
    const again = await controllerOn({ store })
    t.same(again.controller.graph.networks, controller.graph.networks)
    t.same(
      [...again.controller.graph.networks.values()].map(({ engine, hypervisorRules }) => [engine, hypervisorRules]),
      [
        ['vxlan', false],
        ['nat-ipv4', true],
      ],
    )
  },
)

t.test('concurrent requests share commits, and each gets its own answer', async (t) => {
  const { store, call, controller } = await controllerOn()
  const id = '11111111-1111-4111-8111-111111111111'
  const answers = await Promise.allSettled([
    ...Array.from({ length: 50 }, (_, n) => call('create_vnic', { name: `v${n}` })),
    call('create_vnic', { id, name: 'first' }),
    call('create_vnic', { id, name: 'second' }),
  ])
  t.equal(answers.filter(({ status }) => status === 'fulfilled').length, 51)
  t.match(answers.at(-1), { status: 'rejected', reason: { code: 'id-conflict', field: 'id' } })
  t.equal([...controller.operations.vnics.list(PROJECT)].length, 51)
  t.ok(store.commits < 10, `${store.commits} commits`)
})

t.test('an operation that fails in the middle leaves nothing', async (t) => {
  const { controller, store } = await controllerOn({ store: new MemoryStore() })
  const wish = controller.journal.write((draft) => {
    draft.change({
      kind: 'segment',
      id: 'vlan/physnet1/100',
      to: { id: 'x', partOf: null, owner: null, holders: [], freed: 0 },
    })
    throw new Error('in the middle')
  })
  await t.rejects(wish, { message: 'in the middle' })
  t.equal(controller.graph.segments.size, 0)
  t.equal(await store.get('segment/vlan/physnet1/100'), undefined)
})

t.test('B05: create, plug and delete in one batch', async (t) => {
  const { controller, call } = await controllerOn()
  const id = '22222222-2222-4222-8222-222222222222' as VnicId
  const made = call('create_vnic', { id })
  const gone = controller.operations.vnics.destroy(PROJECT, id, null)
  await Promise.all([made, gone])
  t.throws(() => controller.operations.vnics.show(PROJECT, id), { code: 'not-found' })
})

t.test('an operation gets as many new keys as it needs, however many that are', async (t) => {
  const { controller } = await controllerOn()
  const keys = new Set<number>()
  await controller.journal.write((draft) => {
    keys.clear()
    for (let n = 0; n < 3_500; n++) keys.add(draft.nextKey())
  })
  t.equal(keys.size, 3_500)
})
