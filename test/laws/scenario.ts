/** Random sequences of changes for the laws, in a small cloud: objects are created, plugged, bound, moved and removed. */
import fc from 'fast-check'
import type { Rule } from '../../flows/pipeline/rule.ts'
import { fromScratch as compileAll, Replay } from '../../mininet/engine-kit/replay.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { HypervisorId, PortId } from '../../topology/ids.ts'
import type { Hypervisor, Port, SubPort } from '../../topology/model.ts'
import * as nodes from '../support/nodes.ts'
import {
  ENGINES,
  flatNetwork,
  geneveNetwork,
  hypervisor,
  hypervisorId,
  natNetwork,
  networkId,
  portId,
  vlanNetwork,
  vnicId,
  vxlanNetwork,
} from '../support/nodes.ts'

const HYPERVISORS = 3
/** The last two networks are NATed, in the same VLAN, with the same private addresses. */
const NETWORKS = 7
/** First ports of networks, then standalone ports, then ports to remote sites, two of which belong to one network. */
const [IN_NETWORKS, STANDALONE, SITES] = [14, 2, 4]
/** The networks of the ports to remote sites: on a VLAN, on tunnels, untagged. */
const BRIDGED = [0, 1, 0, 3]
const PORTS = IN_NETWORKS + STANDALONE + SITES
/** The number of ports that take VNICs. */
const PLUGGABLE = IN_NETWORKS + STANDALONE
export const VNICS = 14

const network = (n: number) =>
  [vlanNetwork, vxlanNetwork, geneveNetwork, flatNetwork, vlanNetwork, natNetwork, natNetwork].map((make) => make(n))[
    n
  ] ?? vlanNetwork(n)

/** The number of a port determines its network. */
function port(n: number, extra: Partial<Port> = {}): Port {
  if (n < IN_NETWORKS) {
    const of = network(n % NETWORKS)
    const nth = 1 + Math.floor(n / NETWORKS)
    return of.engine === 'nat-ipv4' ? { ...nodes.natPort(n, n % NETWORKS, nth), ...extra } : nodes.port(n, of, extra)
  }
  if (n < PLUGGABLE) return { ...nodes.wire(n), ...extra }
  const site = n - PLUGGABLE
  return { ...nodes.wire(n, network(BRIDGED[site] ?? 0), site % HYPERVISORS), ...extra }
}

/** Two VNICs at a time share a MAC address. `plug` keeps them out of one network (B14). */
const vnic = (n: number, plugged: number | null) =>
  nodes.vnic(n, plugged, { attributes: { mac_address: nodes.mac(n >> 1) } })

/** An interface keeps one port number while it exists. The number of its VNIC determines it. */
const binding = (n: number, where: number, renumbered: boolean) => nodes.binding(n, where, (renumbered ? 50 : 10) + n)

const below = (n: number) => fc.nat({ max: n - 1 })

const perhaps = (most: number) => fc.option(fc.integer({ min: 1, max: most }))

/** Possible requests and reports. The current state determines the changes that they become. */
const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('plug' as const), vnic: below(VNICS), port: below(PLUGGABLE) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('unplug' as const), vnic: below(VNICS) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('bind' as const),
      vnic: below(VNICS),
      where: below(HYPERVISORS),
      renumbered: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unbind' as const), vnic: below(VNICS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('migrate' as const),
      vnic: below(VNICS),
      to: fc.option(below(HYPERVISORS)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('admin' as const), port: below(PORTS), up: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('floodUnknown' as const),
      port: below(IN_NETWORKS),
      floodUnknown: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('limit' as const),
      port: below(PLUGGABLE),
      limit: fc.option(
        fc.record({ ingressKbps: perhaps(1_000), egressKbps: perhaps(1_000), burstKbit: perhaps(100) }),
        { freq: 3 },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('trunk' as const),
      port: below(PLUGGABLE),
      subs: fc.array(fc.record({ vlanId: fc.integer({ min: 1, max: 6 }), port: below(PLUGGABLE) }), { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('site' as const), port: below(SITES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('destroy vnic' as const), vnic: below(VNICS) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('host' as const),
      where: below(HYPERVISORS),
      kind: fc.constantFrom('whole', 'no encap', 'no mapping', 'no uplink', 'moved', 'gone'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('network' as const), network: below(NETWORKS) }) },
)
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

const someEvents = fc.array(event, { minLength: 1, maxLength: 60, size: 'max' })

/** Plugs and binds all VNICs, so that the following changes meet many objects. */
const furnished = fc
  .array(fc.tuple(below(PLUGGABLE), below(HYPERVISORS)), { minLength: VNICS, maxLength: VNICS })
  .map((places) =>
    places.flatMap(([port, where], vnic): Event[] => [
      { do: 'plug', vnic, port },
      { do: 'bind', vnic, where, renumbered: false },
    ]),
  )

/** A sequence of lists of changes. One operation makes each list. */
export const scenario = fc.tuple(furnished, someEvents).map(([first, then]) => {
  const events = [...first, ...then]
  const graph = new Graph()
  const steps: Change[][] = [
    [...Array(HYPERVISORS).keys()].map((n): Change => ({ kind: 'hypervisor', id: hypervisorId(n), to: hypervisor(n) })),
  ]
  for (const n of Array(NETWORKS).keys()) steps.push([{ kind: 'network', id: networkId(n), to: network(n) }])
  for (const n of Array(PORTS).keys()) steps.push([{ kind: 'port', id: portId(n), to: port(n) }])
  for (const step of steps) for (const change of step) apply(graph, change)
  for (const each of events) {
    const changes = changesOf(graph, each)
    for (const change of changes) apply(graph, change)
    if (changes.length > 0) steps.push(changes)
  }
  return steps
})

function changesOf(graph: Graph, event: Event): Change[] {
  switch (event.do) {
    case 'plug': {
      const occupied = graph.vnicOf(portId(event.port))
      if (occupied || !graph.ports.has(portId(event.port)) || graph.carrierOf(portId(event.port))) return []
      if (twin(graph, event.vnic, portsAt(graph, event.port))) return []
      return [{ kind: 'vnic', id: vnicId(event.vnic), to: vnic(event.vnic, event.port) }]
    }
    case 'unplug':
      return graph.vnics.has(vnicId(event.vnic))
        ? [{ kind: 'vnic', id: vnicId(event.vnic), to: vnic(event.vnic, null) }]
        : []
    case 'migrate': {
      const there = graph.vnics.get(vnicId(event.vnic))
      if (!there?.portId) return []
      const migratesTo = event.to === null ? null : hypervisorId(event.to)
      return [{ kind: 'vnic', id: there.id, to: { ...there, migratesTo } }]
    }
    case 'bind':
      return [{ kind: 'binding', id: vnicId(event.vnic), to: binding(event.vnic, event.where, event.renumbered) }]
    case 'unbind':
      return [{ kind: 'binding', id: vnicId(event.vnic), to: null }]
    case 'admin': {
      const there = graph.ports.get(portId(event.port))
      return there ? [{ kind: 'port', id: there.id, to: { ...there, adminUp: event.up } }] : []
    }
    case 'floodUnknown': {
      const there = graph.ports.get(portId(event.port))
      return there ? [{ kind: 'port', id: there.id, to: { ...there, floodUnknown: event.floodUnknown } }] : []
    }
    case 'trunk':
      return trunked(graph, event.port, event.subs)
    case 'limit': {
      const there = graph.ports.get(portId(event.port))
      return there ? [{ kind: 'port', id: there.id, to: { ...there, rateLimit: event.limit } }] : []
    }
    case 'site': {
      const n = PLUGGABLE + event.port
      return [{ kind: 'port', id: portId(n), to: graph.ports.has(portId(n)) ? null : port(n) }]
    }
    case 'destroy vnic':
      return [{ kind: 'vnic', id: vnicId(event.vnic), to: null }]
    case 'host':
      return [{ kind: 'hypervisor', id: hypervisorId(event.where), to: host(event.where, event.kind) }]
    case 'network': {
      const there = graph.networks.has(networkId(event.network))
      return [{ kind: 'network', id: networkId(event.network), to: there ? null : network(event.network) }]
    }
  }
}

/** Gives a port a trunk with as many of these sub-ports as are allowed. */
function trunked(
  graph: Graph,
  n: number,
  subs: readonly { readonly vlanId: number; readonly port: number }[],
): Change[] {
  const there = graph.ports.get(portId(n))
  if (!there || graph.carrierOf(there.id)) return []
  const trunk: SubPort[] = []
  for (const { vlanId, port } of subs) {
    const sub = graph.ports.get(portId(port))
    const all = [there.id, ...trunk.map((each) => each.portId)]
    const carrier = sub && graph.carrierOf(sub.id)?.port.id
    if (!sub || sub.trunk.length > 0 || graph.vnicOf(sub.id) || (carrier ?? there.id) !== there.id) continue
    if (trunk.some((each) => each.vlanId === vlanId) || all.includes(sub.id) || meet(graph, all, [sub.id])) continue
    // Only one port of a VNIC may have a translated address.
    if ([...all, sub.id].filter((id) => graph.ports.get(id)?.engine === 'nat-ipv4').length > 1) continue
    trunk.push({ vlanId, portId: sub.id })
  }
  const vnic = graph.vnicOf(there.id)
  const carried = trunk.map((each) => each.portId)
  if (vnic && twin(graph, Number(vnic.id.slice('vnic-'.length)), carried)) return []
  return [{ kind: 'port', id: there.id, to: { ...there, trunk } }]
}

const portsAt = (graph: Graph, n: number) => [...graph.portsOf({ portId: portId(n) })]

/** Is a VNIC with the same MAC address in the network of any of these ports? The API answers 409 then. */
function twin(graph: Graph, n: number, ports: readonly PortId[]): boolean {
  const other = graph.vnics.get(vnicId(n ^ 1))
  return other !== undefined && meet(graph, [...graph.portsOf(other)], ports)
}

/** Are any two of these ports, one from each list, in the same network? */
function meet(graph: Graph, these: readonly PortId[], those: readonly PortId[]): boolean {
  const networks = new Set(these.map((id) => graph.ports.get(id)?.networkId ?? null))
  return those.some((id) => {
    const network = graph.ports.get(id)?.networkId ?? null
    return network !== null && networks.has(network)
  })
}

function host(n: number, kind: string): Hypervisor | null {
  switch (kind) {
    case 'no encap':
      return hypervisor(n, { encapIp: null })
    case 'no mapping':
      return hypervisor(n, { bridgeMappings: {} })
    case 'no uplink':
      return hypervisor(n, { fabric: {} })
    case 'moved':
      return hypervisor(n, { encapIp: `198.51.100.${n + 1}` })
    case 'gone':
      return null
    default:
      return hypervisor(n)
  }
}

const EVERYWHERE = [...Array(HYPERVISORS).keys()].map(hypervisorId)

/** The rules of every switch, updated by compiling only what each change makes stale. */
export class Incremental extends Replay {
  constructor() {
    super(ENGINES, EVERYWHERE)
  }
}

/** The rules of every switch, compiled at once from the current graph. */
export const fromScratch = (graph: Graph): Map<HypervisorId, Rule[]> => compileAll(graph, ENGINES, EVERYWHERE)
