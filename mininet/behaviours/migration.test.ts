/**
 * Live migration: a VM continues on another hypervisor while others ping it every 10 ms, one of them on its old hypervisor. Its
 * twin at the target has its MAC address, its IP addresses and its neighbour table, like a VM whose memory was copied. Both run
 * at the same time for a while, which is harder than what a compute service does.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { project } from '../cloud-state.ts'
import { activateMigration, addInterface, callOffMigration, prepareMigration } from '../compute.ts'
import type { Hypervisor } from '../hypervisor.ts'
import { goOn, pinging, RARP, settle, twinOf } from '../live-migration.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

/** The most pings that may be lost at a hand-over, with one every 10 ms. */
const MAX_LOST = 3
/** The number of pings that must be answered before the hand-over, after it, and after the old place is gone. */
const PINGS = 30
const HAND_OVERS = 4

await onStage('migration', { hypervisors: 3 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]
  const cloud = { url: scene.controller.url, project }
  /** Migrates a VM as a compute service and QEMU would. */
  async function migrate(t: Test, station: Station, to: Hypervisor, others: readonly Station[]): Promise<void> {
    const old = station.vm
    const twin = await twinOf(lab, station, to, others)
    const prepared = await prepareMigration(cloud, station.vnic.id, to.id)
    t.match(prepared, { status: 'active', migration: { hypervisor: to.id, status: 'prepared' } })
    const pingers = await Promise.all(others.map((other) => pinging(lab, other.vm, station.vm)))
    const morePings = () => Promise.all(pingers.map(({ more }) => more(PINGS)))
    const name = `${old.hypervisor.id} to ${to.id}`
    await morePings()
    await addInterface((...argv) => to.run(...argv), twin.interface, station.vnic)
    await scene.waitsAt(station.vnic.id, { hypervisor: to.id, interface: twin.interface })
    await morePings()
    t.match(await scene.show(station.vnic.id), { binding: { hypervisor: old.hypervisor.id } }, `${name}: not yet`)
    await goOn(lab, twin)
    await scene.boundTo(station.vnic.id, { hypervisor: to.id, interface: twin.interface })
    t.match(await scene.vnicIs(station.vnic.id, 'active'), { migration: null })
    await morePings()
    await settle(scene, station, twin)
    await morePings()
    for (const [n, { stop }] of pingers.entries()) {
      const { answered, lost } = await stop()
      t.ok(lost <= MAX_LOST, `${name}: ${others[n]?.vm.name} lost ${lost}, ${answered} were answered`)
    }
  }

  for (const engine of ['vlan', 'vxlan']) {
    await t.test(`B80 a hand-over loses at most ${MAX_LOST} pings, with one every 10 ms (${engine})`, async (t) => {
      const network = await scene.network(engine)
      const mover = await scene.station({ hypervisor: h1, network })
      const others = [
        await scene.station({ hypervisor: h1, network }),
        await scene.station({ hypervisor: h3, network }),
      ]
      t.same(await scene.wrongs(), [])
      for (let count = 0; count < HAND_OVERS; count++) await migrate(t, mover, count % 2 ? h1 : h2, others)
      t.same(await scene.wrongs(), [])
      for (const station of [mover, ...others]) await scene.remove(station)
    })
  }

  await t.test('the example of docs/migration.md', async (t) => {
    const page = await readFile(new URL('../../docs/migration.md', import.meta.url), 'utf8')
    const blocks = [...page.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', text = '']) =>
      text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    )
    const network = await scene.network('vlan')
    const mover = await scene.station({ hypervisor: h1, network })
    const twin = await twinOf(lab, mover, h2, [])
    const known = { API: `${cloud.url}/v1/projects/${project}`, VNIC: mover.vnic.id, DEVICE: twin.interface }
    const variables = Object.entries({ ...known, OLD_DEVICE: mover.vm.interface }).map(
      ([name, value]) => `${name}=${value}`,
    )
    const run = async (block: string): Promise<string> => {
      const host = lab.hypervisors.find(({ id }) => block.startsWith(`# on ${id}\n`))
      const text = [...variables, block].join('\n')
      if (host) return host.run('sh', '-ec', text)
      return (await promisify(execFile)('sh', ['-ec', text])).stdout
    }
    const [prepare = '', claim = '', activate = '', leave = '', look = '', callOff = '', ...more] = blocks
    t.same(more, [])
    t.match(JSON.parse(await run(prepare)), { migration: { hypervisor: 'h2', status: 'prepared' }, status: 'active' })
    t.equal(await run(callOff), '')
    t.match(JSON.parse(await run(prepare)), { migration: { status: 'prepared' } })
    await run(claim)
    await scene.waitsAt(mover.vnic.id, { hypervisor: 'h2', interface: twin.interface })
    t.match(JSON.parse(await run(activate)), { migration: null, status: 'active', binding: { hypervisor: 'h2' } })
    await run(leave)
    await scene.seen(h1)
    t.match(JSON.parse(await run(look)), { migration: null, status: 'active', binding: { hypervisor: 'h2' } })
    await settle(scene, mover, twin)
    await scene.remove(mover)
  })

  await t.test('a migration back is refused while the old interface is still there', async (t) => {
    const network = await scene.network('vlan')
    const mover = await scene.station({ hypervisor: h1, network })
    const old = mover.vm
    const twin = await twinOf(lab, mover, h2, [])
    await addInterface((...argv) => h2.run(...argv), twin.interface, mover.vnic)
    await activateMigration(cloud, mover.vnic.id, h2.id)
    await scene.boundTo(mover.vnic.id, { hypervisor: 'h2', interface: twin.interface })
    await t.rejects(prepareMigration(cloud, mover.vnic.id, h1.id), {
      message: new RegExp(`400 bad-request: interface ${old.interface} on hypervisor h1 carries the id of VNIC`),
    })
    await h1.removeInterface(old.interface)
    await scene.seen(h1)
    t.match(await prepareMigration(cloud, mover.vnic.id, h1.id), { migration: { status: 'prepared' } })
    await addInterface((...argv) => h1.run(...argv), old.interface, mover.vnic)
    await scene.waitsAt(mover.vnic.id, { hypervisor: 'h1', interface: old.interface })
    await goOn(lab, old)
    await scene.boundTo(mover.vnic.id, { hypervisor: 'h1', interface: old.interface })
    t.match(await scene.vnicIs(mover.vnic.id, 'active'), { migration: null })
    await lab.removeVm(twin)
    await scene.remove(mover)
  })

  await t.test('a prepared migration delivers nothing yet, and leaves nothing when it is called off', async (t) => {
    for (const engine of ['vlan', 'vxlan']) {
      const network = await scene.network(engine)
      const mover = await scene.station({ hypervisor: h1, network })
      const other = await scene.station({ hypervisor: h3, network })
      const twin = await twinOf(lab, mover, h2, [other])
      await h2.addInterface(twin.interface, {})
      const before = await Promise.all(lab.hypervisors.map((host) => host.rules()))
      await prepareMigration(cloud, mover.vnic.id, h2.id)
      t.not((await h2.rules()).length, 0)
      // On an overlay, its peers already send copies to the new hypervisor, but no VM gets them there.
      t.same(await scene.wrongs(engine === 'vxlan' ? { fabric: null } : {}), [])
      await callOffMigration(cloud, mover.vnic.id)
      t.same(await Promise.all(lab.hypervisors.map((host) => host.rules())), before)
      await t.rejects(callOffMigration(cloud, mover.vnic.id), /404 not-found/)
      await lab.removeVm(twin)
      for (const station of [mover, other]) await scene.remove(station)
    }
  })

  await t.test('only the new hypervisor tells the physical network where the VM is', async (t) => {
    const network = await scene.network('vlan')
    const mover = await scene.station({ hypervisor: h1, network })
    // A physical switch that learns, as far as a Linux bridge without VLAN filtering does.
    for (const { id } of lab.hypervisors)
      await lab.exec('fabric1', 'ip', 'link', 'set', id, 'type', 'bridge_slave', 'learning', 'on')
    const learned = async () => {
      const { stdout } = await lab.exec('fabric1', 'bridge', 'fdb', 'show', 'br', 'br0')
      return stdout.match(new RegExp(`^${mover.vm.mac} dev (\\S+)`, 'm'))?.[1]
    }
    const heard = await lab.overhear(RARP)
    const twin = await twinOf(lab, mover, h2, [])
    await addInterface((...argv) => h2.run(...argv), twin.interface, mover.vnic)
    await until('the switch to know it behind h2', async () => (await learned()) === 'h2')
    await scene.vnicIs(mover.vnic.id, 'active')
    const frames = await until('it to be said 29 times', async () => {
      const sent = (await heard()).filter(({ tap, direction }) => /^fabric1-h/.test(tap) && direction === 'in')
      return sent.length >= 29 && sent
    })
    t.same([...new Set(frames.map(({ tap }) => tap))], ['fabric1-h2'])
    const mac = mover.vm.mac.replaceAll(':', '')
    const vlan = (network.segment.vlan_id ?? 0).toString(16).padStart(4, '0')
    const rarp = `ffffffffffff${mac}8100${vlan}80350001080006040003${mac}00000000${mac}00000000`
    for (const { hex } of frames) t.equal(hex.slice(0, rarp.length), rarp)
    t.equal(await learned(), 'h2')
    for (const { id } of lab.hypervisors)
      await lab.exec('fabric1', 'ip', 'link', 'set', id, 'type', 'bridge_slave', 'learning', 'off')
    await lab.exec('fabric1', 'ip', 'link', 'set', 'br0', 'type', 'bridge', 'fdb_flush')
    await settle(scene, mover, twin)
    await scene.remove(mover)
    for (const host of lab.hypervisors) t.same(await host.rules(), [])
  })
})
