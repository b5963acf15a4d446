/** Which members and peers get copies of a domain's frames on one hypervisor. */
import type { GraphReader } from '../topology/graph-reader.ts'
import type { HypervisorId } from '../topology/ids.ts'
import type { Hypervisor, Network } from '../topology/model.ts'
import type { Placement } from '../topology/placement.ts'
import { type Domain, isMember, type Member } from './engines/engine-rules.ts'
import type { Audience, Peers } from './pipeline/scope.ts'
import { sameFamily } from './pipeline/tunnel.ts'
import { siteOf } from './sites.ts'

export function audienceOfNetwork(graph: GraphReader, network: Network, here: Hypervisor): Audience {
  const site = once(() => siteHere(graph, network, here))
  return {
    members: once(() => localMembers(graph, network, here, site())),
    peers: once(() => peersOf(graph, network, here)),
    borrowers: once(() => borrowersOf(graph, network)),
    site,
  }
}

/** A port in no network has at most one member: its own VNIC. */
export const audienceOfPort = (member: Member | undefined): Audience => ({
  members: () => (member ? [member] : []),
  peers: () => ({ all: [], floodUnknown: [] }),
  borrowers: () => [],
  site: () => undefined,
})

export const audienceOf = (graph: GraphReader, domain: Domain, here: Hypervisor): Audience =>
  'segment' in domain ? audienceOfNetwork(graph, domain, here) : audienceOfPort(undefined)

/** Sorted by key, so that equal graphs give equal flood lists. */
function localMembers(
  graph: GraphReader,
  network: Network,
  here: Hypervisor,
  site: Placement | undefined,
): Placement[] {
  const members: Placement[] = []
  for (const id of graph.members(network.id).get(here.id)) {
    const member = graph.placement(id)
    // A port that is only expected here gets nothing yet. Of the ports to remote sites, only the one in use counts.
    if (member?.hypervisor === here.id && (isMember(member) || id === site?.port.id)) members.push(member)
  }
  return members.sort((a, b) => a.port.key - b.port.key)
}

/** The members of a network, on any hypervisor, that may send as addresses of other members. Sorted by key. */
export function borrowersOf(graph: GraphReader, network: Network): Member[] {
  const found: Member[] = []
  for (const [hypervisor, ports] of graph.borrowers(network.id).entries()) {
    for (const id of ports) {
      const member = graph.placement(id)
      if (member?.hypervisor === hypervisor && isMember(member)) found.push(member)
    }
  }
  return found.sort((a, b) => a.port.key - b.port.key)
}

function siteHere(graph: GraphReader, network: Network, here: Hypervisor): Placement | undefined {
  const site = siteOf(graph, network.id)
  return site?.hypervisor === here.id ? site : undefined
}

function peersOf(graph: GraphReader, network: Network, here: Hypervisor): Peers {
  const addresses = (ids: Iterable<HypervisorId>): string[] => {
    const found = new Set<string>()
    for (const id of ids) {
      const peer = id !== here.id && graph.hypervisors.get(id)
      // A host that was installed anew may have the address of the hypervisor that it was. It must not send copies to itself.
      if (peer && peer.encapIp !== null && peer.encapIp !== here.encapIp && canReach(here, peer))
        found.add(peer.encapIp)
    }
    return [...found].sort()
  }
  return {
    all: addresses(graph.members(network.id).keys()),
    floodUnknown: addresses(graph.unknownFlooders(network.id).keys()),
  }
}

/** Do both have a tunnel address, of the same family? */
export const canReach = (here: Hypervisor, peer: Hypervisor): boolean =>
  here.encapIp !== null && peer.encapIp !== null && sameFamily(here.encapIp, peer.encapIp)

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
