/** A store that was loaded from a dump which is older than the rules of the switches. */
import t, { type Test } from 'tap'
import { identityOf } from '../../src/core/identity.ts'
import { KEY_COUNTER } from '../../src/core/key-blocks.ts'
import { datapathIdOf } from '../../src/hypervisors/provision.ts'
import { printFlow } from '../../src/openflow/index.ts'
import type { PortId, VnicId } from '../../topology/ids.ts'
import { PROJECT } from '../support/controller.ts'
import { FakeSwitch } from '../support/fake-switch.ts'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import { MemoryStore } from '../support/memory-store.ts'
import type { OvsdbHost } from '../support/ovsdb-host.ts'
import { until } from '../support/switches.ts'

const ID = '00000000-0000-4000-8000-00000000000a'
const LOAD = '00000000-0000-4000-8000-0000000000c1'
type Cloud = Awaited<ReturnType<typeof ovsdbCloud>>

const carriedLoad = (host: OvsdbHost) => host.rows('Open_vSwitch')[0]?.external_ids.get('plugboard-store-load')

function found<T>(all: ReadonlyMap<string, T>, name: string): T {
  const one = all.get(name)
  if (one === undefined) throw new Error(`there is no ${name}`)
  return one
}

/** A store with what another one has now, as if it was loaded from its dump. */
function restoredFrom({ entries }: MemoryStore): MemoryStore {
  const restored = new MemoryStore()
  for (const { key, value } of entries.values()) restored.plant(key, value)
  restored.load = LOAD
  return restored
}

/** A cloud with hosts, before and after a restore of an old dump. */
async function clouds(t: Test, names: readonly string[]) {
  const before = await ovsdbCloud(t, { identity: { id: ID, load: null } })
  const hosts = new Map<string, OvsdbHost>()
  const switches = new Map<string, FakeSwitch>()
  for (const [n, name] of names.entries()) {
    const host = await before.host(name, FABRIC)
    await host.set({ 'plugboard-encap-ip': `192.0.2.${n + 1}` })
    hosts.set(name, host)
    switches.set(name, await before.connectSwitch(name))
  }
  const hostOf = (name: string) => found(hosts, name)
  const switchOf = (name: string) => found(switches, name)
  const port = async (cloud: Cloud, network: { id: string }) => {
    const made = await cloud.call('create_port', {}, { network_id: network.id })
    return made.id as PortId
  }
  /** An active VNIC on a host. */
  const active = async (network: { id: string }, name: string, tap: string, ofport: number): Promise<VnicId> => {
    const id = (await before.call('create_vnic', {})).id as VnicId
    await before.controller.operations.vnics.plug(PROJECT, id, await port(before, network), null)
    await hostOf(name).addInterface(tap, { vnic: id, ofport })
    await until(() => before.status(id) === 'active')
    return id
  }
  /** The controller ends, and another one starts on the restored store. */
  const restart = async (store: MemoryStore): Promise<Cloud> => {
    for (const name of names) {
      await before.leave(hostOf(name))
      switchOf(name).disconnect()
    }
    before.controller.close()
    return ovsdbCloud(t, { store, identity: { id: ID, load: LOAD } })
  }
  /** A host joins the new controller, and its switch connects with the rules that it has. */
  const rejoin = async (cloud: Cloud, name: string): Promise<FakeSwitch> => {
    const fake = await FakeSwitch.connect(cloud.openflowPort, { datapathId: BigInt(`0x${datapathIdOf(name)}`) })
    for (const [key, flow] of switchOf(name).flows) fake.flows.set(key, flow)
    for (const [id, meter] of switchOf(name).meters) fake.meters.set(id, meter)
    t.teardown(() => fake.disconnect())
    await hostOf(name).join(cloud.port)
    return fake
  }
  return { before, hostOf, switchOf, active, restart, rejoin }
}

const isHeld = async (cloud: Cloud, name: string): Promise<boolean> =>
  cloud.hypervisor(name) !== undefined && (await cloud.conditions(name)).includes('held-rules')

t.test(
  'B115: rules of live VNICs that an older dump does not know are held until an operator releases them',
  { skip },
  async (t) => {
    const { before, hostOf, switchOf, active, restart, rejoin } = await clouds(t, ['hv1'])
    const network = await before.call('create_network', { engine: 'vlan' })
    const old = await active(network, 'hv1', 'tap1', 1)
    const store = restoredFrom(before.store)
    const newer = await active(network, 'hv1', 'tap2', 2)
    const other = await active(await before.call('create_network', { engine: 'vlan' }), 'hv1', 'tap3', 3)
    const had = switchOf('hv1').lines()

    const cloud = await restart(store)
    const fake = await rejoin(cloud, 'hv1')
    await until(() => isHeld(cloud, 'hv1'))
    const { hypervisors } = cloud.controller.operations
    const { held, total } = hypervisors.held(cloud.id('hv1'))
    t.equal(held.length, total)
    t.strictSame(new Set(held.flatMap(({ vnic_id }) => vnic_id ?? [])), new Set([newer, other]))
    t.ok(held.every(({ flow }) => had.includes(flow)))
    t.strictSame(fake.lines(), had)
    t.strictSame([fake.flowMods, fake.meterMods, fake.closed], [[], [], 0], 'nothing is changed')
    t.equal(carriedLoad(hostOf('hv1')), undefined)
    t.match(
      (await cloud.messages('hv1')).find((text) => text.includes('held')),
      newer,
    )
    await t.rejects(cloud.call('create_network', { engine: 'vlan' }), {
      code: 'unavailable',
      message: /held on hypervisors \(hv1\)/,
    })
    t.ok(await cloud.call('create_port', {}, { network_id: network.id }), 'what takes no segment is possible')

    await hypervisors.release(cloud.id('hv1'))
    t.notOk(fake.lines().some((line) => line.includes('in_port=2') || line.includes('in_port=3')))
    t.ok(fake.lines().some((line) => line.includes('in_port=1')))
    await until(() => cloud.status(old) === 'active')
    await until(() => carriedLoad(hostOf('hv1')) === LOAD)
    t.strictSame(hypervisors.held(cloud.id('hv1')), { held: [], total: 0 })
    t.throws(() => hypervisors.release(cloud.id('hv1')), { code: 'not-found' })
    t.throws(() => hypervisors.held(cloud.id('hv9')), { code: 'not-found' })
    t.ok(await cloud.call('create_network', { engine: 'vlan' }))
  },
)

t.test('B115: rules of VNICs that nobody shows are taken away, and a switch is reviewed once', { skip }, async (t) => {
  const { before, hostOf, active, restart, rejoin } = await clouds(t, ['hv1'])
  const network = await before.call('create_network', { engine: 'vxlan' })
  const old = await active(network, 'hv1', 'tap1', 1)
  const store = restoredFrom(before.store)
  await active(network, 'hv1', 'tap2', 2)
  const cloud = await restart(store)
  await hostOf('hv1').removeInterface('tap2')
  const fake = await rejoin(cloud, 'hv1')
  await until(() => cloud.status(old) === 'active' && carriedLoad(hostOf('hv1')) === LOAD)
  t.notOk(fake.lines().some((line) => line.includes('in_port=2')))

  // From now on the store knows what the switch has: an unplugged VNIC loses its rules, alive or not.
  fake.disconnect()
  await until(() => cloud.switchOf('hv1') === undefined)
  await cloud.destroyVnic(old)
  const back = await FakeSwitch.connect(cloud.openflowPort, { datapathId: BigInt(`0x${datapathIdOf('hv1')}`) })
  for (const [key, flow] of fake.flows) back.flows.set(key, flow)
  await until(() => cloud.switchOf('hv1')?.ready === true)
  t.strictSame([...back.flows.values()].map(printFlow), [])
  back.disconnect()
})

t.test('B115: rules on other hypervisors are held as long as the VNIC may be alive', { skip }, async (t) => {
  for (const isAlive of [true, false]) {
    const { before, hostOf, switchOf, active, restart, rejoin } = await clouds(t, ['hv1', 'hv2'])
    const network = await before.call('create_network', { engine: 'vxlan' })
    const old = await active(network, 'hv1', 'tap1', 1)
    const store = restoredFrom(before.store)
    await active(network, 'hv2', 'tap2', 2)
    const cloud = await restart(store)
    if (!isAlive) await hostOf('hv2').removeInterface('tap2')
    const [had, first] = [switchOf('hv1').lines(), await rejoin(cloud, 'hv1')]
    await until(() => isHeld(cloud, 'hv1'))
    t.strictSame(first.lines(), had)
    await rejoin(cloud, 'hv2')
    if (isAlive) {
      await until(() => isHeld(cloud, 'hv2'))
      t.ok(await isHeld(cloud, 'hv1'))
      t.strictSame(first.lines(), had)
      await cloud.controller.operations.hypervisors.release(cloud.id('hv2'))
    }
    await until(async () => !(await isHeld(cloud, 'hv1')) && cloud.status(old) === 'active')
    t.ok(first.lines().length < had.length, 'then they are taken away')
  }
})

t.test('B115: rules whose segment another network has now are not held', { skip }, async (t) => {
  const { before, active, restart, rejoin } = await clouds(t, ['hv1'])
  const old = await active(await before.call('create_network', { engine: 'vlan' }), 'hv1', 'tap1', 1)
  const store = restoredFrom(before.store)
  await active(await before.call('create_network', { engine: 'vlan' }), 'hv1', 'tap2', 2)
  const cloud = await restart(store)
  const same = await cloud.call('create_network', { engine: 'vlan' })
  t.ok(same)
  const fake = await rejoin(cloud, 'hv1')
  await until(() => cloud.status(old) === 'active')
  t.notOk(
    fake.lines().some((line) => line.includes('in_port=2')),
    'two networks never share a segment',
  )
})

t.test('B115: after a load, no key is given that an object after the dump may have had', async (t) => {
  const store = new MemoryStore()
  const { id } = await identityOf(store)
  t.strictSame(await identityOf(store), { id, load: null }, 'the id is made once')
  await store.takeBlock(KEY_COUNTER, 1000, 16)
  store.load = LOAD
  for (const _ of [1, 2]) t.strictSame(await identityOf(store), { id, load: LOAD })
  t.equal((await store.get(KEY_COUNTER))?.value, 1016 + 2 ** 24, 'once for each load')
})
