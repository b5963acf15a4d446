/** OVSDB connections that end and return, a restart of the controller, and hosts whose system-id is wrong or changes. */
import t from 'tap'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import { until } from '../support/switches.ts'

t.test(
  'B32: while only the OVSDB connection is down, rules stay; what has changed meanwhile is applied',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const host = await cloud.host('hv1', FABRIC)
    const connected = await cloud.connectSwitch('hv1')
    const [stays, goes] = [await cloud.vnic(), await cloud.vnic()]
    await host.addInterface('tap1', { vnic: stays, ofport: 1 })
    await host.addInterface('tap2', { vnic: goes, ofport: 2 })
    await until(() => cloud.status(stays) === 'active' && cloud.status(goes) === 'active')
    const sent = connected.flowMods.length
    await cloud.leave(host)
    t.same([cloud.status(stays), cloud.status(goes)], ['active', 'active'])
    await host.removeInterface('tap2')
    await cloud.join(host)
    t.same([cloud.place(stays), cloud.place(goes)], ['hv1 tap1 1', undefined])
    await until(() => connected.flowMods.length > sent)
    t.notOk(
      connected.flowMods.slice(sent).some(({ command }) => command !== 'delete_strict'),
      'nothing is sent again',
    )
  },
)

t.test('B32: a restart of ovsdb-server sends no rule', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1', FABRIC)
  const connected = await cloud.connectSwitch('hv1')
  const vnic = await cloud.vnic()
  await host.addInterface('tap1', { vnic, ofport: 1 })
  await until(() => cloud.status(vnic) === 'active')
  const sent = connected.flowMods.length
  await host.restart(() => until(() => !cloud.controller.hosts.connected(host.id)))
  t.equal(cloud.status(vnic), 'active')
  await until(() => cloud.controller.hosts.connected(host.id))
  await cloud.settled(host)
  t.equal(cloud.place(vnic), 'hv1 tap1 1')
  t.equal(connected.flowMods.length, sent)
})

t.test('B35: after a restart of the controller a binding stands until its own host has spoken', { skip }, async (t) => {
  const before = await ovsdbCloud(t)
  const [one, two] = [await before.host('hv1'), await before.host('hv2')]
  const vnics = [await before.vnic(), await before.vnic()] as const
  await one.addInterface('tap1', { vnic: vnics[0], ofport: 1 })
  await two.addInterface('tap2', { vnic: vnics[1], ofport: 2 })
  await before.settled(one)
  await before.settled(two)
  await before.leave(one)
  await before.leave(two)
  before.controller.close()
  await one.removeInterface('tap1')
  await two.addInterface('tap1', { vnic: vnics[0], ofport: 1 })
  const after = await ovsdbCloud(t, { store: before.store })
  const places = () => vnics.map(after.place)
  t.same(places(), ['hv1 tap1 1', 'hv2 tap2 2'], 'nobody is connected')
  await after.join(two)
  t.same(places(), ['hv1 tap1 1', 'hv2 tap2 2'], 'the first word of another host without a switch takes nothing')
  await after.join(one)
  t.same(places(), ['hv2 tap1 1', 'hv2 tap2 2'])
})

t.test('a host without a system-id is refused until it has one', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const { hosts } = cloud.controller
  const host = await cloud.newHost('')
  await host.join(cloud.port)
  await until(() => hosts.refusals > 0)
  await host.set({ 'system-id': 'no good' })
  const refused = hosts.refusals
  await until(() => hosts.refusals > refused)
  t.equal(hosts.size, 0)
  t.equal(host.bridge('br-int'), undefined, 'nothing is written there')
  await host.set({ 'system-id': 'hv1' })
  await host.ready()
  t.equal(hosts.size, 1)
})

t.test('B39: a hypervisor that is connected cannot be removed; one that is away can', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1')
  const vnic = await cloud.vnic()
  await host.addInterface('tap1', { vnic, ofport: 1 })
  await cloud.settled(host)
  await t.rejects(cloud.remove('hv1'), { code: 'hypervisor-connected' })
  await cloud.leave(host)
  await cloud.remove('hv1')
  t.equal(cloud.place(vnic), undefined, 'its VNIC is no longer bound')
  await cloud.join(host)
  t.equal(cloud.place(vnic), 'hv1 tap1 1', 'it may come back')
})
