/** A VM whose host has died is started again on another host: behaviour B51. */
import { loseDatabase, loseSwitch, returnToController } from '../disconnect.ts'
import type { Hypervisor } from '../hypervisor.ts'
import { onStage } from '../onstage.ts'
import type { Station } from '../scene.ts'
import { until } from '../until.ts'

const DAEMONS = ['ovs-vswitchd', 'ovsdb-server'] as const

await onStage('evacuation', { hypervisors: 3 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]

  /** The VM of a station runs on another host, too. @returns what it is there */
  async function again(station: Station, hypervisor: Hypervisor): Promise<Station> {
    const { vnicId, mac, addresses, name } = station.vm
    const vm = await lab.addVm({ name: `${name}-again`, hypervisor, vnicId, mac, addresses })
    const twin = { ...station, vm, network: undefined }
    scene.stations.set(vm.name, twin)
    return twin
  }
  const reaches = ({ vm }: Station, other: Station) =>
    until(`${vm.name} to reach ${other.vm.name}`, async () => {
      const to = other.vm.addresses[0]?.replace(/\/.*/, '') ?? ''
      return (await lab.exec(vm.name, 'ping', '-c', '3', '-i', '0.1', '-W', '1', to)).code === 0
    })
  async function die(host: Hypervisor): Promise<void> {
    await host.run('ip', 'link', 'set', 'mgmt0', 'down')
    for (const daemon of DAEMONS) await host.kill(daemon)
  }
  async function revive(host: Hypervisor): Promise<void> {
    await host.run('ip', 'link', 'set', 'mgmt0', 'up')
    for (const daemon of DAEMONS.toReversed()) await host.start(daemon)
    await scene.connected()
    await lab.warmUnderlay()
  }

  for (const engine of ['vlan', 'vxlan']) {
    await t.test(
      `B51 a host that has never joined shows the VM of a dead one: it has it at once (${engine})`,
      async (t) => {
        const network = await scene.network(engine)
        const [first, peer] = [
          await scene.station({ hypervisor: h1, network }),
          await scene.station({ hypervisor: h2, network }),
        ]
        await loseDatabase(scene, h3)
        await loseSwitch(scene, h3)
        await scene.api.must('DELETE', '/v1/hypervisors/h3')
        const twin = await again(first, h3)
        await die(h1)
        Object.assign(first, { network: undefined })
        await returnToController(scene, h3)
        await until('h3 to have joined', async () => (await scene.hypervisor('h3')).ovsdb_connected)
        const joined = performance.now()
        await scene.vnicIs(first.vnic.id, 'active')
        t.comment(`active ${Math.round(performance.now() - joined)} ms after it has joined`)
        await scene.boundTo(first.vnic.id, { hypervisor: 'h3', interface: twin.vm.interface })
        await scene.condition('h3', 'claimed-elsewhere', false)
        Object.assign(twin, { network })
        await reaches(twin, peer)

        await revive(h1)
        await scene.seen(h1)
        await scene.condition('h1', 'claimed-elsewhere')
        t.equal((await scene.show(first.vnic.id)).binding?.hypervisor, 'h3', 'the host that comes back does not get it')
        t.same(await scene.wrongs(), [])
        scene.stations.delete(first.vm.name)
        await lab.removeVm(first.vm)
        for (const station of [twin, peer]) await scene.remove(station)
      },
    )
  }

  await t.test('B51 B30 the interface is added while the controller is down: it is a new claim', async (t) => {
    const network = await scene.network('vxlan')
    const [first, other] = [
      await scene.station({ hypervisor: h1, network }),
      await scene.station({ hypervisor: h2, network }),
    ]
    await lab.controller.stop('SIGKILL')
    await die(h1)
    const twin = await again(first, h2)
    Object.assign(first, { network: undefined })
    Object.assign(twin, { network })
    await lab.controller.start()
    await scene.vnicIs(first.vnic.id, 'active')
    await scene.boundTo(first.vnic.id, { hypervisor: 'h2', interface: twin.vm.interface })
    await reaches(twin, other)
    await revive(h1)
    t.same(await scene.wrongs(), [])

    const before = await Promise.all([h1.rules(), h2.rules()])
    const changes = await Promise.all([h1, h2].map((host) => host.watchChanges()))
    await lab.controller.stop('SIGTERM')
    await lab.controller.start()
    await scene.connected()
    for (const host of [h1, h2]) await scene.seen(host)
    t.equal((await scene.show(first.vnic.id)).binding?.hypervisor, 'h2', 'the claim that lost is stored')
    t.same(await Promise.all([h1.rules(), h2.rules()]), before)
    for (const since of changes) t.same(await since(), [])
    await lab.removeVm(first.vm)
    scene.stations.delete(first.vm.name)
    for (const station of [twin, other]) await scene.remove(station)
  })
})
