/** A remote Ethernet: a bridge on a host that has not joined Plugboard, with manually configured tunnels, and a machine. */
import type { Hypervisor } from './hypervisor.ts'
import type { Lab, Vm } from './lab.ts'

export const TUNNEL_TYPES = ['vxlan', 'geneve', 'gre'] as const
export type TunnelType = (typeof TUNNEL_TYPES)[number]

/** The tunnel fields of a request for a port. */
export interface Tunnel {
  readonly remote_ip: string
  readonly tunnel_type: TunnelType
  readonly tunnel_key: number
}

export interface FarEthernetSettings {
  readonly lab: Lab
  /** The host, which has not joined Plugboard. */
  readonly host: Hypervisor
  readonly name: string
  readonly type: TunnelType
  /** The key of the first tunnel. Further tunnels have the next keys. */
  readonly firstKey: number
}

export class FarEthernet {
  readonly #settings: FarEthernetSettings
  #tunnels = 0

  static async create(settings: FarEthernetSettings): Promise<FarEthernet> {
    const { host, name } = settings
    await host.vsctl('add-br', name, '--', 'set', 'Bridge', name, 'datapath_type=netdev', 'fail_mode=standalone')
    return new FarEthernet(settings)
  }

  private constructor(settings: FarEthernetSettings) {
    this.#settings = settings
  }

  /** Starts a machine on this Ethernet. */
  async machine(name: string, mac: string, address: string): Promise<Vm> {
    const { lab, host } = this.#settings
    const vm = await lab.startVm({ name, hypervisor: host, vnicId: '', mac, addresses: [address] })
    await host.vsctl('add-port', this.#settings.name, vm.interface)
    return vm
  }

  /** Makes the remote end of a tunnel to a hypervisor. @returns the tunnel fields for a request for a port */
  async tunnelTo(there: Hypervisor): Promise<Tunnel> {
    const { host, name, type, firstKey } = this.#settings
    const key = firstKey + this.#tunnels
    const port = `${name}-t${this.#tunnels++}`
    const options = { remote_ip: there.encapIp, local_ip: host.encapIp, key: String(key) }
    const set = Object.entries(options).map(([option, value]) => `options:${option}=${value}`)
    await host.vsctl('add-port', name, port, '--', 'set', 'Interface', port, `type=${type}`, ...set)
    return { remote_ip: host.encapIp, tunnel_type: type, tunnel_key: key }
  }
}
