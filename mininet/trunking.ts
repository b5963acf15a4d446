/** Trunks of a scene's VMs: further networks of a VM, under VLAN tags. */
import type { Network, Port } from './api.ts'
import { project } from './cloud-state.ts'
import type { Further } from './probes.ts'
import type { Scene, Station } from './scene.ts'
import { until } from './until.ts'

/** A sub-port of a trunk. */
export interface SubPort {
  readonly port: Port
  readonly network: Network
  /** Does it get frames to addresses that no VNIC of the network has (`unknown_unicast`: `flood`)? */
  readonly floodUnknown: boolean
}

export interface SubPortWish {
  readonly network: Network
  readonly floodUnknown?: boolean
}

/** Replaces the trunk of a VM by new sub-ports in these networks, by tag. Returns when they are active. */
export async function setTrunk(
  scene: Scene,
  station: Station,
  wishes: ReadonlyMap<number, SubPortWish>,
): Promise<void> {
  const { api } = scene
  const trunk = new Map<number, SubPort>()
  for (const [tag, { network, floodUnknown = false }] of wishes) {
    const port = await api.createPort(project, network.id, floodUnknown ? { unknown_unicast: 'flood' } : {})
    trunk.set(tag, { port, network, floodUnknown })
  }
  const list = [...trunk].map(([vlan_id, { port }]) => ({ vlan_id, port_id: port.id }))
  await api.must('PATCH', `/v1/projects/${project}/ports/${station.port?.id}`, { trunk: list })
  for (const { port } of station.trunk.values()) await scene.destroyPort(port)
  station.trunk = trunk
  if (!station.up) return
  for (const { port } of trunk.values()) {
    const isActive = async () => (await scene.showPort(port)).status === 'active'
    await until(`port ${port.id} under a tag of ${station.vm.name} to be active`, isActive)
  }
}

/** The networks in which the VM must reach others under tags, according to the requests so far. */
export function furtherOf(station: Station | undefined): readonly Further[] {
  return [...(station?.trunk ?? [])].map(([tag, { network, floodUnknown }]) => ({
    tag,
    network: station?.up ? network.id : undefined,
    floodUnknown,
    remembers: network.segment.physical_network !== undefined,
  }))
}
