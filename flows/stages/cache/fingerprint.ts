/**
 * A number that changes whenever decisions of a switch about frames of its own members may change: with each member that comes,
 * goes or may do something else. It depends on the present state only, so a restart gives the same number. Members elsewhere
 * count only if they may send as addresses of others: frames to them that go astray are dropped where they arrive.
 */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { NetworkId } from '../../../topology/ids.ts'
import type { Hypervisor, Network } from '../../../topology/model.ts'
import type { Placement } from '../../../topology/placement.ts'
import { mixed, valueHash } from '../../pipeline/value-hash.ts'

/** @returns 32 bits */
export function fingerprint(graph: GraphReader, here: Hypervisor): number {
  let sum = 0
  // Sums do not depend on the order.
  for (const hash of partsOf(graph, here)) sum = (sum + mixed(hash)) >>> 0
  return sum
}

function* partsOf(graph: GraphReader, here: Hypervisor): Generator<number> {
  yield valueHash([here.fabric, here.encapIp])
  for (const id of graph.portsOn.get(here.id)) {
    const [placement, expected] = [graph.placement(id), graph.expected(id)]
    if (placement?.hypervisor === here.id) yield placedHash(placement)
    if (expected?.hypervisor === here.id) yield ~placedHash(expected)
  }
  for (const id of graph.networksOn(here.id).keys()) {
    const network = graph.networks.get(id)
    if (!network) continue
    yield networkHash(network)
    if (graph.members(id).has(here.id)) yield* borrowersElsewhere(graph, id, here)
  }
}

function* borrowersElsewhere(graph: GraphReader, network: NetworkId, here: Hypervisor): Generator<number> {
  for (const [hypervisor, ports] of graph.borrowers(network).entries()) {
    for (const port of hypervisor === here.id ? [] : ports) {
      const placement = graph.placement(port)
      if (placement?.hypervisor === hypervisor) yield placedHash(placement)
    }
  }
}

const placedHash = remembering(({ port, vnic, carrier, tag, ofport }: Placement) =>
  valueHash([
    [port.key, port.networkId, port.adminUp, port.floodUnknown, port.attributes, port.trunk],
    [carrier.key, carrier.adminUp, carrier.rateLimit],
    [vnic?.key, vnic?.attributes, tag, ofport],
  ]),
)

const networkHash = remembering(({ key, attributes, segment }: Network) => valueHash([key, attributes, segment]))

/** Nodes and placements never change: a change makes new ones. So their hashes can be kept. */
function remembering<T extends object>(hash: (one: T) => number): (one: T) => number {
  const known = new WeakMap<T, number>()
  return (one) => {
    const found = known.get(one) ?? hash(one)
    known.set(one, found)
    return found
  }
}
