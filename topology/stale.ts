/**
 * Change -> the (switch, object) pairs that it makes stale. `stale` is called on the graph before a change and after it. The
 * objects of both results must be compiled again on these switches, and no others. So a change costs as much as what it
 * affects.
 */
import type { Change } from './change.ts'
import type { GraphReader } from './graph-reader.ts'
import type { HypervisorId, Key, NetworkId, PortId } from './ids.ts'
import type { Hypervisor, Network, Port } from './model.ts'
import type { Place } from './placement.ts'

/** Receives a stale pair. The same pair may be passed several times. */
export type Mark = (hypervisor: HypervisorId, object: Key) => void

/**
 * Marks the pairs that depend on what a change will affect (called before the change), or has affected (called after it, with
 * the change that undoes it).
 */
export function stale(graph: GraphReader, change: Change, mark: Mark): void {
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
    case 'contest':
      // An interface that waits at the target of a migration is one of the claims.
      for (const id of graph.portsOf(graph.vnics.get(change.id) ?? { portId: null })) {
        const expected = graph.expected(id)
        if (!expected) continue
        mark(expected.hypervisor, expected.port.key)
        switchOn(graph, expected.hypervisor, mark)
      }
      break
    // Rules do not depend on these: what they do depend on changes with them.
    case 'segment':
    case 'address':
      break
  }
}

/**
 * The sub-ports whose rules depend on a change of the port with their trunk: all of them if something that they share has
 * changed; otherwise those that are new, removed or have another tag.
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

/** Marks a port where it is placed or expected: the port and its network there, and its rules on other hypervisors. */
function placed(graph: GraphReader, { port, hypervisor: here }: Place, mark: Mark): void {
  mark(here, port.key)
  const network = port.networkId && graph.networks.get(port.networkId)
  if (!network) {
    switchOn(graph, here, mark)
    return
  }
  networkOn(graph, network, here, mark)
  if (port.hypervisor) sites(graph, network, mark)
  if (!port.adminUp) return
  // The network itself says on all its hypervisors which addresses members may borrow.
  if (port.borrowsAddresses) for (const peer of graph.members(network.id).keys()) networkOn(graph, network, peer, mark)
  if (network.mesh) inMesh(graph, network, port, here, mark)
  else besidesMesh(graph, network, port, here, mark)
}

/** Marks the network itself on a hypervisor, and the rules there that it may share with other networks. */
function networkOn(graph: GraphReader, network: Network, here: HypervisorId, mark: Mark): void {
  mark(here, network.key)
  const host = graph.hypervisors.get(here)
  if (host && network.hypervisorRules) mark(here, host.key)
  switchOn(graph, here, mark)
}

/** Marks the rule that makes a switch forget cached decisions: it depends on everything there. */
function switchOn(graph: GraphReader, here: HypervisorId, mark: Mark): void {
  const host = graph.hypervisors.get(here)
  if (host?.keepsDecisions) mark(here, host.key)
}

/** Only hypervisors with ports that get frames to unknown addresses know the members on other hypervisors. */
function besidesMesh(graph: GraphReader, network: Network, port: Port, here: HypervisorId, mark: Mark): void {
  const flooders = graph.unknownFlooders(network.id)
  for (const peer of flooders.keys()) if (peer !== here) mark(peer, port.key)
  if (port.floodUnknown && flooders.get(here).size === 1) remoteMembers(graph, network, here, mark)
}

/** All hypervisors with members know each other and each other's members. */
function inMesh(graph: GraphReader, network: Network, port: Port, here: HypervisorId, mark: Mark): void {
  const members = graph.members(network.id)
  const isOnlyMember = members.get(here).size === 1
  const isOnlyFlooder = port.floodUnknown && graph.unknownFlooders(network.id).get(here).size === 1
  for (const [peer, ports] of members.entries()) {
    if (peer === here) continue
    mark(peer, port.key)
    if (isOnlyMember || isOnlyFlooder) mark(peer, network.key)
    if (!isOnlyMember) continue
    for (const id of ports) markPort(graph, id, here, mark)
  }
}

/** Marks the rules of a hypervisor for the members of a network on other hypervisors. */
function remoteMembers(graph: GraphReader, network: Network, here: HypervisorId, mark: Mark): void {
  for (const [peer, ports] of graph.members(network.id).entries()) {
    if (peer !== here) for (const id of ports) markPort(graph, id, here, mark)
  }
}

/** A network uses one of its remote sites. A change of any of them may change which one it uses. */
function sites(graph: GraphReader, network: Network, mark: Mark): void {
  for (const id of graph.sitesOf.get(network.id)) {
    const placement = graph.placement(id)
    if (!placement) continue
    mark(placement.hypervisor, placement.port.key)
    mark(placement.hypervisor, network.key)
  }
}

function wholeNetwork(graph: GraphReader, id: NetworkId, mark: Mark): void {
  const network = graph.networks.get(id)
  if (!network) return
  const everywhere = new Set<HypervisorId>()
  for (const port of graph.portsOfNetwork.get(id)) {
    for (const { hypervisor } of graph.placesOf(port)) everywhere.add(hypervisor)
  }
  for (const here of everywhere) {
    networkOn(graph, network, here, mark)
    for (const port of graph.portsOfNetwork.get(id)) {
      if (graph.knowsRemote(network, here) || graph.portsOn.get(here).has(port)) markPort(graph, port, here, mark)
    }
  }
}

/**
 * Marks what depends on a hypervisor's way to the fabric: its networks and ports there, and rules of other hypervisors for
 * them.
 */
function hypervisor(graph: GraphReader, { id: here, key }: Hypervisor, mark: Mark): void {
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

function markPort(graph: GraphReader, id: PortId, where: HypervisorId, mark: Mark): void {
  const port = graph.ports.get(id)
  if (port) mark(where, port.key)
}
