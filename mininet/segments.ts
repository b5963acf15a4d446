/** Which segments carry whose frames in a scene, as the API was told, and where tunnels may bring them. */
import type { Network, Port } from './api.ts'
import { type FabricRules, isRouted, segmentOf } from './fabric.ts'
import type { Hypervisor } from './hypervisor.ts'
import type { Scene } from './scene.ts'

/** Where the port's own tunnel to a machine outside begins. */
export interface Remote {
  readonly port: Port
  readonly hypervisor: Hypervisor
}

/** @param remotes machines at the far end of a port's own tunnel */
export function fabricOf({ lab, stations }: Scene, remotes: ReadonlyMap<string, Remote>): FabricRules {
  /** Of a network, and of the tunnels that bridge it. */
  const segmentsOf = (network: Network): string[] => {
    if (isRouted(network)) return []
    const sites = [...remotes.values()].filter(({ port }) => port.network_id === network.id)
    return [segmentOf(network, lab.physicalNetworks), ...sites.map(({ port }) => wireOf(port))]
  }
  return {
    segmentsOf: (name, tag) => {
      const station = stations.get(name)
      const carried = tag === null ? undefined : station?.trunk.get(tag)
      if (carried) return station?.up ? segmentsOf(carried.network) : []
      if (station?.network) return station.up ? segmentsOf(station.network) : []
      const wire = remotes.get(name)?.port ?? (station?.up ? station.port : undefined)
      const network = [...stations.values()].find(({ network }) => network && network.id === wire?.network_id)
      return wire ? [wireOf(wire), ...(network?.network ? segmentsOf(network.network) : [])] : []
    },
    unguarded: (name) => remotes.has(name),
    hostsOf: (name) => {
      const host = lab.vms.find((vm) => vm.name === name)?.hypervisor.id ?? ''
      return [host, remotes.get(name)?.hypervisor.id ?? host]
    },
  }
}

const wireOf = ({ tunnel_type: type, tunnel_key: key }: Port): string => `${type} ${key}`
