/** Claims over restarts of the controller, and of hosts that die: what is stored, and what counts as new. */
import t from 'tap'
import { load } from '../../src/core/persist.ts'
import type { Write } from '../../src/store/store.ts'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { until } from '../support/switches.ts'

t.test('B51: a VM that was started again elsewhere is there as soon as the switch is compared', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const dead = await cloud.host('hv1', FABRIC)
  const its = await cloud.connectSwitch('hv1')
  const vnic = await cloud.vnic()
  await dead.addInterface('tap1', { vnic, ofport: 1 })
  await until(() => cloud.status(vnic) === 'active')
  its.disconnect()
  await cloud.leave(dead)

  const target = await cloud.newHost('hv3', FABRIC)
  await target.addBridge('br-int')
  await target.addInterface('tap3', { vnic, ofport: 3 })
  await cloud.join(target)
  t.equal(cloud.place(vnic), 'hv1 tap1 1', 'no switch, no VNIC')
  t.match((await cloud.messages('hv3')).join(), /tap3 .* hypervisor hv1 keeps until this one's switch is connected/)
  await cloud.connectSwitch('hv3')
  await until(() => cloud.status(vnic) === 'active')
  t.equal(cloud.place(vnic), 'hv3 tap3 3')
  t.notOk((await cloud.conditions('hv3')).includes('claimed-elsewhere'))

  await cloud.join(dead)
  await cloud.connectSwitch('hv1')
  t.equal(cloud.place(vnic), 'hv3 tap3 3', 'the host that comes back has an old claim')
  t.match((await cloud.messages('hv1')).join(), /tap1 .* hypervisor hv3 claimed later/)
})

t.test('B51: an interface that was added while the controller was down is a new claim', { skip }, async (t) => {
  const before = await ovsdbCloud(t)
  const [one, two] = [await before.host('hv1', FABRIC), await before.host('hv2', FABRIC)]
  for (const { systemId } of [one, two]) await before.connectSwitch(systemId)
  const vnic = await before.vnic()
  await one.addInterface('tap1', { vnic, ofport: 1 })
  await until(() => before.status(vnic) === 'active')
  for (const host of [one, two]) await before.leave(host)
  before.controller.close()
  await two.addInterface('tap2', { vnic, ofport: 2 })

  const after = await ovsdbCloud(t, { store: before.store })
  await after.join(two)
  t.equal(after.place(vnic), 'hv1 tap1 1')
  await after.connectSwitch('hv2')
  await until(() => after.place(vnic) === 'hv2 tap2 2')
  await after.join(one)
  await after.connectSwitch('hv1')
  t.equal(after.place(vnic), 'hv2 tap2 2')
})

t.test('B52: after a restart, first snapshots move nothing that was settled, in any order', { skip }, async (t) => {
  const store = new MemoryStore()
  const before = await ovsdbCloud(t, { store })
  const hosts = await Promise.all(['hv1', 'hv2', 'hv3'].map((id) => before.host(id)))
  for (const { systemId } of hosts) await before.connectSwitch(systemId)
  const vnic = await before.vnic()
  for (const [n, host] of hosts.entries()) {
    await host.addInterface('tap', { vnic, ofport: n + 1 })
    await before.settled(host)
  }
  const [one, two, three] = hosts
  if (!one || !two || !three) return
  t.equal(before.place(vnic), 'hv3 tap 3')
  for (const host of hosts) await before.leave(host)
  before.controller.close()

  for (const order of [hosts, [two, three, one]]) {
    const cloud = await ovsdbCloud(t, { store })
    for (const host of order) {
      await cloud.join(host)
      await cloud.connectSwitch(host.systemId)
      await cloud.settled(host)
      t.equal(cloud.place(vnic), 'hv3 tap 3', `${host.systemId} of ${order.map(({ systemId }) => systemId)}`)
    }
    t.same(cloud.claims(vnic), ['hv1', 'hv2', 'hv3'])
    for (const host of order) await cloud.leave(host)
    cloud.controller.close()
  }

  const after = await ovsdbCloud(t, { store })
  for (const host of [one, two]) {
    await after.join(host)
    await after.connectSwitch(host.systemId)
  }
  await three.removeInterface('tap')
  await after.join(three)
  t.equal(after.place(vnic), 'hv2 tap 2', 'the newest claim that is left')
  await two.removeInterface('tap')
  await after.settled(two)
  t.same([after.place(vnic), after.claims(vnic)], ['hv1 tap 1', []])
})

t.test(
  'B52: a holder whose switch restarts keeps its VNICs; one that vanishes gives them back',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const [one, two] = [await cloud.host('hv1', FABRIC), await cloud.host('hv2', FABRIC)]
    await cloud.connectSwitch('hv1')
    const its = await cloud.connectSwitch('hv2')
    const vnic = await cloud.vnic()
    await one.addInterface('tap1', { vnic, ofport: 1 })
    await cloud.settled(one)
    await two.addInterface('tap2', { vnic, ofport: 2 })
    await cloud.settled(two)
    t.equal(cloud.place(vnic), 'hv2 tap2 2')
    its.disconnect()
    await until(() => cloud.status(vnic) === 'waiting')
    const again = await cloud.connectSwitch('hv2')
    t.equal(cloud.place(vnic), 'hv2 tap2 2')
    again.disconnect()
    await cloud.leave(two)
    await until(() => cloud.place(vnic) === 'hv1 tap1 1')
    await until(() => cloud.status(vnic) === 'active')
    await cloud.join(two)
    await cloud.connectSwitch('hv2')
    await until(() => cloud.place(vnic) === 'hv2 tap2 2')
  },
)

t.test(
  'B52: claims of a removed hypervisor are gone, and what it had goes to another that claims it',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const [one, two] = [await cloud.host('hv1', FABRIC), await cloud.host('hv2', FABRIC)]
    for (const { systemId } of [one, two]) await cloud.connectSwitch(systemId)
    const vnics = [await cloud.vnic(), await cloud.vnic()] as const
    for (const [n, vnic] of vnics.entries()) {
      for (const host of n === 0 ? [one, two] : [two, one]) {
        await host.addInterface(`tap${n}`, { vnic, ofport: n + 1 })
        await cloud.settled(host)
      }
    }
    t.same(vnics.map(cloud.place), ['hv2 tap0 1', 'hv1 tap1 2'])
    await cloud.leave(two)
    cloud.switchOf('hv2')?.session.close('test')
    await until(() => cloud.switchOf('hv2') === undefined)
    await cloud.remove('hv2')
    t.same(vnics.map(cloud.place), ['hv1 tap0 1', 'hv1 tap1 2'])
    t.same(vnics.map(cloud.claims), [[], []])
  },
)

t.test(
  'B52: in a store of an older version, claims that lost are not stored; they do not count as new',
  { skip },
  async (t) => {
    const store = new MemoryStore()
    const before = await ovsdbCloud(t, { store })
    const [one, two] = [await before.host('hv1', FABRIC), await before.host('hv2', FABRIC)]
    for (const { systemId } of [one, two]) await before.connectSwitch(systemId)
    const vnic = await before.vnic()
    await one.addInterface('tap1', { vnic, ofport: 1 })
    await before.settled(one)
    await two.addInterface('tap2', { vnic, ofport: 2 })
    await before.settled(two)
    for (const host of [one, two]) await before.leave(host)
    before.controller.close()
    const { nodes } = await load(store)
    const older = nodes.flatMap(({ kind, id, to }): Write[] => {
      const { successor, claimsStored, ...value } = { ...to } as Record<string, unknown>
      if (kind === 'contest') return [{ remove: `contest/${id}` }]
      return kind === 'hypervisor' ? [{ put: `hypervisor/${id}`, value: value as never }] : []
    })
    await store.commit(older, [])

    const after = await ovsdbCloud(t, { store })
    for (const host of [one, two]) {
      await after.join(host)
      await after.connectSwitch(host.systemId)
      t.equal(after.place(vnic), 'hv2 tap2 2')
    }
    t.same(after.claims(vnic), ['hv1', 'hv2'])
  },
)
