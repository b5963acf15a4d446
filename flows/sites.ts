/**
 * Remote sites of a network. Two connections to one site would make a loop, and Plugboard cannot know which connections lead to
 * the same site. So a network uses only one of them. Both ends of parallel connections must choose the same one, so the choice
 * depends only on what both ends see.
 */
import type { GraphReader } from '../topology/graph-reader.ts'
import type { NetworkId } from '../topology/ids.ts'
import type { Port } from '../topology/model.ts'
import type { Placement } from '../topology/placement.ts'

/** The port that leads to the remote site in use, at its hypervisor. It is administratively up. */
export function siteOf(graph: GraphReader, network: NetworkId): Placement | undefined {
  let first: { readonly rank: string; readonly id: Port['id'] } | undefined
  for (const id of graph.sitesOf.get(network)) {
    const port = graph.ports.get(id)
    if (!port?.adminUp) continue
    const rank = rankOf(graph, port)
    if (!first || rank < first.rank) first = { rank, id }
  }
  return first && graph.placement(first.id)
}

/** Compares by type and key of the tunnel, then by both ends, sorted by address. */
function rankOf(graph: GraphReader, { attributes, hypervisor, key }: Port): string {
  const { tunnel_type: type, tunnel_key: tunnelKey, remote_ip: remote } = attributes
  const here = (hypervisor && graph.hypervisors.get(hypervisor)?.encapIp) ?? ''
  const ends = [here, String(remote)].sort()
  return [type, String(tunnelKey).padStart(10, '0'), ...ends, String(key).padStart(10, '0')].join(' ')
}
