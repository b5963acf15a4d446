/** A VM that has further networks under tags, by a trunk of its port. */
import type { Network, Port } from './api.ts'
import type { Further } from './probes.ts'
import { project, type Scene, type Station } from './scene.ts'
import { until } from './until.ts'

/** A port of a trunk. */
export interface Carried {
  readonly port: Port
  readonly network: Network
  /** Does it get frames to addresses that no VNIC of the network has? */
  readonly asks: boolean
}

export interface CarriedWish {
  readonly network: Network
  readonly asks?: boolean
}

/** New ports in these networks under these tags, instead of what was there; returns when they are active. */
export async function carry(scene: Scene, station: Station, wishes: ReadonlyMap<number, CarriedWish>): Promise<void> {
  const { api } = scene
  const trunk = new Map<number, Carried>()
  for (const [tag, { network, asks = false }] of wishes) {
    const port = await api.createPort(project, network.id, asks ? { unknown_unicast: 'flood' } : {})
    trunk.set(tag, { port, network, asks })
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

/** In which networks it must reach others under tags, as the API was told. */
export function furtherOf(station: Station | undefined): readonly Further[] {
  return [...(station?.trunk ?? [])].map(([tag, { network, asks }]) => ({
    tag,
    network: station?.up ? network.id : undefined,
    asks,
    remembers: network.segment.physical_network !== undefined,
  }))
}
