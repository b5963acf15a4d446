/** Hosts of another store, and unknown hosts with rules: nothing is changed there until an operator says so. */
import t, { type Test } from 'tap'
import { datapathIdOf } from '../../src/hypervisors/provision.ts'
import { parseFlow } from '../../src/openflow/index.ts'
import type { Options } from '../support/controller.ts'
import { FakeSwitch } from '../support/fake-switch.ts'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import type { OvsdbHost } from '../support/ovsdb-host.ts'
import { until } from '../support/switches.ts'

const [A, B] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'] as const
const withStore = (id: string): Options => ({ identity: { id, load: null } })
type Cloud = Awaited<ReturnType<typeof ovsdbCloud>>

const NOTHING = { flows: new Map(), meters: new Map() }

const carried = (host: OvsdbHost): string | undefined =>
  host.rows('Open_vSwitch')[0]?.external_ids.get('plugboard-store')

/** A host with an active VNIC, served from store A. */
async function served(t: Test) {
  const cloud = await ovsdbCloud(t, withStore(A))
  const host = await cloud.host('hv1', FABRIC)
  const there = await cloud.connectSwitch('hv1')
  const vnic = await cloud.vnic('vxlan')
  await host.addInterface('tap1', { vnic, ofport: 1 })
  await until(() => cloud.status(vnic) === 'active')
  return { cloud, host, there, vnic }
}

/** A switch of this host with these rules connects. */
async function connectWith(
  t: Test,
  cloud: Cloud,
  had: Pick<FakeSwitch, 'flows' | 'meters'>,
  systemId = 'hv1',
): Promise<FakeSwitch> {
  const datapathId = BigInt(`0x${datapathIdOf(systemId)}`)
  const fake = await FakeSwitch.connect(cloud.openflowPort, { datapathId })
  for (const [key, flow] of had.flows) fake.flows.set(key, flow)
  for (const [id, meter] of had.meters) fake.meters.set(id, meter)
  t.teardown(() => fake.disconnect())
  return fake
}

/** What a controller may change in a host's OVSDB, without what other programs write. */
const rowsOf = (host: OvsdbHost) => ({
  bridges: host.rows('Bridge').map(({ name, ports, controller, fail_mode, other_config }) => ({
    name,
    ports,
    controller,
    fail_mode,
    other_config,
  })),
  controllers: host.rows('Controller').map(({ target }) => target),
  interfaces: host.rows('Interface').map(({ name, options }) => ({ name, options })),
  store: carried(host),
})

const seen = async (cloud: Cloud, systemId = 'hv1'): Promise<boolean> => {
  try {
    return (await cloud.conditions(systemId)).includes('foreign-store')
  } catch {
    return false
  }
}

t.test(
  'B110: a controller with a wrong or empty store changes nothing on hosts of another store',
  { skip },
  async (t) => {
    const { cloud, host, there } = await served(t)
    t.equal(carried(host), A)
    await cloud.leave(host)
    there.disconnect()
    const before = rowsOf(host)
    const other = await ovsdbCloud(t, withStore(B))
    const fake = await connectWith(t, other, there)
    await host.join(other.port)
    await until(() => seen(other))
    const [message] = await other.messages('hv1')
    t.match(message, `carries the id of another store (external_ids:plugboard-store="${A}"; this one is ${B})`)
    t.match(message, 'POST /v1/hypervisors/hv1/adopt')
    t.equal(other.controller.graph.hypervisors.size, 0, 'it is not in the graph')
    const listed = [...other.controller.operations.hypervisors.list()]
    t.match(await listed[0]?.view(), { id: 'hv1', ovsdb_connected: true, openflow_connected: false })
    await t.rejects(other.remove('hv1'), { code: 'hypervisor-connected' })
    t.strictSame(rowsOf(host), before)
    t.strictSame([fake.flowMods, fake.meterMods, fake.closed, fake.dumps], [[], [], 0, []])
    await other.leave(host)
    await until(async () => [...other.controller.operations.hypervisors.list()].length === 0)
  },
)

t.test(
  'B110: a known host that carries the id of another store is not touched, and what is known of it stays',
  { skip },
  async (t) => {
    const { cloud: first, host, there, vnic } = await served(t)
    await first.leave(host)
    there.disconnect()
    await host.set({ 'plugboard-store': B })
    const cloud = await ovsdbCloud(t, { ...withStore(A), store: first.store })
    const fake = await connectWith(t, cloud, there)
    await host.join(cloud.port)
    await until(() => seen(cloud))
    t.equal(cloud.switchOf('hv1'), undefined)
    t.equal(cloud.place(vnic), 'hv1 tap1 1', 'its last known claims stay')
    t.strictSame([fake.flowMods, fake.dumps], [[], []])
    await host.set({ 'plugboard-store': A })
    await until(() => cloud.status(vnic) === 'active')
    t.strictSame(fake.flowMods, [], 'it is served once it carries the right id')
  },
)

t.test(
  'B111: a host that carries nothing is adopted if it is known, or has no rules of Plugboard',
  { skip },
  async (t) => {
    const { cloud, host, there, vnic } = await served(t)
    await cloud.leave(host)
    there.disconnect()
    await until(() => cloud.switchOf('hv1') === undefined)
    await host.set({ 'plugboard-store': null })
    const fake = await connectWith(t, cloud, there)
    await host.join(cloud.port)
    await until(() => cloud.status(vnic) === 'active')
    await until(() => carried(host) === A)
    t.strictSame(fake.flowMods, [], 'an upgrade touches no rule')

    const empty = await cloud.newHost('hv2')
    await empty.addBridge('br-int', { 'datapath-id': datapathIdOf('hv2') })
    await connectWith(t, cloud, NOTHING, 'hv2')
    await empty.join(cloud.port)
    await until(() => carried(empty) === A)
  },
)

t.test('B111: an unknown host with rules of Plugboard is looked at, and not touched', { skip }, async (t) => {
  const { cloud, host, there } = await served(t)
  await cloud.leave(host)
  there.disconnect()
  await host.set({ 'plugboard-store': null })
  const other = await ovsdbCloud(t, withStore(B))
  await host.join(other.port)
  await until(() => seen(other))
  t.match((await other.messages('hv1'))[0], 'nothing is changed there until its switch has connected and was looked at')
  const fake = await connectWith(t, other, there)
  await until(async () => /br-int has rules of Plugboard/.test((await other.messages('hv1'))[0] ?? ''))
  t.ok(fake.dumps.length > 0)
  t.strictSame([fake.flowMods, fake.closed], [[], 0])
  t.equal(carried(host), undefined)
})

t.test('B111: rules of other programs do not make an unknown host foreign', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t, withStore(A))
  const host = await cloud.newHost('hv1')
  await host.addBridge('br-int', { 'datapath-id': datapathIdOf('hv1') })
  await host.addController('br-int', 'tcp:192.0.2.99:6653')
  const foreign = parseFlow('table=0,priority=5,in_port=3,actions=drop')
  const fake = await connectWith(t, cloud, { ...NOTHING, flows: new Map([['theirs', foreign]]) })
  await host.join(cloud.port)
  await until(() => carried(host) === A)
  await until(() => cloud.switchOf('hv1')?.ready === true)
  t.ok(fake.lines().some((line) => line.includes('in_port=3')))
})

t.test('B112: an operator adopts a host, and its rules are replaced by those of this store', { skip }, async (t) => {
  const { cloud, host, there } = await served(t)
  await cloud.leave(host)
  there.disconnect()
  const other = await ovsdbCloud(t, withStore(B))
  const fake = await connectWith(t, other, there)
  await host.join(other.port)
  await until(() => seen(other))
  const view = await other.controller.operations.hypervisors.adopt(other.id('hv1'))
  t.match(view, { id: 'hv1', ovsdb_connected: true })
  await until(() => other.switchOf('hv1')?.ready === true && carried(host) === B)
  t.strictSame(fake.lines(), [], 'the rules of the other store are gone')
  t.notOk((await other.conditions('hv1')).includes('foreign-store'))
  t.match(await other.controller.operations.hypervisors.adopt(other.id('hv1')), { id: 'hv1' }, 'again: nothing changes')
  await other.leave(host)
  await t.rejects(other.controller.operations.hypervisors.adopt(other.id('hv1')), { code: 'unavailable' })
  await t.rejects(other.controller.operations.hypervisors.adopt(other.id('hv9')), { code: 'not-found' })
})

t.test('B112: at a start that adopts all, each host is adopted once', { skip }, async (t) => {
  const { cloud, host, there } = await served(t)
  await cloud.leave(host)
  there.disconnect()
  const other = await ovsdbCloud(t, { ...withStore(B), adoptAll: true })
  await connectWith(t, other, there)
  await host.join(other.port)
  await until(() => carried(host) === B && other.switchOf('hv1')?.ready === true)
  await host.set({ 'plugboard-store': A })
  await until(() => seen(other))
  t.equal(carried(host), A, 'two controllers do not take it from each other without end')
})

t.test('B116: a served host that another store takes is not touched any more', { skip }, async (t) => {
  const { cloud, host, there, vnic } = await served(t)
  await host.set({ 'plugboard-store': B })
  await until(() => seen(cloud))
  await until(() => cloud.switchOf('hv1') === undefined)
  const sent = there.flowMods.length
  await cloud.destroyVnic(vnic)
  await host.addInterface('tap2', { vnic: await cloud.vnic('vxlan'), ofport: 2 })
  t.equal(there.flowMods.length, sent)
  t.equal(carried(host), B)
})
