/** Two hosts whose interfaces claim the same VNIC, or whose settings conflict. */
import t from 'tap'
import { datapathIdOf } from '../../src/hypervisors/provision.ts'
import { FakeSwitch } from '../support/fake-switch.ts'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import { until } from '../support/switches.ts'

t.test('B04: the newest claim wins, and an earlier claim counts again when the winner goes', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const [source, target] = [await cloud.host('hv1'), await cloud.host('hv2')]
  for (const { systemId } of [source, target]) await cloud.connectSwitch(systemId)
  const vnic = await cloud.vnic()
  await source.addInterface('tap1', { vnic, ofport: 1 })
  await cloud.settled(source)
  await target.addInterface('tap2', { vnic, ofport: 2 })
  await cloud.settled(target)
  t.equal(cloud.place(vnic), 'hv2 tap2 2')
  const lost = async () =>
    (await Promise.all(['hv1', 'hv2'].map(cloud.conditions))).map((codes) => codes.includes('claimed-elsewhere'))
  t.same(await lost(), [true, false])
  await source.updateInterface('tap1', { ofport: 7 })
  await cloud.settled(source)
  t.equal(cloud.place(vnic), 'hv2 tap2 2', 'a change of the older interface is no new claim')
  await target.removeInterface('tap2')
  await cloud.settled(target)
  t.equal(cloud.place(vnic), 'hv1 tap1 7', 'the winner has gone')
  await target.addInterface('tap2', { vnic, ofport: 2 })
  await cloud.settled(target)
  await source.removeInterface('tap1')
  await cloud.settled(source)
  t.equal(cloud.place(vnic), 'hv2 tap2 2', 'the loser has gone')
})

t.test('B01, B04: a newer claim takes over only when its interface has a port number', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const [source, target] = [await cloud.host('hv1'), await cloud.host('hv2')]
  for (const { systemId } of [source, target]) await cloud.connectSwitch(systemId)
  const vnic = await cloud.vnic()
  await source.addInterface('tap1', { vnic, ofport: 1 })
  await cloud.settled(source)
  await target.addInterface('tap2', { vnic, ofport: -1 })
  await cloud.settled(target)
  t.equal(cloud.place(vnic), 'hv1 tap1 1')
  t.ok((await cloud.conditions('hv2')).includes('claimed-elsewhere'))
  await target.updateInterface('tap2', { ofport: 2 })
  await cloud.settled(target)
  t.equal(cloud.place(vnic), 'hv2 tap2 2')
})

t.test('B04: two hosts that fight for a VNIC get a bounded number of take-overs', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const hosts = [await cloud.host('hv1'), await cloud.host('hv2')]
  for (const { systemId } of hosts) await cloud.connectSwitch(systemId)
  const vnic = await cloud.vnic()
  const started = performance.now()
  for (const host of hosts) await host.addInterface('tap', { vnic, ofport: 1 })
  for (const host of hosts) await cloud.settled(host)
  const loser = () => hosts.find(({ systemId }) => !cloud.place(vnic)?.startsWith(systemId))
  let takeovers = 0
  for (let round = 0; round < 12; round++) {
    const host = loser()
    await host?.updateInterface('tap', { vnic: null })
    await host?.updateInterface('tap', { vnic })
    if (host) await cloud.settled(host)
    if (loser() !== host) takeovers += 1
  }
  const most = 5 * (1 + Math.floor((performance.now() - started) / 10_000))
  t.ok(takeovers >= 1 && takeovers <= most, `${takeovers} take-overs in 12 new claims`)
  t.match(cloud.place(vnic), / tap 1$/, 'one of them holds it')
})

t.test('B35: the bindings of a disconnected host stay, and so do those of the others', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const [one, two] = [await cloud.host('hv1'), await cloud.host('hv2')]
  const vnics = [await cloud.vnic(), await cloud.vnic()] as const
  await one.addInterface('tap1', { vnic: vnics[0], ofport: 1 })
  await two.addInterface('tap2', { vnic: vnics[1], ofport: 2 })
  await cloud.settled(one)
  await cloud.settled(two)
  await cloud.leave(one)
  await two.removeInterface('tap2')
  await cloud.settled(two)
  t.same(vnics.map(cloud.place), ['hv1 tap1 1', undefined])
})

t.test('B125: a tunnel address that another host has is refused as long as that one is there', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const own = await cloud.host('hv1', FABRIC)
  const its = await cloud.connectSwitch('hv1')
  const vnic = await cloud.vnic('vxlan')
  await own.addInterface('tap1', { vnic, ofport: 1 })
  await until(() => cloud.status(vnic) === 'active')
  const two = await cloud.host('hv2', FABRIC)
  await cloud.connectSwitch('hv2')
  const ips = () => ['hv1', 'hv2'].map((id) => cloud.hypervisor(id)?.encapIp)
  t.same(ips(), ['192.0.2.1', null])
  t.same(await Promise.all(['hv1', 'hv2'].map(cloud.conditions)), [['duplicate-encap-ip'], ['duplicate-encap-ip']])
  t.equal(cloud.status(vnic), 'active', 'the other one is not affected')
  await two.set({ 'plugboard-encap-ip': '192.0.2.2' })
  await cloud.settled(two)
  t.same(ips(), ['192.0.2.1', '192.0.2.2'])
  await until(async () => (await cloud.conditions('hv1')).length === 0)
  await two.set({ 'plugboard-encap-ip': '192.0.2.1' })
  await cloud.settled(two)
  t.same(ips(), ['192.0.2.1', null])
  its.disconnect()
  await cloud.leave(own)
  await until(() => cloud.hypervisor('hv2')?.encapIp === '192.0.2.1')
  await until(async () => !(await cloud.conditions('hv2')).includes('duplicate-encap-ip'))
})

t.test('B25a: of two hosts with one datapath id the later one gets an id of its own', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const ids = () => ['hv1', 'hv2'].map((id) => cloud.hypervisor(id)?.datapathId)
  const one = await cloud.host('hv1')
  const [taken] = ids()
  const two = await cloud.host('hv2', {}, async (host) => {
    await host.addBridge('br-int', { 'datapath-id': taken ?? '' })
  })
  await until(() => two.bridge('br-int')?.datapath_id !== taken)
  await cloud.settled(two)
  t.equal(ids()[0], taken)
  t.match(ids()[1], /^[0-9a-f]{16}$/)
  t.not(ids()[1], taken)
  t.equal(one.bridge('br-int')?.datapath_id, taken)
  t.same(await Promise.all(['hv1', 'hv2'].map(cloud.conditions)), [[], []])
})

t.test(
  'B127: whoever connects first with the datapath id of a host does not displace its switch',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const from = '127.0.0.9'
    const impostor = () =>
      FakeSwitch.connect(cloud.openflowPort, { datapathId: BigInt(`0x${datapathIdOf('hv1')}`), from })
    const first = await impostor()
    const host = await cloud.host('hv1')
    await until(() => cloud.switchOf('hv1')?.session.remoteAddress?.startsWith(from) === true)
    await FakeSwitch.connect(cloud.openflowPort, { datapathId: BigInt(`0x${datapathIdOf('hv1')}`) })
    const isOwn = () => cloud.switchOf('hv1')?.session.remoteAddress?.startsWith('127.0.0.1') === true
    await until(isOwn)
    const again = await impostor()
    await until(() => cloud.controller.fleet.lastError.get(host.id)?.includes(`the switch at ${from}`) === true)
    t.ok(isOwn(), 'and it cannot come back')
    for (const each of [first, again]) each.disconnect()
  },
)
