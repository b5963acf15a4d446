/** A hypervisor shows the interface of a VNIC that is pinned to another one: behaviours B120 and B121. */
import { onStage } from '../onstage.ts'

await onStage('pins', { hypervisors: 2 }, async (t, scene) => {
  const [h1, h2] = [scene.lab.hypervisor(1), scene.lab.hypervisor(2)]

  for (const engine of ['vlan', 'vxlan']) {
    await t.test(`B120 a pinned VNIC stays, and who imitates it hears and says nothing (${engine})`, async (t) => {
      const network = await scene.network(engine)
      const [own, other] = [
        await scene.station({ hypervisor: h1, network }),
        await scene.station({ hypervisor: h2, network }),
      ]
      const path = `/v1/projects/${own.vnic.project}/vnics/${own.vnic.id}`
      const pin = (requested_hypervisor: string | null) => scene.api.must('PATCH', path, { requested_hypervisor })
      t.match(await pin('h1'), { requested_hypervisor: 'h1', status: 'active' })

      const { vnicId, mac, addresses, name } = own.vm
      const vm = await scene.lab.addVm({ name: `${name}-twin`, hypervisor: h2, vnicId, mac, addresses })
      const twin = { ...own, vm, network: undefined }
      scene.stations.set(vm.name, twin)
      await scene.condition('h2', 'pinned-elsewhere')
      t.match(await scene.show(own.vnic.id), {
        binding: { hypervisor: 'h1' },
        status: 'active',
        refused_claims: [{ hypervisor: 'h2', interface: vm.interface }],
      })
      t.same(await scene.wrongs(), [])

      scene.stations.delete(own.vm.name)
      await scene.lab.removeVm(own.vm)
      await scene.vnicIs(own.vnic.id, 'waiting')
      t.same(await scene.wrongs(), [], 'also while nobody else has it')

      await pin('h2')
      await scene.boundTo(own.vnic.id, { hypervisor: 'h2', interface: vm.interface })
      await scene.vnicIs(own.vnic.id, 'active')
      Object.assign(twin, { network })
      t.same(await scene.wrongs(), [])

      for (const station of [twin, other]) await scene.remove(station)
    })
  }
})
