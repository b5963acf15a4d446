/** What one host says of its interfaces never becomes rules of another host's switch: behaviours B93, B94. */
import { loseDatabase, loseSwitch } from '../disconnect.ts'
import type { Hypervisor } from '../hypervisor.ts'
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

await onStage('hosts that are taken for each other', { hypervisors: 3 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2, h3] = [lab.hypervisor(1), lab.hypervisor(2), lab.hypervisor(3)]
  const [one, two] = [await scene.network('vxlan'), await scene.network('vxlan')]
  // Their interfaces have the same port number, each on its switch.
  const first = await scene.station({ hypervisor: h1, network: one })
  const second = await scene.station({ hypervisor: h2, network: two })
  await scene.station({ hypervisor: h3, network: one })
  await scene.station({ hypervisor: h3, network: two })
  /** The rules of networks and ports. The others are those of the hypervisor itself, by its name. */
  const rulesOfVnics = async (host: Hypervisor) => (await host.rules()).filter((rule) => !rule.includes('pkt_mark='))
  const classifying = async () => (await h1.rules()).filter((rule) => /in_port=\d+,vlan_tci/.test(rule))

  await t.test('B93 two hosts swap their system-ids: each keeps its own rules', async (t) => {
    const before = await Promise.all([h1, h2].map(rulesOfVnics))
    for (const [at1, at2] of [
      ['h2', 'h1'],
      ['h1', 'h2'],
    ] as const) {
      await h1.setExternalIds({ 'system-id': at1, hostname: at1 })
      await h2.setExternalIds({ 'system-id': at2, hostname: at2 })
      await scene.boundTo(first.vnic.id, { hypervisor: at1, interface: first.vm.interface })
      await scene.boundTo(second.vnic.id, { hypervisor: at2, interface: second.vm.interface })
      await scene.connected()
      for (const { vnic } of [first, second]) await scene.vnicIs(vnic.id, 'active')
      await scene.compared(h1)
      await scene.compared(h2)
      t.same(await Promise.all([h1, h2].map(rulesOfVnics)), before)
    }
    await lab.warmUnderlay()
    t.same(await scene.wrongs(), [])
  })

  await t.test(
    'B94 a copied host takes the place of a silent one: the switch of the first keeps its rules',
    async (t) => {
      const before = await classifying()
      const stranger = await scene.createVnic()
      const port = await scene.api.createPort('tests', two.id, {})
      await scene.api.must('PUT', `/v1/projects/tests/vnics/${stranger.id}/port`, { port_id: port.id })
      for (const station of [...scene.stations.values()]) if (station.vm.hypervisor === h3) await scene.remove(station)
      await loseDatabase(scene, h3)
      await loseSwitch(scene, h3)
      await scene.api.must('DELETE', '/v1/hypervisors/h3')
      const datapathId = await h1.vsctl('get', 'Bridge', 'br-int', 'other_config:datapath-id')
      await h3.vsctl('set', 'Bridge', 'br-int', `other_config:datapath-id=${datapathId}`)
      const ofport = await h1.vsctl('get', 'Interface', first.vm.interface, 'ofport')
      const { id, mac_address: mac } = stranger
      const vm = await lab.startVm({ name: 'copy', hypervisor: h3, vnicId: id, mac, addresses: [] })
      await h3.addInterface(vm.interface, { 'iface-id': id }, [`ofport_request=${ofport}`])
      await h3.join(lab.controller.address, { 'system-id': 'h1' })
      await scene.condition('h1', 'duplicate-system-id')

      await h1.signal('ovsdb-server', 'STOP')
      await scene.boundTo(id, { hypervisor: 'h1', interface: vm.interface })
      await scene.vnicIs(id, 'active')
      await until('the switch of the copy', async () =>
        (await h3.rules()).some((rule) => rule.includes(`in_port=${ofport},`)),
      )
      t.same(await classifying(), before)
      await h1.signal('ovsdb-server', 'CONT')
      await lab.removeVm(vm)
    },
  )
})
