/** Which tunnels between hypervisors carry a network, and which of them are watched at a time. Pure. */

import { canReach } from '../../flows/audience.ts'
import { type Engines, fabricAt } from '../../flows/compile.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import { PROBE_TUNNEL_KEY } from './probe-ports.ts'

/** A tunnel between two hypervisors, the one with the lesser id first. */
export interface Pair {
  readonly one: HypervisorId
  readonly other: HypervisorId
  /** The role of the tunnel port: `tunnel:vxlan`. */
  readonly role: string
}

export const pairName = ({ one, other, role }: Pair): string => `${role} ${one} ${other}`

/** The tunnels that networks use from a hypervisor to others with a greater id, by name. */
export function pairsFrom(graph: GraphReader, engines: Engines, id: HypervisorId): Map<string, Pair> {
  const pairs = new Map<string, Pair>()
  const here = graph.hypervisors.get(id)
  if (!here?.encapIp) return pairs
  for (const networkId of graph.networksOn(id).keys()) {
    const network = graph.networks.get(networkId)
    if (!network?.mesh || !graph.members(networkId).has(id)) continue
    const fabric = fabricAt(engines, network, here)
    if (fabric?.kind !== 'overlay') continue
    for (const other of graph.members(networkId).keys()) {
      const pair = { one: id, other, role: fabric.role }
      const peer = graph.hypervisors.get(other)
      if (other <= id || !peer || !canReach(here, peer) || peer.encapIp === here.encapIp) continue
      if (!isWire(graph, fabric.role, here.encapIp) && !isWire(graph, fabric.role, peer.encapIp))
        pairs.set(pairName(pair), pair)
    }
  }
  return pairs
}

/** Does a port have a tunnel of its own to this address, with the key of the probes? Its packets must not come to a probe. */
function isWire(graph: GraphReader, role: string, address: string | null): boolean {
  const segment = graph.segments.get(`${role.replace(/^tunnel:/, '')}/${PROBE_TUNNEL_KEY}/${address}`)
  return segment !== undefined && (segment.owner !== null || segment.holders.length > 0)
}

/**
 * The pairs whose ends share their addresses with no other connected hypervisor. A host that was installed anew may have the address of
 * the hypervisor that it was. Open vSwitch makes one port for each address, and that could be the port of the wrong hypervisor.
 */
export function withOwnAddresses(
  pairs: readonly Pair[],
  hypervisors: Iterable<Pick<Hypervisor, 'id' | 'encapIp'>>,
  isJoined: (id: HypervisorId) => boolean,
): Pair[] {
  const [addresses, holders] = [new Map<HypervisorId, string | null>(), new Map<string | null, HypervisorId[]>()]
  for (const { id, encapIp } of hypervisors) {
    addresses.set(id, encapIp)
    if (isJoined(id)) holders.set(encapIp, [...(holders.get(encapIp) ?? []), id])
  }
  const isAlone = (id: HypervisorId) => (holders.get(addresses.get(id) ?? null) ?? []).every((holder) => holder === id)
  return pairs.filter(({ one, other }) => isAlone(one) && isAlone(other))
}

/** The most tunnels that a hypervisor watches at a time, and how many of these may be dead ones. */
export const MAX_WATCHED = 16
const MAX_WATCHED_DEAD = 8

interface Choice {
  /** Was it chosen so lately that it stays? */
  isFresh(name: string): boolean
  isDead(name: string): boolean
  /** The number of the choice that chose it last; 0: none has. */
  lastChoice(name: string): number
}

/**
 * Chooses the tunnels to watch. Fresh ones stay, then come dead ones, so that their recovery is seen, and then those that were
 * watched longest ago.
 */
export function* choosePairs(pairs: readonly Pair[], choice: Choice): Generator<void, Pair[]> {
  const byAge = new Map<number, Named[]>()
  for (const pair of pairs) {
    const name = pairName(pair)
    const age = choice.lastChoice(name)
    const its = byAge.get(age) ?? []
    byAge.set(age, its)
    its.push({ pair, name })
    yield
  }
  const inOrder = [...byAge].sort(([a], [b]) => a - b).flatMap(([, its]) => its)
  const degrees = new Map<HypervisorId, number>()
  const chosen = new Map<string, Pair>()
  const rounds = [
    [MAX_WATCHED, choice.isFresh],
    [MAX_WATCHED_DEAD, choice.isDead],
    [MAX_WATCHED, () => true],
  ] as const
  for (const [most, isIncluded] of rounds) {
    for (const { pair, name } of inOrder) {
      yield
      const [one, other] = [degrees.get(pair.one) ?? 0, degrees.get(pair.other) ?? 0]
      if (chosen.has(name) || one >= most || other >= most || !isIncluded(name)) continue
      chosen.set(name, pair)
      degrees.set(pair.one, one + 1).set(pair.other, other + 1)
    }
  }
  return [...chosen.values()]
}

interface Named {
  readonly pair: Pair
  readonly name: string
}
