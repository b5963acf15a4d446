/**
 * Change -> which (switch, object) pairs it makes stale. Asked on the graph before a change and after it: what either names
 * must be compiled again, and nothing else, so a change costs what it touches.
 */
import type { Change } from './change.ts'
import type { Graph, Place } from './graph.ts'
import type { HypervisorId, Key, NetworkId, PortId } from './ids.ts'
import type { Hypervisor, Network, Port } from './model.ts'

/** Takes a stale pair; told the same one twice, it notes it once. */
export type Mark = (hypervisor: HypervisorId, object: Key) => void

/**
 * Name the pairs that stand on what a change is about to touch (before it is applied), or, with the change that takes it back,
 * on what it has touched (after).
 */
export function stale(graph: Graph, change: Change, mark: Mark): void {
  switch (change.kind) {
    case 'network':
      wholeNetwork(graph, change.id, mark)
      break
    case 'port':
      for (const place of graph.placesOf(change.id)) placed(graph, place, mark)
      for (const id of recarried(graph.ports.get(change.id) ?? null, change.to)) {
        for (const place of graph.placesOf(id)) placed(graph, place, mark)
      }
      break
    case 'vnic':
    case 'binding': {
      for (const port of graph.portsOf(graph.vnics.get(change.id) ?? { portId: null })) {
        for (const place of graph.placesOf(port)) placed(graph, place, mark)
      }
      break
    }
    case 'hypervisor': {
      const now = graph.hypervisors.get(change.id)
      if (now) hypervisor(graph, now, mark)
      break
    }
    // The ports that have them change, too.
    case 'segment':
    case 'address':
      break
  }
}

/**
 * The ports of a trunk that notice what happens to the port that carries them: all of them if that touches what they share, else
 * those that came, went or have another tag.
 */
export function recarried(from: Port | null, to: Port | null): Set<PortId> {
  const shared = from?.adminUp === to?.adminUp && sameRate(from, to)
  const only = (one: Port | null, other: Port | null) => {
    const there = new Map((shared ? other?.trunk : [])?.map(({ portId, vlanId }) => [portId, vlanId]))
    return (one?.trunk ?? []).filter(({ portId, vlanId }) => there.get(portId) !== vlanId)
  }
  return new Set([...only(from, to), ...only(to, from)].map(({ portId }) => portId))
}

const sameRate = (from: Port | null, to: Port | null): boolean => {
  const [one, other] = [from?.rateLimit, to?.rateLimit]
  return (
    one?.ingressKbps === other?.ingressKbps &&
    one?.egressKbps === other?.egressKbps &&
    one?.burstKbit === other?.burstKbit
  )
}

/** A port where it is or is expected: the port itself and its network there, and on a mesh its traces on the peers. */
function placed(graph: Graph, { port, hypervisor: here }: Place, mark: Mark): void {
  mark(here, port.key)
  const network = port.networkId && graph.networks.get(port.networkId)
  if (!network) return
  mark(here, network.key)
  const host = graph.hypervisors.get(here)
  if (host && network.hypervisorRules) mark(here, host.key)
  if (port.hypervisor) sites(graph, network, mark)
  if (!port.adminUp) return
  const members = graph.members(network.id)
  if (!network.mesh) {
    for (const peer of graph.unknownFlooders(network.id).keys()) if (peer !== here) mark(peer, port.key)
    if (port.floodUnknown && graph.unknownFlooders(network.id).get(here).size === 1)
      remoteMembers(graph, network, here, mark)
    return
  }
  const alone = members.get(here).size === 1
  const asksAlone = port.floodUnknown && graph.unknownFlooders(network.id).get(here).size === 1
  for (const [peer, ports] of members.entries()) {
    if (peer === here) continue
    mark(peer, port.key)
    if (alone || asksAlone) mark(peer, network.key)
    if (!alone) continue
    for (const id of ports) markPort(graph, id, here, mark)
  }
}

/** What a hypervisor knows of the members of a network on others. */
function remoteMembers(graph: Graph, network: Network, here: HypervisorId, mark: Mark): void {
  for (const [peer, ports] of graph.members(network.id).entries()) {
    if (peer !== here) for (const id of ports) markPort(graph, id, here, mark)
  }
}

/** Which of a network's remote sites is used may change with any of them. */
function sites(graph: Graph, network: Network, mark: Mark): void {
  for (const id of graph.sitesOf.get(network.id)) {
    const placement = graph.placement(id)
    if (!placement) continue
    mark(placement.hypervisor, placement.port.key)
    mark(placement.hypervisor, network.key)
  }
}

function wholeNetwork(graph: Graph, id: NetworkId, mark: Mark): void {
  const network = graph.networks.get(id)
  if (!network) return
  const everywhere = new Set<HypervisorId>()
  for (const port of graph.portsOfNetwork.get(id)) {
    for (const { hypervisor } of graph.placesOf(port)) everywhere.add(hypervisor)
  }
  for (const here of everywhere) {
    mark(here, network.key)
    const host = graph.hypervisors.get(here)
    if (host && network.hypervisorRules) mark(here, host.key)
    for (const port of graph.portsOfNetwork.get(id)) {
      if (graph.knowsRemote(network, here) || graph.portsOn.get(here).has(port)) markPort(graph, port, here, mark)
    }
  }
}

/** A hypervisor's way to the fabric: its networks and ports there, and on a mesh what its peers know of it. */
function hypervisor(graph: Graph, { id: here, key }: Hypervisor, mark: Mark): void {
  mark(here, key)
  for (const id of graph.portsOn.get(here)) markPort(graph, id, here, mark)
  for (const [networkId, ports] of graph.networksOn(here).entries()) {
    const network = graph.networks.get(networkId)
    if (!network) continue
    mark(here, network.key)
    sites(graph, network, mark)
    if (!network.mesh) {
      if (graph.knowsRemote(network, here)) remoteMembers(graph, network, here, mark)
      for (const peer of graph.unknownFlooders(networkId).keys()) {
        if (peer !== here) for (const port of ports) markPort(graph, port, peer, mark)
      }
      continue
    }
    for (const [peer, peersPorts] of graph.members(networkId).entries()) {
      if (peer === here) continue
      mark(peer, network.key)
      for (const port of ports) markPort(graph, port, peer, mark)
      for (const port of peersPorts) markPort(graph, port, here, mark)
    }
  }
}

function markPort(graph: Graph, id: Parameters<Graph['placement']>[0], where: HypervisorId, mark: Mark): void {
  const port = graph.ports.get(id)
  if (port) mark(where, port.key)
}
