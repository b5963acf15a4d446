/** Pinned VNICs, and hosts that show interfaces of VNICs that are not theirs. */
import t from 'tap'
import type { Event } from '../../src/core/event-log.ts'
import { PROJECT } from '../support/controller.ts'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { until } from '../support/switches.ts'

const ADMIN = { project: '*', role: 'admin' } as const

type Cloud = Awaited<ReturnType<typeof ovsdbCloud>>

const pinned = async (cloud: Cloud, vnic: Awaited<ReturnType<Cloud['vnic']>>, hypervisor: string | null) =>
  cloud.controller.operations.vnics.update(PROJECT, vnic, { requested_hypervisor: hypervisor }, null, ADMIN)

const refusals = ({ controller }: Cloud): Event[] =>
  [...controller.events.recall()].filter(({ type }) => type === 'vnic.claim-refused')

t.test(
  'B120: a claim on a pinned VNIC by another hypervisor is refused, with a condition and an event',
  { skip },
  async (t) => {
    const store = new MemoryStore()
    const cloud = await ovsdbCloud(t, { store })
    const [own, thief] = [await cloud.host('hv1', FABRIC), await cloud.host('hv2')]
    for (const { systemId } of [own, thief]) await cloud.connectSwitch(systemId)
    const vnic = await cloud.vnic()
    await pinned(cloud, vnic, 'hv1')
    await thief.addInterface('tap2', { vnic, ofport: 2 })
    await cloud.settled(thief)
    t.equal(cloud.place(vnic), undefined, 'also while nobody else claims it')
    t.ok((await cloud.conditions('hv2')).includes('pinned-elsewhere'))
    await until(() => refusals(cloud).length === 1)
    t.match(refusals(cloud), [{ data: { id: vnic, refused_claims: [{ hypervisor: 'hv2', interface: 'tap2' }] } }])
    await own.addInterface('tap1', { vnic, ofport: 1 })
    await until(() => cloud.status(vnic) === 'active')
    for (let round = 0; round < 5; round += 1) {
      await thief.updateInterface('tap2', { vnic: null })
      await thief.updateInterface('tap2', { vnic })
      await cloud.settled(thief)
      t.equal(cloud.place(vnic), 'hv1 tap1 1')
    }
    t.equal(refusals(cloud).length, 1, 'one report in a minute')
    await own.removeInterface('tap1')
    await cloud.settled(own)
    t.equal(cloud.place(vnic), undefined)
    for (const host of [own, thief]) await cloud.leave(host)
    cloud.controller.close()

    const after = await ovsdbCloud(t, { store })
    await after.join(thief)
    await after.connectSwitch('hv2')
    await after.settled(thief)
    t.equal(after.place(vnic), undefined, 'after a restart, too')
    await pinned(after, vnic, 'hv2')
    t.equal(after.place(vnic), 'hv2 tap2 2', 'the pin decides, and the interface is there already')
  },
)

t.test(
  'B121: an announced migration leads a pinned VNIC to its target, and nobody else gets it',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const [source, target, thief] = [await cloud.host('hv1'), await cloud.host('hv2'), await cloud.host('hv3')]
    for (const { systemId } of [source, target, thief]) await cloud.connectSwitch(systemId)
    const vnic = await cloud.vnic('geneve')
    await pinned(cloud, vnic, 'hv1')
    await source.addInterface('tap1', { vnic, ofport: 1 })
    await cloud.settled(source)
    const { vnics } = cloud.controller.operations
    await vnics.migrate(PROJECT, vnic, { to: cloud.id('hv2'), activate: false }, null)
    await thief.addInterface('tap3', { vnic, ofport: 3 })
    await cloud.settled(thief)
    await target.addInterface('tap2', { vnic, ofport: 2 })
    await cloud.settled(target)
    t.equal(cloud.place(vnic), 'hv1 tap1 1', 'it waits at the target')
    t.notOk((await cloud.conditions('hv2')).includes('pinned-elsewhere'))
    await vnics.migrate(PROJECT, vnic, { to: cloud.id('hv2'), activate: true }, null)
    await until(() => cloud.place(vnic) === 'hv2 tap2 2')
    t.match(vnics.show(PROJECT, vnic), { requested_hypervisor: 'hv2', migration: null })
    t.ok((await cloud.conditions('hv1')).includes('pinned-elsewhere'))
    await target.removeInterface('tap2')
    await cloud.settled(target)
    t.equal(cloud.place(vnic), undefined, 'the earlier claims are not allowed any more')
  },
)

t.test('B120: a removed hypervisor leaves its pinned VNICs to nobody', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const [own, thief] = [await cloud.host('hv1'), await cloud.host('hv2')]
  const vnic = await cloud.vnic()
  await pinned(cloud, vnic, 'hv1')
  for (const [at, host] of [own, thief].entries()) {
    await host.addInterface('tap', { vnic, ofport: at + 1 })
    await cloud.settled(host)
  }
  t.equal(cloud.place(vnic), 'hv1 tap 1')
  await cloud.leave(own)
  await cloud.remove('hv1')
  t.equal(cloud.place(vnic), undefined)
  await pinned(cloud, vnic, null)
  t.equal(cloud.place(vnic), 'hv2 tap 2')
})

t.test(
  'B122: a host without a switch takes no VNIC, over restarts and outages of the controller',
  { skip },
  async (t) => {
    const store = new MemoryStore()
    const cloud = await ovsdbCloud(t, { store })
    const hosts = [await cloud.host('hv1', FABRIC), await cloud.host('hv2', FABRIC)] as const
    const switches = [await cloud.connectSwitch('hv1'), await cloud.connectSwitch('hv2')] as const
    const vnics = await Promise.all(Array.from({ length: 8 }, () => cloud.vnic()))
    const places = () => vnics.map((vnic) => cloud.place(vnic))
    for (const [n, vnic] of vnics.entries()) await hosts[n % 2 ? 1 : 0].addInterface(`tap${n}`, { vnic, ofport: n + 1 })
    await until(() => vnics.every((vnic) => cloud.status(vnic) === 'active'))
    const [right, sent] = [places(), switches.map(({ flowMods }) => flowMods.length)]
    const phantom = await cloud.newHost('phantom')
    await phantom.addBridge('br-int')
    for (const [n, vnic] of vnics.entries()) await phantom.addInterface(`x${n}`, { vnic, ofport: n + 1 })
    await cloud.join(phantom)
    t.same(places(), right)
    for (const vnic of vnics.slice(0, 2)) {
      const name = `x${vnics.indexOf(vnic)}`
      await phantom.updateInterface(name, { vnic: null })
      await phantom.updateInterface(name, { vnic })
    }
    await cloud.settled(phantom)
    t.same(places(), right)
    t.same(
      switches.map(({ flowMods }) => flowMods.length),
      sent,
    )
    await cloud.leave(hosts[0])
    await cloud.settled(phantom)
    t.same(places(), right, 'while the OVSDB of a holder is away')
    await cloud.leave(phantom)
    cloud.controller.close()

    const after = await ovsdbCloud(t, { store })
    await after.join(phantom)
    await after.settled(phantom)
    t.same(
      vnics.map((vnic) => after.place(vnic)),
      right,
      'after a restart, before the others are back',
    )
    for (const host of hosts) await after.join(host)
    for (const { systemId } of hosts) await after.connectSwitch(systemId)
    t.same(
      vnics.map((vnic) => after.place(vnic)),
      right,
    )
  },
)
