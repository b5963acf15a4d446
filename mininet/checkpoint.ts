/**
 * The state of a cloud before a test, so that a failed test does not make the next ones fail. To restore it, killed programs are
 * started, new objects are removed, and VMs return to their former ports. Objects that the test removed stay removed.
 */

import { project } from './cloud-state.ts'
import { returnToController } from './disconnect.ts'
import type { Scene, Station } from './scene.ts'

const KINDS = ['vnics', 'ports', 'networks'] as const
type Kind = (typeof KINDS)[number]

async function idsOf(scene: Scene, kind: Kind): Promise<readonly string[]> {
  const path = `/v1/projects/${project}/${kind}?limit=1000`
  const lists = await scene.api.must<Partial<Record<Kind, ReadonlyArray<{ readonly id: string }>>>>('GET', path)
  return lists[kind]?.map(({ id }) => id) ?? []
}

/** @returns a function that restores the current state of the cloud */
export async function checkpoint(scene: Scene): Promise<() => Promise<void>> {
  const { lab, stations } = scene
  const ids = new Map<Kind, ReadonlySet<string>>()
  for (const kind of KINDS) ids.set(kind, new Set(await idsOf(scene, kind)))
  const names = new Set(lab.vms.map(({ name }) => name))
  const processes = new Set(lab.backgrounds)
  const known = new Map([...stations].map(([name, station]) => [name, { station, was: { ...station } }]))
  return async () => {
    for (const process of lab.backgrounds) if (!processes.has(process)) await process.stop()
    await revive(scene)
    const kept = new Set([...known.values()].map(({ station }) => station.vm.name))
    for (const vm of lab.vms) {
      if (!names.has(vm.name) && !kept.has(vm.name) && !vm.unguarded) await lab.removeVm(vm)
    }
    stations.clear()
    for (const { station } of known.values()) {
      if (lab.vms.includes(station.vm)) stations.set(station.vm.name, station)
    }
    const removeNew = async (kind: Kind) => {
      for (const id of await idsOf(scene, kind)) {
        if (!ids.get(kind)?.has(id)) await scene.api.must('DELETE', `/v1/projects/${project}/${kind}/${id}`)
      }
    }
    await removeNew('vnics')
    const ports = new Set(await idsOf(scene, 'ports'))
    for (const { station, was } of known.values()) {
      if (stations.has(station.vm.name)) await returnTo(scene, station, was, ports)
    }
    await removeNew('ports')
    await removeNew('networks')
    for (const host of scene.hypervisors) await scene.compared(host)
  }
}

/** Starts all programs, and waits until every hypervisor is connected. */
async function revive(scene: Scene): Promise<void> {
  if (!scene.controller.isRunning) await scene.controller.start()
  for (const host of scene.hypervisors) {
    for (const daemon of ['ovsdb-server', 'ovs-vswitchd'] as const) {
      await host.signal(daemon, 'CONT').catch(() => host.start(daemon))
    }
    await host.setExternalIds({ 'plugboard-encap-ip': host.encapIp })
    await returnToController(scene, host)
  }
  await scene.connected()
  await scene.lab.warmUnderlay()
}

/** Plugs the VNIC of a VM into its former port, if that still exists. */
async function returnTo(scene: Scene, station: Station, was: Station, ports: ReadonlySet<string>): Promise<void> {
  const { vm, vnic } = station
  await vm.hypervisor.addInterface(vm.interface, { 'iface-id': vnic.id })
  if (station.port?.id !== was.port?.id) await scene.unplug(station)
  if (was.port && ports.has(was.port.id)) {
    await scene.plugInto(station, was.port)
    const trunk = [...was.trunk].map(([vlan_id, { port }]) => ({ vlan_id, port_id: port.id }))
    await scene.api.must('PATCH', `/v1/projects/${project}/ports/${was.port.id}`, { trunk })
    Object.assign(station, { network: was.network, trunk: was.trunk, floodUnknown: was.floodUnknown })
    await scene.setAdmin(station, was.up)
  }
}
