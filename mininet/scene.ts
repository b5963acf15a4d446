/**
 * A lab with a controller, and the memory of what the API was told: which VM is in which network. From that follows who must
 * reach whom, and `wrongs` asks the real network whether it is so.
 */
import { Api, type HypervisorState, type Network, type Port } from './api.ts'
import { addInterface, type Vnic } from './compute.ts'
import { controllerAddress } from './controller.ts'
import type { Hypervisor } from './hypervisor.ts'
import { type Lab, startLab, type Vm } from './lab.ts'
import { type ProbeSettings, wrongs } from './probes.ts'
import { until } from './until.ts'

export interface SceneSettings {
  readonly hypervisors: number
  readonly physicalNetworks?: readonly string[]
  /** Text of the controller's configuration file. */
  readonly config?: string
  /** What an operator did on a host before it joins. */
  readonly prepare?: (host: Hypervisor) => Promise<unknown>
}

/** A VM with its VNIC. */
export interface Station {
  readonly vm: Vm
  readonly vnic: Vnic
  /** The port in which its VNIC is plugged. */
  port: Port | undefined
  network: Network | undefined
  up: boolean
}

export interface StationWish {
  readonly hypervisor: Hypervisor
  readonly network?: Network
  readonly mac?: string
  readonly addresses?: readonly string[]
}

export const project = 'tests'

export async function startScene({ config = '', prepare, ...settings }: SceneSettings): Promise<Scene> {
  const lab = await startLab(settings)
  try {
    const { url } = await lab.startController({ config })
    const scene = new Scene(lab, new Api(url))
    for (const host of lab.hypervisors) {
      await prepare?.(host)
      await host.join(controllerAddress)
    }
    await scene.connected(settings.hypervisors)
    return scene
  } catch (cause) {
    const log = await lab.controller.lastLines()
    await lab.close()
    throw new Error(`the scene cannot be set. The controller's last lines:\n${log}`, { cause })
  }
}

export class Scene {
  readonly lab: Lab
  readonly api: Api
  readonly stations = new Map<string, Station>()
  #made = 0

  constructor(lab: Lab, api: Api) {
    this.lab = lab
    this.api = api
  }

  /** Until so many hypervisors have both of their connections. */
  async connected(count = this.lab.hypervisors.length): Promise<void> {
    await until(`${count} hypervisors to be connected`, async () => {
      const hosts = await this.api.hypervisors()
      return hosts.filter((host) => host.openflow_connected && host.ovsdb_connected).length === count
    })
  }

  network(engine: string, more: Record<string, unknown> = {}): Promise<Network> {
    return this.api.createNetwork(project, { engine, ...more })
  }

  createVnic(wish: { id?: string; mac_address?: string } = {}): Promise<Vnic> {
    return this.api.must('POST', `/v1/projects/${project}/vnics`, wish)
  }

  show(vnicId: string): Promise<Vnic> {
    return this.api.must('GET', `/v1/projects/${project}/vnics/${vnicId}`)
  }

  /** Waits for a state of a VNIC. */
  async vnicIs(vnicId: string, status: Vnic['status']): Promise<Vnic> {
    return await until(`VNIC ${vnicId} to be ${status}`, async () => {
      const vnic = await this.show(vnicId)
      return vnic.status === status && vnic
    })
  }

  /** Waits for a binding of a VNIC; null is none. */
  async boundTo(vnicId: string, place: { hypervisor: string; interface: string } | null): Promise<Vnic> {
    return await until(`VNIC ${vnicId} to be bound to ${JSON.stringify(place)}`, async () => {
      const vnic = await this.show(vnicId)
      return vnic.binding?.hypervisor === place?.hypervisor && vnic.binding?.interface === place?.interface && vnic
    })
  }

  hypervisor(id: string): Promise<HypervisorState> {
    return this.api.must('GET', `/v1/hypervisors/${id}`)
  }

  /** Waits until a hypervisor has, or no longer has, a condition. */
  async condition(id: string, code: string, present = true): Promise<void> {
    await until(`${id} ${present ? 'to have' : 'to be without'} condition ${code}`, async () => {
      return (await this.hypervisor(id)).conditions.some((condition) => condition.code === code) === present
    })
  }

  /**
   * Until the controller has seen all that this host's database has held so far: changes come in order, so it is enough to
   * see one more arrive.
   */
  async seen(host: Hypervisor): Promise<void> {
    const hostname = `mark-${++this.#made}`
    await host.setExternalIds({ hostname })
    await until(`the controller to see ${host.id}`, async () => (await this.hypervisor(host.id)).hostname === hostname)
  }

  /** A VNIC and a VM with its interface, plugged into a new port of the network if one is given. */
  async station({ hypervisor, network, mac, addresses }: StationWish): Promise<Station> {
    const number = ++this.#made
    const vnic = await this.createVnic(mac === undefined ? {} : { mac_address: mac })
    const name = `vm${number}`
    const vm = await this.lab.startVm({
      name,
      hypervisor,
      vnicId: vnic.id,
      mac: vnic.mac_address,
      addresses: addresses ?? [`10.0.${number >> 8}.${number & 255}/16`],
    })
    await addInterface((...argv) => hypervisor.run(...argv), vm.interface, vnic)
    const station: Station = { vm, vnic, port: undefined, network: undefined, up: true }
    this.stations.set(name, station)
    if (network !== undefined) await this.plug(station, network)
    return station
  }

  /** Into a new port of the network; returns when the VNIC is active. */
  async plug(station: Station, network: Network): Promise<void> {
    const port = await this.api.createPort(project, network.id)
    const path = `/v1/projects/${project}/vnics/${station.vnic.id}/port`
    const vnic = await this.api.must<Vnic>('PUT', path, { port_id: port.id }, { prefer: 'wait=30' })
    if (vnic.status !== 'active') throw new Error(`${station.vm.name} is not active: ${JSON.stringify(vnic)}`)
    Object.assign(station, { port, network, up: true })
  }

  async unplug(station: Station): Promise<void> {
    await this.api.must('DELETE', `/v1/projects/${project}/vnics/${station.vnic.id}/port`)
    Object.assign(station, { port: undefined, network: undefined })
  }

  async setAdmin(station: Station, up: boolean): Promise<void> {
    const path = `/v1/projects/${project}/ports/${station.port?.id}`
    await this.api.must('PATCH', path, { admin_state_up: up })
    station.up = up
  }

  /** The VM leaves, then its VNIC is destroyed. */
  async remove(station: Station): Promise<void> {
    await this.lab.removeVm(station.vm)
    this.stations.delete(station.vm.name)
    await this.api.must('DELETE', `/v1/projects/${project}/vnics/${station.vnic.id}`)
  }

  /** The network in which a VM must reach others, as the API was told. */
  networkOf(vm: Vm): string | undefined {
    const station = this.stations.get(vm.name)
    return station?.up ? station.network?.id : undefined
  }

  /** All that is wrong between the VMs; nothing is an empty list. */
  wrongs(settings?: ProbeSettings): Promise<string[]> {
    return wrongs(this.lab, (vm) => this.networkOf(vm), settings)
  }

  /** For the report of a failure. */
  async lastLines(): Promise<string> {
    return await this.lab.controller.lastLines()
  }

  close(): Promise<void> {
    return this.lab.close()
  }
}
