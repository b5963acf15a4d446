/** Clouds with one network of many VNICs, or with many standalone ports. */
import type { Key } from '../../topology/ids.ts'
import type { Hypervisor, Network, Port } from '../../topology/model.ts'
import type { Nodes } from './cloud.ts'
import {
  binding,
  flatNetwork,
  geneveNetwork,
  hypervisor,
  port,
  vlanNetwork,
  vnic,
  vxlanNetwork,
  wire,
} from './nodes.ts'

const NETWORKS = { vlan: vlanNetwork, vxlan: vxlanNetwork, geneve: geneveNetwork, flat: flatNetwork } as const

export type NetworkEngine = keyof typeof NETWORKS
export const NETWORK_ENGINES = Object.keys(NETWORKS) as readonly NetworkEngine[]

interface Width {
  /** The hypervisor, from 0, of each VNIC. */
  readonly places: readonly number[]
  /** Properties of hypervisors that differ from the default. */
  readonly host?: (n: number) => Partial<Hypervisor>
  /** Properties of a VNIC's port that differ from the default. */
  readonly port?: (n: number) => Partial<Port>
  /** The OpenFlow port of a VNIC's interface. */
  readonly ofport?: (n: number) => number
}

/** The first keys of each kind of object, far enough apart for any number of objects. */
const [HYPERVISORS, PORTS, VNICS] = [100_000, 200_000, 300_000]

/** All VNICs in one network of an engine. */
export function oneNetwork(engine: NetworkEngine, width: Width): Nodes & { readonly network: Network } {
  const network = NETWORKS[engine](1)
  return { ...nodes(width, (n) => port(n, network)), networks: [network], network }
}

/** The same, with the network bridged to a remote site at hypervisor 0. */
export function bridgedNetwork(engine: NetworkEngine, width: Width): Nodes {
  const made = oneNetwork(engine, width)
  const site = { ...wire(width.places.length, made.network, 0), key: key(PORTS - 1) }
  return { ...made, ports: [...(made.ports ?? []), site] }
}

/** Each VNIC in a port that is its own tunnel. */
export const standalonePorts = (width: Width): Nodes => nodes(width, (n) => wire(n))

function nodes(width: Width, portOf: (n: number) => Port): Nodes {
  const { places, host = () => ({}), port = () => ({}), ofport = (n) => 10 + n } = width
  const hosts = Math.max(...places) + 1
  return {
    hypervisors: Array.from({ length: hosts }, (_, n) => ({ ...hypervisor(n), key: key(HYPERVISORS + n), ...host(n) })),
    ports: places.map((_, n) => ({ ...portOf(n), key: key(PORTS + n), ...port(n) })),
    vnics: places.map((_, n) => ({ ...vnic(n, n), key: key(VNICS + n) })),
    bindings: places.map((where, n) => binding(n, where, ofport(n))),
  }
}

const key = (n: number): Key => n as Key
