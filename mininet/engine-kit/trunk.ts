/** Trunks of the kit's VMs: further networks of a VM, under VLAN tags. */
import type { Port } from '../api.ts'
import { project } from '../cloud-state.ts'
import type { Further } from '../probes.ts'
import { until } from '../until.ts'
import type { Domain, Stage, Station } from './stage.ts'

/** A sub-port of a trunk. */
export interface SubPort {
  readonly domain: Domain
  readonly port: string
  up: boolean
}

/** The tag of the first sub-port in the guest. Further tags follow. */
const FIRST_TAG = 77

const pathOf = (port: string): string => `/v1/projects/${project}/ports/${port}`

/** Replaces the trunk of a VM by sub-ports in these domains. */
export async function setTrunk(stage: Stage, station: Station, domains: readonly Domain[]): Promise<void> {
  const { attachment, trunk: before, vm } = station
  if (!attachment) throw new Error(`${vm.name} is not plugged in: it has no port for a trunk`)
  const trunk = new Map<number, SubPort>()
  for (const [n, domain] of domains.entries()) {
    trunk.set(FIRST_TAG + n, { domain, port: await stage.portIn(domain, vm), up: true })
  }
  const wish = [...trunk].map(([vlan_id, { port }]) => ({ vlan_id, port_id: port }))
  await stage.api.must('PATCH', pathOf(attachment.port), { trunk: wish })
  for (const { domain, port } of before.values()) if (domain.network) await stage.api.must('DELETE', pathOf(port))
  station.trunk = trunk
  await trunkActive(stage, station)
}

/** Waits until all sub-ports of the trunk that are administratively up are active. */
export async function trunkActive({ api }: Stage, { trunk }: Station): Promise<void> {
  for (const { port, up } of trunk.values()) {
    const isActive = async () => (await api.must<Port>('GET', pathOf(port))).status === 'active'
    if (up) await until(`port ${port} to be active`, isActive)
  }
}

export async function setSubPortUp({ api }: Stage, subPort: SubPort, up: boolean): Promise<void> {
  await api.must('PATCH', pathOf(subPort.port), { admin_state_up: up })
  subPort.up = up
}

/** The networks in which the VM must reach others by Ethernet, under tags, according to the requests so far. */
export function furtherOf(station: Station | undefined): readonly Further[] {
  return [...(station?.trunk ?? [])].map(([tag, { domain, up }]) => {
    return { tag, network: station?.up && up && !domain.reached ? domain.name : undefined }
  })
}
