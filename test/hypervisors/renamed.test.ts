/** Hosts whose system-id changes: they keep their VNICs and rules under the new one. */
import t from 'tap'
import { datapathIdOf } from '../../src/hypervisors/provision.ts'
import { FakeSwitch } from '../support/fake-switch.ts'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import { until } from '../support/switches.ts'

/** A host with an active VNIC, and another hypervisor that also claims it. */
async function named(t: Parameters<typeof ovsdbCloud>[0]) {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1', FABRIC)
  const connected = await cloud.connectSwitch('hv1')
  const vnic = await cloud.vnic('vxlan')
  await host.addInterface('tap1', { vnic, ofport: 1 })
  await until(() => cloud.status(vnic) === 'active')
  /** Its switch connects again, with the rules and meters that it has. */
  const again = async () => {
    const back = await FakeSwitch.connect(cloud.openflowPort, { datapathId: BigInt(`0x${datapathIdOf('hv1')}`) })
    for (const [key, flow] of connected.flows) back.flows.set(key, flow)
    for (const [id, meter] of connected.meters) back.meters.set(id, meter)
    return back
  }
  return { cloud, host, vnic, connected, again }
}

t.test('B53: a live host that gets another system-id keeps its VNICs and rules', { skip }, async (t) => {
  const { cloud, host, vnic, connected, again } = await named(t)
  const [{ key } = { key: 0 }, sent] = [cloud.hypervisor('hv1'), connected.flowMods.length]
  await host.set({ 'system-id': 'hv2', hostname: 'two' })
  await until(() => cloud.controller.hosts.connected(cloud.id('hv2')))
  t.equal(cloud.place(vnic), 'hv2 tap1 1')
  t.equal(cloud.hypervisor('hv2')?.key, key)
  await until(() => cloud.switchOf('hv1') === undefined)
  t.equal(connected.flowMods.length, sent, 'no rule was touched')
  const back = await again()
  await until(() => cloud.status(vnic) === 'active')
  t.same(back.flowMods, [], 'the rules are those of the new name, too')
  t.same(await cloud.conditions('hv1'), ['renamed'])
  t.notOk((await cloud.conditions('hv2')).includes('duplicate-encap-ip'))
  t.same([...cloud.controller.graph.segmentsHeldBy.get(cloud.id('hv1'))], [])
  await cloud.remove('hv1')
  t.equal(cloud.status(vnic), 'active')

  await host.set({ 'system-id': 'hv1' })
  await until(() => cloud.controller.hosts.connected(cloud.id('hv1')))
  t.equal(cloud.place(vnic), 'hv1 tap1 1', 'and back')
})

t.test('B53: a host that comes back with another system-id and the same bridge is known', { skip }, async (t) => {
  for (const isSwitchThere of [true, false]) {
    const { cloud, host, vnic, connected } = await named(t)
    await cloud.leave(host)
    await host.set({ 'system-id': 'hv2' })
    if (!isSwitchThere) {
      connected.disconnect()
      await until(() => cloud.switchOf('hv1') === undefined)
    }
    await host.join(cloud.port)
    await until(() => cloud.controller.hosts.connected(cloud.id('hv2')))
    await until(() => cloud.place(vnic) === 'hv2 tap1 1')
    t.same(await cloud.conditions('hv1'), ['renamed'])
    t.equal(cloud.hypervisor('hv2')?.datapathId, datapathIdOf('hv1'))
  }
})

t.test(
  'B53: a reinstalled host with an empty database has its VNICs when its switch is compared',
  { skip },
  async (t) => {
    const { cloud, host, vnic, connected } = await named(t)
    connected.disconnect()
    await cloud.leave(host)
    const installed = await cloud.newHost('hv9', FABRIC)
    await cloud.join(installed)
    await installed.addInterface('tap9', { vnic, ofport: 9 })
    await cloud.connectSwitch('hv9')
    await until(() => cloud.place(vnic) === 'hv9 tap9 9')
    await until(() => cloud.status(vnic) === 'active')
  },
)

t.test(
  'B53: a host that takes the system-id of a connected one is refused, and both keep their VNICs',
  { skip },
  async (t) => {
    const { cloud, host, vnic } = await named(t)
    const other = await cloud.host('hv2')
    await host.set({ 'system-id': 'hv2' })
    await until(() => cloud.controller.hosts.refusals > 0)
    t.ok((await cloud.conditions('hv2')).includes('duplicate-system-id'))
    t.equal(cloud.place(vnic), 'hv1 tap1 1')
    t.equal(cloud.status(vnic), 'active', 'its switch has its rules')
    await cloud.settled(other)
    await host.set({ 'system-id': 'hv1' })
    await until(() => cloud.controller.hosts.connected(cloud.id('hv1')))
    t.equal(cloud.place(vnic), 'hv1 tap1 1')
  },
)

t.test(
  'B93: two hosts swap their system-ids: no switch gets rules for interfaces of the other',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const [one, two] = [await cloud.host('hv1'), await cloud.host('hv2')]
    const switches = [await cloud.connectSwitch('hv1'), await cloud.connectSwitch('hv2')]
    const vnics = [await cloud.vnic('vxlan'), await cloud.vnic('vxlan')] as const
    for (const [at, host] of [one, two].entries()) {
      await host.set({ 'plugboard-encap-ip': `192.0.2.${at + 1}` })
      await host.addInterface('tap1', { vnic: vnics[at] ?? null, ofport: 1 })
    }
    await until(() => vnics.every((vnic) => cloud.status(vnic) === 'active'))
    const added = () => switches.flatMap(({ flowMods }) => flowMods.filter(({ command }) => command === 'add')).length
    const before = added()
    await one.set({ 'system-id': 'hv2' })
    await two.set({ 'system-id': 'hv1' })
    await until(() => cloud.place(vnics[0]) === 'hv2 tap1 1' && cloud.place(vnics[1]) === 'hv1 tap1 1')
    await until(() => cloud.switchOf('hv1') === undefined || cloud.switchOf('hv2') === undefined)
    t.equal(added(), before)
    const ids = () => ['hv1', 'hv2'].map((name) => cloud.hypervisor(name)?.datapathId ?? '')
    await until(() => ids().every((id) => id !== '') && new Set(ids()).size === 2)
    t.equal(added(), before)
  },
)
