/** What a VM of the kit has under tags, besides the network that its VNIC is plugged into. */
import type { Port } from '../api.ts'
import type { Further } from '../probes.ts'
import { project } from '../scene.ts'
import { until } from '../until.ts'
import type { Domain, Stage, Station } from './stage.ts'

/** A port of a trunk. */
export interface Carried {
  readonly domain: Domain
  readonly port: string
  up: boolean
}

/** Of the guest's; further ones follow. */
const FIRST_TAG = 77

const pathOf = (port: string): string => `/v1/projects/${project}/ports/${port}`

/** The VM has these networks, or ends of lines, under tags, and no others, from now on. */
export async function carry(stage: Stage, station: Station, domains: readonly Domain[]): Promise<void> {
  const { seat, trunk: before, vm } = station
  if (!seat) throw new Error(`${vm.name} is not plugged in: it has no port that could carry others`)
  const trunk = new Map<number, Carried>()
  for (const [n, domain] of domains.entries()) {
    trunk.set(FIRST_TAG + n, { domain, port: await stage.portIn(domain, vm), up: true })
  }
  const wish = [...trunk].map(([vlan_id, { port }]) => ({ vlan_id, port_id: port }))
  await stage.api.must('PATCH', pathOf(seat.port), { trunk: wish })
  for (const { domain, port } of before.values()) if (domain.network) await stage.api.must('DELETE', pathOf(port))
  station.trunk = trunk
  await carried(stage, station)
}

/** Until all that its port carries is active. */
export async function carried({ api }: Stage, { trunk }: Station): Promise<void> {
  for (const { port, up } of trunk.values()) {
    const isActive = async () => (await api.must<Port>('GET', pathOf(port))).status === 'active'
    if (up) await until(`port ${port} to be active`, isActive)
  }
}

export async function setCarried({ api }: Stage, carried: Carried, up: boolean): Promise<void> {
  await api.must('PATCH', pathOf(carried.port), { admin_state_up: up })
  carried.up = up
}

/** The networks in which it must reach others by Ethernet, as the API was told. */
export function furtherOf(station: Station | undefined): readonly Further[] {
  return [...(station?.trunk ?? [])].map(([tag, { domain, up }]) => {
    return { tag, network: station?.up && up && !domain.reached ? domain.name : undefined }
  })
}
