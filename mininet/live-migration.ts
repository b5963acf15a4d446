/** Live migration of a VM: prepares the target, makes the new interface, and removes the old one. */

import { project } from './cloud-state.ts'
import { addInterface, prepareMigration } from './compute.ts'
import type { Hypervisor } from './hypervisor.ts'
import type { Scene, Station } from './scene.ts'

let moves = 0

/** Migrates a VM. Returns when the VNIC is active at the target. The VM has a new name after that. */
export async function migrate(scene: Scene, station: Station, hypervisor: Hypervisor): Promise<void> {
  const { lab, stations, controller } = scene
  const { vm: old, vnic } = station
  const prepared = await prepareMigration({ url: controller.url, project }, vnic.id, hypervisor.id)
  if (prepared.migration?.status !== 'prepared') {
    throw new Error(`${old.name} is not prepared on ${hypervisor.id}: ${JSON.stringify(prepared)}`)
  }
  const { mac, addresses, vnicId } = old
  const name = `${old.name.replace(/-m\d+$/, '')}-m${++moves}`
  const vm = await lab.startVm({ name, hypervisor, vnicId, mac, addresses })
  await addInterface((...argv) => hypervisor.run(...argv), vm.interface, vnic)
  await scene.boundTo(vnicId, { hypervisor: hypervisor.id, interface: vm.interface })
  await scene.vnicIs(vnicId, 'active')
  await lab.removeVm(old)
  stations.delete(old.name)
  stations.set(name, Object.assign(station, { vm }))
}
