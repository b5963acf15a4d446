/**
 * Remote sites of a network. Two ways to one site would make a loop, and to know which of them lead to one is not ours; so a
 * network uses one, and both ends of two parallel ways choose the same one, since what they go by looks the same from both.
 */
import type { GraphReader } from '../topology/graph-reader.ts'
import type { NetworkId } from '../topology/ids.ts'
import type { Port } from '../topology/model.ts'
import type { Placement } from '../topology/placement.ts'

/** The port that leads to the site that the network is bridged to: at its hypervisor, administratively up. */
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

/** Type and key of the tunnel, then its two ends, whichever is ours. */
function rankOf(graph: GraphReader, { attributes, hypervisor, key }: Port): string {
  const { tunnel_type: type, tunnel_key: tunnelKey, remote_ip: remote } = attributes
  const here = (hypervisor && graph.hypervisors.get(hypervisor)?.encapIp) ?? ''
  const ends = [here, String(remote)].sort()
  return [type, String(tunnelKey).padStart(10, '0'), ...ends, String(key).padStart(10, '0')].join(' ')
}
