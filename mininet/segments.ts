/** The segments that may carry the frames of each VM in a scene, and the hosts to which tunnels may carry them. */
import type { Network, Port } from './api.ts'
import { type FabricRules, isRouted, segmentOf } from './fabric.ts'
import type { Hypervisor } from './hypervisor.ts'
import type { Scene } from './scene.ts'

/** A port with its own tunnel to an outside machine, and the hypervisor on which the tunnel begins. */
export interface Remote {
  readonly port: Port
  readonly hypervisor: Hypervisor
}

/** @param remotes the machines at the remote ends of ports' own tunnels */
export function fabricOf({ lab, stations }: Scene, remotes: ReadonlyMap<string, Remote>): FabricRules {
  /** The segments of a network, and of the tunnels that bridge it. */
  const segmentsOf = (network: Network): string[] => {
    if (isRouted(network)) return []
    const sites = [...remotes.values()].filter(({ port }) => port.network_id === network.id)
    return [segmentOf(network, lab.physicalNetworks), ...sites.map(({ port }) => wireOf(port))]
  }
  return {
    segmentsOf: (name, tag) => {
      const station = stations.get(name)
      const subPort = tag === null ? undefined : station?.trunk.get(tag)
      if (subPort) return station?.up ? segmentsOf(subPort.network) : []
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
