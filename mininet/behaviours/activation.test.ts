/**
 * The end of an announced migration. The interface at the target is there while the VM still runs at the source, as libvirt makes
 * it. Until the VM runs at the target, that interface neither sends nor receives, and all traffic stays at the source.
 */
import type { Test } from 'tap'
import { project } from '../cloud-state.ts'
import { activateMigration, addInterface, callOffMigration, prepareMigration } from '../compute.ts'
import { broadcast, frame } from '../frames.ts'
import type { Hypervisor } from '../hypervisor.ts'
import type { Vm } from '../lab.ts'
import { goOn, pinging, settle, twinOf } from '../live-migration.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

const PINGS = 10

await onStage('activation of a migration', { hypervisors: 3 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]
  const cloud = { url: scene.controller.url, project }
  const placeOf = ({ hypervisor, interface: name }: Vm) => ({ hypervisor: hypervisor.id, interface: name })
  const isAt = async (t: Test, { vnic }: Station, vm: Vm) =>
    t.match(await scene.show(vnic.id), { binding: placeOf(vm) })

  /** A VM on h1 whose interface waits on another hypervisor, and another VM of its network. */
  async function waiting(engine: string, target: Hypervisor = h2) {
    const network = await scene.network(engine)
    const mover = await scene.station({ hypervisor: h1, network })
    const other = await scene.station({ hypervisor: h3, network })
    await prepareMigration(cloud, mover.vnic.id, target.id)
    const twin = await twinOf(lab, mover, target, [other])
    await addInterface((...argv) => target.run(...argv), twin.interface, mover.vnic)
    await scene.waitsAt(mover.vnic.id, placeOf(twin))
    return { mover, other, twin, network }
  }

  const arrives = async ({ vnic }: Station, vm: Vm) => {
    await scene.boundTo(vnic.id, placeOf(vm))
    return await scene.vnicIs(vnic.id, 'active')
  }

  async function remove(...stations: readonly Station[]): Promise<void> {
    for (const station of stations) await scene.remove(station)
    for (const host of lab.hypervisors) await scene.compared(host)
  }

  for (const engine of ['vlan', 'vxlan']) {
    await t.test(
      `B80 until the VM runs at the target, its interface there neither sends nor receives (${engine})`,
      async (t) => {
        const { mover, other, twin } = await waiting(engine)
        // Its own frames are tried below: one would end the migration.
        const strange = { source: '02:bb:00:00:00:01', destination: broadcast }
        const toMover = { source: other.vm.mac, destination: mover.vm.mac }
        const all = { source: other.vm.mac, destination: broadcast }
        const arrivals = await lab.experiment([
          { from: twin.name, what: 'a frame from another address', number: 1, bytes: frame(1, strange), to: [] },
          { from: other.vm.name, what: 'a frame to the VM', number: 2, bytes: frame(2, toMover), to: [mover.vm.name] },
          { from: other.vm.name, what: 'a broadcast', number: 3, bytes: frame(3, all), to: [mover.vm.name] },
        ])
        const vms = new Set(lab.vms.map(({ name }) => name))
        const heard = arrivals.filter(({ tap, direction }) => vms.has(tap) && direction === 'in').map(({ tap }) => tap)
        t.same(heard, [mover.vm.name, mover.vm.name])
        await isAt(t, mover, mover.vm)
        t.same((await scene.hypervisor(h2.id)).conditions, [])
        t.match(await scene.show(mover.vnic.id), {
          status: 'active',
          migration: { status: 'prepared', activate: false },
        })
        await settleAt(mover, twin)
        await remove(mover, other)
      },
    )

    await t.test(
      `B80 frames with the VNIC’s address from elsewhere do not end its migration (${engine})`,
      async (t) => {
        const { mover, other, twin, network } = await waiting(engine)
        const neighbour = await scene.station({ hypervisor: h2, network })
        const forged = { source: mover.vm.mac, destination: broadcast }
        await lab.experiment([
          { from: neighbour.vm.name, what: 'from a VM at the target', number: 1, bytes: frame(1, forged), to: [] },
          {
            from: mover.vm.name,
            what: 'from the source',
            number: 2,
            bytes: frame(2, forged),
            to: [other.vm.name, neighbour.vm.name],
          },
        ])
        await scene.seen(h2)
        await isAt(t, mover, mover.vm)
        await settleAt(mover, twin)
        t.same(await scene.wrongs(), [])
        await remove(mover, other, neighbour)
      },
    )

    await t.test(`B81 the frame that shows that the VM runs at the target is delivered (${engine})`, async (t) => {
      const { mover, other, twin } = await waiting(engine)
      let number = 0
      // Open vSwitch may lose a frame while it opens an interface.
      const heard = await until('a frame to reach the controller', async () => {
        const bytes = frame(++number, { source: mover.vm.mac, destination: other.vm.mac })
        const send = { from: twin.name, what: 'its first frame', number, bytes, to: [other.vm.name] }
        const arrivals = await lab.experiment([send], { limit: 1 })
        if ((await scene.show(mover.vnic.id)).migration) return false
        const copies = arrivals.filter(({ tap, direction }) => tap === other.vm.name && direction === 'in')
        return { bytes, copies: copies.map(({ hex }) => hex) }
      })
      t.same(heard.copies, [heard.bytes.toString('hex')], 'once, as it was sent')
      await arrives(mover, twin)
      await settle(scene, mover, twin)
      t.same(await scene.wrongs(), [])
      await remove(mover, other)
    })
  }

  /** Ends a migration by a frame, and removes the old interface. */
  async function settleAt(station: Station, twin: Vm): Promise<void> {
    await goOn(lab, twin)
    await arrives(station, twin)
    await settle(scene, station, twin)
  }

  await t.test('B82 the compute service can hand over at once, before and after the interface is there', async (t) => {
    const { mover, other, twin } = await waiting('vxlan')
    const pings = await pinging(lab, other.vm, mover.vm)
    await pings.more(PINGS)
    t.match(await activateMigration(cloud, mover.vnic.id, h2.id), {
      status: 'active',
      migration: null,
      binding: placeOf(twin),
    })
    await pings.more(PINGS)
    const { lost } = await pings.stop()
    t.ok(lost <= 3, `${lost} pings were lost`)
    t.match(await activateMigration(cloud, mover.vnic.id, h2.id), { migration: null }, 'repeated: nothing to do')
    await settle(scene, mover, twin)
    // Back, and said before the interface is there.
    const path = `/v1/projects/${project}/vnics/${mover.vnic.id}/migration`
    const { status, body } = await scene.api.ask('POST', path, { hypervisor: h1.id, activate: true })
    t.match(
      { status, body },
      { status: 202, body: { migration: { hypervisor: h1.id, activate: true, interface: null } } },
    )
    const back = await twinOf(lab, mover, h1, [other])
    await addInterface((...argv) => h1.run(...argv), back.interface, mover.vnic)
    await arrives(mover, back)
    await settle(scene, mover, back)
    t.same(await scene.wrongs(), [])
    await remove(mover, other)
  })

  await t.test('B82 when the interface at the source goes, the VNIC goes to the target', async (t) => {
    const { mover, other, twin } = await waiting('vlan')
    await h1.removeInterface(mover.vm.interface)
    await arrives(mover, twin)
    await settle(scene, mover, twin)
    t.same(await scene.wrongs(), [])
    await remove(mover, other)
  })

  await t.test('B83 a migration that fails or is called off leaves the VNIC at the source, for good', async (t) => {
    const { mover, other, twin } = await waiting('vxlan')
    const pings = await pinging(lab, other.vm, mover.vm)
    await pings.more(PINGS)
    await h2.removeInterface(twin.interface)
    await scene.seen(h2)
    t.match(await scene.show(mover.vnic.id), { migration: { status: 'prepared', interface: null } })
    await addInterface((...argv) => h2.run(...argv), twin.interface, mover.vnic)
    await scene.waitsAt(mover.vnic.id, placeOf(twin))
    await callOffMigration(cloud, mover.vnic.id)
    await goOn(lab, twin)
    await pings.more(PINGS)
    await isAt(t, mover, mover.vm)
    await lab.controller.stop('SIGKILL')
    await lab.controller.start()
    await scene.connected()
    for (const host of lab.hypervisors) await scene.compared(host)
    await goOn(lab, twin)
    await scene.seen(h2)
    await isAt(t, mover, mover.vm)
    t.same((await pings.stop()).lost, 0)
    await lab.removeVm(twin)
    await remove(mover, other)
  })

  await t.test('B83 what the VM sends while the controller is away is noticed when it is back', async (t) => {
    const { mover, other, twin } = await waiting('vxlan')
    await lab.controller.stop('SIGKILL')
    await goOn(lab, twin)
    await lab.controller.start()
    await scene.connected()
    for (const host of lab.hypervisors) await scene.compared(host)
    await isAt(t, mover, mover.vm)
    await settleAt(mover, twin)
    t.match(await scene.show(mover.vnic.id), { status: 'active', migration: null })
    t.same(await scene.wrongs(), [])
    await remove(mover, other)
  })
})
