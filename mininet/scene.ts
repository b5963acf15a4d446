/**
 * A lab with a controller, and a record of the requests to the API: which VM is in which network. The record says who must reach
 * whom, and `wrongs` checks it in the real network.
 */
import { Api, type Network, type Port } from './api.ts'
import { CloudState, project } from './cloud-state.ts'
import { addInterface, type Vnic } from './compute.ts'
import type { Controller } from './controller.ts'
import { type FabricRules, isRouted } from './fabric.ts'
import type { Tunnel } from './frames.ts'
import type { Hypervisor } from './hypervisor.ts'
import { type Lab, type LabSettings, startLab, type Vm } from './lab.ts'
import { type ProbeSettings, wrongs } from './probes.ts'
import { fabricOf, type Remote } from './segments.ts'
import { furtherOf, type SubPort } from './trunking.ts'

export interface SceneSettings extends Omit<LabSettings, 'controllers'> {
  /** The text of the configuration file of each controller. */
  readonly config?: string
  /** Configures a host before it joins, as an operator would. */
  readonly prepare?: (host: Hypervisor) => Promise<unknown>
}

/** A VM with its VNIC. */
export interface Station {
  vm: Vm
  readonly vnic: Vnic
  /** The port into which its VNIC is plugged. */
  port: Port | undefined
  network: Network | undefined
  /** The sub-ports of its port, by tag. */
  trunk: ReadonlyMap<number, SubPort>
  up: boolean
  /** Does its port get frames to addresses that no VNIC of the network has (`unknown_unicast`: `flood`)? */
  floodUnknown: boolean
}

export interface StationWish {
  readonly hypervisor: Hypervisor
  readonly network?: Network
  readonly mac?: string
  readonly addresses?: readonly string[]
  readonly floodUnknown?: boolean
}

export interface TunnelWish {
  readonly remote_ip: string
  readonly tunnel_type: Tunnel['type']
  readonly tunnel_key: number
}

export async function startScene(settings: SceneSettings): Promise<Scene> {
  const [scene] = await startScenes(1, settings)
  if (!scene) throw new RangeError('no scene was started')
  return scene
}

/** Starts several independent controllers in one lab, each with its share of the hypervisors. */
export async function startScenes(count: number, settings: SceneSettings): Promise<Scene[]> {
  const { config = '', prepare, ...lasting } = settings
  const lab = await startLab({ ...lasting, controllers: count })
  try {
    const scenes: Scene[] = []
    const share = lab.hypervisors.length / count
    for (let at = 0; at < count; at++) {
      const controller = await lab.startController({ number: at + 1, config })
      const scene = new Scene(lab, controller, lab.hypervisors.slice(at * share, (at + 1) * share), at * VMS_PER_SCENE)
      scenes.push(scene)
      for (const host of scene.hypervisors) {
        await prepare?.(host)
        await host.join(controller.address)
      }
    }
    for (const scene of scenes) await scene.connected()
    await Promise.all(lab.hypervisors.map((host) => host.tunnelsReady()))
    await lab.warmUnderlay()
    return scenes
  } catch (cause) {
    const log = await lab.controller.lastLines()
    await lab.close()
    throw new Error(`the scene cannot be set. The controller's last lines:\n${log}`, { cause })
  }
}

/** The numbers of VMs begin at this number, times the index of the scene in its lab. */
const VMS_PER_SCENE = 1000

export class Scene extends CloudState {
  readonly lab: Lab
  readonly controller: Controller
  readonly stations = new Map<string, Station>()
  /** The machines at the remote ends of ports' own tunnels. */
  readonly #remotes = new Map<string, Remote>()
  #made: number

  constructor(lab: Lab, controller: Controller, hypervisors: readonly Hypervisor[], made: number) {
    super(new Api(controller.url), hypervisors)
    this.lab = lab
    this.controller = controller
    this.#made = made
  }

  network(engine: string, more: Record<string, unknown> = {}): Promise<Network> {
    return this.api.createNetwork(project, { engine, ...more })
  }

  createVnic(wish: { id?: string; mac_address?: string } = {}): Promise<Vnic> {
    return this.api.must('POST', `/v1/projects/${project}/vnics`, wish)
  }

  /** Creates a VNIC, and starts a VM with its interface. If a network is given, plugs the VNIC into a new port of it. */
  async station({ hypervisor, network, mac, addresses, floodUnknown = false }: StationWish): Promise<Station> {
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
    const station: Station = {
      vm,
      vnic,
      port: undefined,
      network: undefined,
      trunk: new Map(),
      up: true,
      floodUnknown: false,
    }
    this.stations.set(name, station)
    if (network !== undefined) await this.plug(station, network, { floodUnknown })
    return station
  }

  /** Plugs a VNIC into a new port of the network. Returns when the VNIC is active. */
  async plug(station: Station, network: Network, { floodUnknown = false } = {}): Promise<void> {
    const floods = floodUnknown && !isRouted(network)
    const port = await this.api.createPort(project, network.id, floods ? { unknown_unicast: 'flood' } : {})
    await this.plugInto(station, port)
    Object.assign(station, { network, floodUnknown: floods })
  }

  /** Creates a port that is its own tunnel, or that bridges a network. */
  tunnelPort(wish: Required<TunnelWish>, network?: Network, more: Record<string, unknown> = {}): Promise<Port> {
    if (network) return this.api.createPort(project, network.id, { ...wish, ...more })
    return this.api.must('POST', `/v1/projects/${project}/ports`, { engine: 'remote-l2', ...wish })
  }

  showPort({ id }: Pick<Port, 'id'>): Promise<Port> {
    return this.api.must('GET', `/v1/projects/${project}/ports/${id}`)
  }

  destroyPort({ id }: Pick<Port, 'id'>): Promise<void> {
    return this.api.must('DELETE', `/v1/projects/${project}/ports/${id}`)
  }

  /** Makes a machine the remote end of a port's own tunnel. The near end is on this hypervisor. */
  async remoteEnd(machine: Hypervisor, port: Port, hypervisor: Hypervisor): Promise<Vm> {
    const number = ++this.#made
    const { tunnel_type: type = 'vxlan', tunnel_key: key = 0 } = port
    const mac = `02:ee:00:00:00:${number.toString(16).padStart(2, '0')}`
    const addresses = [`10.0.200.${number}/16`]
    const vm = await this.lab.addRemote(machine, { type, key, to: hypervisor.encapIp, mac, addresses })
    this.#remotes.set(vm.name, { port, hypervisor })
    return vm
  }

  /** Plugs a VNIC into a port. Returns when the VNIC is active. */
  async plugInto(station: Station, port: Port): Promise<void> {
    const path = `/v1/projects/${project}/vnics/${station.vnic.id}/port`
    const vnic = await this.api.must<Vnic>('PUT', path, { port_id: port.id }, { prefer: 'wait=30' })
    if (vnic.status !== 'active') throw new Error(`${station.vm.name} is not active: ${JSON.stringify(vnic)}`)
    Object.assign(station, { port, network: undefined, trunk: new Map(), up: true, floodUnknown: false })
  }

  async unplug(station: Station): Promise<void> {
    await this.api.must('DELETE', `/v1/projects/${project}/vnics/${station.vnic.id}/port`)
    Object.assign(station, { port: undefined, network: undefined, trunk: new Map() })
  }

  async setAdmin(station: Station, up: boolean): Promise<void> {
    const path = `/v1/projects/${project}/ports/${station.port?.id}`
    await this.api.must('PATCH', path, { admin_state_up: up })
    station.up = up
  }

  /** Moves a VM to another hypervisor by cold migration: the VNIC, the MAC address and the IP addresses stay the same. */
  async move(station: Station, hypervisor: Hypervisor): Promise<void> {
    const { name, vnicId, mac, addresses } = station.vm
    await this.lab.removeVm(station.vm)
    station.vm = await this.lab.startVm({ name, hypervisor, vnicId, mac, addresses })
    await addInterface((...argv) => hypervisor.run(...argv), station.vm.interface, station.vnic)
    await this.boundTo(vnicId, { hypervisor: hypervisor.id, interface: station.vm.interface })
    await this.vnicIs(vnicId, 'active')
  }

  /** Removes a VM, and then destroys its VNIC. */
  async remove(station: Station): Promise<void> {
    await this.lab.removeVm(station.vm)
    this.stations.delete(station.vm.name)
    await this.api.must('DELETE', `/v1/projects/${project}/vnics/${station.vnic.id}`)
  }

  /** The network in which a VM must reach others, according to the requests so far. */
  networkOf(vm: Vm): string | undefined {
    const station = this.stations.get(vm.name)
    const alone = this.#remotes.get(vm.name)
    if (alone) return alone.port.network_id ?? alone.port.id
    if (!station?.up) return undefined
    // Members without a common Ethernet cannot reach each other by frames.
    return station.network && !isRouted(station.network) ? station.network.id : station.port?.id
  }

  /** Sends pings and frames between all VMs. @returns descriptions of the failures */
  wrongs(settings?: ProbeSettings): Promise<string[]> {
    const floodUnknown = ({ name }: Vm) => this.#remotes.has(name) || (this.stations.get(name)?.floodUnknown ?? false)
    const remembers = ({ name }: Vm) => this.stations.get(name)?.network?.segment.physical_network !== undefined
    const further = ({ name }: Vm) => furtherOf(this.stations.get(name))
    const known = { floodUnknown, remembers, further, fabric: this.fabric }
    return wrongs(this.lab, (vm) => this.networkOf(vm), { ...known, ...settings })
  }

  /** The segments that may carry the frames of each VM, and the hypervisors to which tunnels may bring them. */
  get fabric(): FabricRules {
    return fabricOf(this, this.#remotes)
  }

  /** The last lines of the controller's log, for the report of a failure. */
  async lastLines(): Promise<string> {
    return await this.controller.lastLines()
  }

  close(): Promise<void> {
    return this.lab.close()
  }
}
