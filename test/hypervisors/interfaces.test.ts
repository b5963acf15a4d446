/** The interfaces of one host, row by row: the VNIC that each one binds, and its port number. */
import t from 'tap'
import type { VnicId } from '../../topology/ids.ts'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import { until } from '../support/switches.ts'

t.test(
  'B01: a VNIC is bound before its interface has a port number, and its rules follow the number',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const host = await cloud.host('hv1', FABRIC)
    const connected = await cloud.connectSwitch('hv1')
    const [vnic, other] = [await cloud.vnic(), await cloud.vnic()]
    const uses = (ofport: number) => connected.lines().some((line) => line.includes(`in_port=${ofport},`))
    await host.addInterface('tap-other', { vnic: other, ofport: 4 })
    await until(() => cloud.status(other) === 'active')
    for (const ofport of [undefined, 0, -1] as const) {
      await host.addInterface('tap0', { vnic, ...(ofport === undefined ? {} : { ofport }) })
      await cloud.settled(host)
      t.equal(cloud.place(vnic), 'hv1 tap0 null', `ofport ${ofport}`)
      t.equal(cloud.status(vnic), 'waiting')
      t.equal(cloud.place(other), 'hv1 tap-other 4', 'the other interface stays bound')
      await host.removeInterface('tap0')
      await cloud.settled(host)
      t.equal(cloud.place(vnic), undefined)
    }
    await host.addInterface('tap0', { vnic })
    await host.updateInterface('tap0', { ofport: 5 })
    await until(() => cloud.status(vnic) === 'active')
    t.ok(uses(5))
    await host.updateInterface('tap0', { ofport: 6 })
    await until(() => uses(6) && !uses(5))
    t.equal(cloud.place(vnic), 'hv1 tap0 6')
    await host.updateInterface('tap0', { ofport: -1 })
    await until(() => !uses(6))
    t.equal(cloud.place(vnic), 'hv1 tap0 null')
    t.equal(cloud.status(other), 'active', 'meanwhile the other VNIC did not change')
  },
)

t.test('B01: two interfaces swap their port numbers', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1')
  const [one, two] = [await cloud.vnic(), await cloud.vnic()]
  await host.addInterface('tap1', { vnic: one, ofport: 1 })
  await host.addInterface('tap2', { vnic: two, ofport: 2 })
  await host.updateInterface('tap1', { ofport: 2 })
  await host.updateInterface('tap2', { ofport: 1 })
  await cloud.settled(host)
  t.same([cloud.place(one), cloud.place(two)], ['hv1 tap1 2', 'hv1 tap2 1'])
})

t.test('B02: the iface-id is set late, changed to another VNIC, and cleared', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1')
  const [one, two] = [await cloud.vnic(), await cloud.vnic()]
  const places = async () => {
    await cloud.settled(host)
    return [cloud.place(one), cloud.place(two)]
  }
  await host.addInterface('tap0', { ofport: 5 })
  t.same(await places(), [undefined, undefined])
  await host.updateInterface('tap0', { vnic: one })
  t.same(await places(), ['hv1 tap0 5', undefined])
  await host.updateInterface('tap0', { vnic: two })
  t.same(await places(), [undefined, 'hv1 tap0 5'])
  await host.updateInterface('tap0', { vnic: 'vm-7' })
  t.same(await places(), [undefined, undefined], 'an id that is no UUID is not one of ours')
  await host.updateInterface('tap0', { vnic: one })
  await host.updateInterface('tap0', { vnic: null })
  t.same(await places(), [undefined, undefined])
})

t.test('B02, B05: the VNIC is made after its interface, and destroyed before it', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1')
  const id = '11111111-1111-4111-8111-111111111111' as VnicId
  await host.addInterface('tap0', { vnic: id, ofport: 5 })
  await cloud.settled(host)
  t.same(await cloud.conditions('hv1'), ['unknown-iface-id'])
  await cloud.call('create_vnic', { id })
  t.equal(cloud.place(id), 'hv1 tap0 5')
  t.same(await cloud.conditions('hv1'), [])
  await cloud.destroyVnic(id)
  t.same(await cloud.conditions('hv1'), ['unknown-iface-id'])
  await host.removeInterface('tap0')
  await cloud.settled(host)
  t.equal(cloud.place(id), undefined)
  t.same(await cloud.conditions('hv1'), [])
})

t.test(
  'B03: of two interfaces with one iface-id one is bound, and removing the other changes nothing',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const host = await cloud.host('hv1', FABRIC)
    const connected = await cloud.connectSwitch('hv1')
    const vnic = await cloud.vnic()
    await host.addInterface('tap5', { vnic, ofport: 5 })
    await until(() => cloud.status(vnic) === 'active')
    const before = connected.flowMods.length
    await host.addInterface('tap4', { vnic, ofport: 4 })
    await cloud.settled(host)
    t.equal(cloud.place(vnic), 'hv1 tap5 5', 'the bound interface stays bound')
    t.same(await cloud.conditions('hv1'), ['duplicate-iface-id'])
    await host.removeInterface('tap4')
    await cloud.settled(host)
    t.same(await cloud.conditions('hv1'), [])
    t.equal(connected.flowMods.length, before, 'no rule was sent')
    await host.addInterface('tap4', { vnic, ofport: 4 })
    await host.removeInterface('tap5')
    await cloud.settled(host)
    t.equal(cloud.place(vnic), 'hv1 tap4 4', 'the remaining one takes over')
  },
)

t.test('B06: interfaces on other bridges are left alone', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1')
  const vnic = await cloud.vnic()
  await host.addBridge('br-other')
  await host.addInterface('tap0', { vnic, ofport: 5 }, 'br-other')
  await cloud.settled(host)
  t.equal(cloud.place(vnic), undefined)
  t.equal(host.bridge('br-other')?.fail_mode, null)
  t.ok(host.interface('tap0'))
})

t.test('B08: rows that say the same again change nothing', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1', FABRIC)
  const connected = await cloud.connectSwitch('hv1')
  const vnic = await cloud.vnic()
  await host.addInterface('tap0', { vnic, ofport: 5 })
  await until(() => cloud.status(vnic) === 'active')
  // When the mark is stored, the event of the VNIC's new status is stored, too.
  await cloud.settled(host)
  const { flowMods } = connected
  const [mods, commits] = [flowMods.length, cloud.store.commits]
  await host.updateInterface('tap0', { vnic, ofport: 5 })
  await host.addInterface('tap9', { ofport: 9 })
  await host.join(cloud.port)
  await cloud.settled(host)
  t.equal(flowMods.length, mods, 'no OpenFlow message changes a rule')
  t.equal(cloud.store.commits, commits + 1, 'only the mark of this test is stored')
})
