/** What the VMs of the demo are plugged into, by engine: networks or remote Ethernets. */
import type { Api, Network, Port } from './api.ts'
import { FarEthernet } from './far-ethernet.ts'
import type { Hypervisor } from './hypervisor.ts'
import type { Lab } from './lab.ts'
import { floatingConfig } from './nat-ground.ts'

export const DEMO_ENGINES = ['vlan', 'vxlan', 'geneve', 'flat', 'remote-l2', 'nat-ipv4'] as const
export type DemoEngine = (typeof DEMO_ENGINES)[number]

export interface Plan {
  readonly project: string
  readonly name: string
  /** The last octet of the first VM's address. */
  readonly first: number
}

/** The project blue uses the addresses of red's first network again. */
export const PLANS: readonly Plan[] = [
  { project: 'red', name: 'red-a', first: 1 },
  { project: 'red', name: 'red-b', first: 4 },
  { project: 'blue', name: 'blue-a', first: 1 },
]

/** A network or remote Ethernet, whose VMs reach each other. */
export interface Ground {
  readonly words: string
  /** Creates a port in it, for a VM on a hypervisor. */
  port(hypervisor: Hypervisor): Promise<Port>
}

/** A flat network takes a whole physical network. */
export const physicalNetworks = (engine: DemoEngine): readonly string[] =>
  PLANS.slice(0, engine === 'flat' ? PLANS.length : 1).map((_, index) => `physnet${index + 1}`)

/** The controller's configuration. */
export const configuration = (engine: DemoEngine): string =>
  engine === 'nat-ipv4'
    ? floatingConfig()
    : ['physical_networks:', ...physicalNetworks(engine).map((name) => `  ${name}: { vlans: 100-4000 }`), ''].join('\n')

/** The number of hosts that do not join: one host has the remote Ethernets. */
export const strangers = (engine: DemoEngine): number => (engine === 'remote-l2' ? 1 : 0)

export async function makeGround(lab: Lab, api: Api, engine: DemoEngine, plan: Plan): Promise<Ground> {
  if (engine !== 'remote-l2') return networkGround(api, await network(api, engine, plan), plan)
  const far = lab.hypervisors.at(-1)
  if (far === undefined) throw new Error('the lab has no host')
  const index = PLANS.indexOf(plan)
  const type = (['vxlan', 'geneve', 'gre'] as const)[index] ?? 'vxlan'
  const ethernet = await FarEthernet.create({ lab, host: far, name: plan.name, type, firstKey: 7000 + 100 * index })
  await ethernet.machine(`${plan.name}0`, `02:00:00:00:fa:0${index}`, `10.0.0.${plan.first + 9}/24`)
  const place = `the Ethernet ${plan.name} on ${far.id}, which Plugboard knows nothing of; on it is ${plan.name}0`
  return plan.project === 'red' ? tunnelled(api, ethernet, plan, place) : bridged(lab, api, ethernet, plan, place)
}

const network = (api: Api, engine: string, { project, name }: Plan): Promise<Network> =>
  api.createNetwork(project, { name, engine })

const networkGround = (api: Api, { id, engine, segment }: Network, { project, name }: Plan): Ground => ({
  words: `network ${name}, ${engine} ${JSON.stringify(segment)}`,
  port: () => api.createPort(project, id),
})

/** Each VNIC has its own tunnel to the remote Ethernet. */
const tunnelled = (api: Api, ethernet: FarEthernet, { project }: Plan, place: string): Ground => ({
  words: `${place}; each VNIC has its own tunnel to it`,
  port: async (hypervisor) => {
    const tunnel = await ethernet.tunnelTo(hypervisor)
    return api.must<Port>('POST', `/v1/projects/${project}/ports`, { engine: 'remote-l2', ...tunnel })
  },
})

/** One tunnel bridges a whole network to the remote Ethernet. */
async function bridged(lab: Lab, api: Api, ethernet: FarEthernet, plan: Plan, place: string): Promise<Ground> {
  const made = await network(api, 'vlan', plan)
  const at = lab.hypervisor(1)
  const tunnel = await ethernet.tunnelTo(at)
  const path = `/v1/projects/${plan.project}/networks/${made.id}/ports`
  await api.must<Port>('POST', path, { ...tunnel, hypervisor: at.id })
  const ground = networkGround(api, made, plan)
  return { ...ground, words: `${place}; ${ground.words}, is bridged to it at ${at.id}` }
}
