/** Which tunnels between hypervisors carry networks, and which of them are watched at a time. Pure. */

import { canReach } from '../../flows/audience.ts'
import { type Engines, fabricAt } from '../../flows/compile.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Hypervisor, Network } from '../../topology/model.ts'
import { PROBE_TUNNEL_KEY } from './probe-ports.ts'

/** A tunnel between two hypervisors, the one with the lesser id first. */
export interface Pair {
  readonly one: HypervisorId
  readonly other: HypervisorId
  /** The role of the tunnel port: `tunnel:vxlan`. */
  readonly role: string
}

export const pairName = ({ one, other, role }: Pair): string => `${role} ${one} ${other}`

/** A hypervisor as an end of the tunnels of a network. */
export interface End {
  readonly host: Hypervisor
  readonly role: string
}

/** Decides whether a hypervisor shares its address with no other one. */
export type IsAlone = (id: HypervisorId) => boolean

/** The ends of the tunnels of a network, in the order of their ids. */
export function endsOf(graph: GraphReader, engines: Engines, network: Network, isAlone: IsAlone): End[] {
  const ends: End[] = []
  for (const id of graph.members(network.id).keys()) {
    const end = isAlone(id) ? endAt(graph, engines, network, id) : undefined
    if (end) ends.push(end)
  }
  return ends.sort((a, b) => (a.host.id < b.host.id ? -1 : 1))
}

function endAt(graph: GraphReader, engines: Engines, network: Network, id: HypervisorId): End | undefined {
  const host = graph.hypervisors.get(id)
  const fabric = host?.encapIp ? fabricAt(engines, network, host) : undefined
  if (!host || fabric?.kind !== 'overlay' || isWire(graph, fabric.role, host.encapIp)) return undefined
  return { host, role: fabric.role }
}

/** Does a port have a tunnel of its own to this address, with the key of the probes? Its packets must not come to a probe. */
function isWire(graph: GraphReader, role: string, address: string | null): boolean {
  const segment = graph.segments.get(`${role.replace(/^tunnel:/, '')}/${PROBE_TUNNEL_KEY}/${address}`)
  return segment !== undefined && (segment.owner !== null || segment.holders.length > 0)
}

/** The tunnel between two ends, if there can be one. */
function pairBetween(end: End, peer: End): Pair | undefined {
  const [one, other] = end.host.id < peer.host.id ? [end, peer] : [peer, end]
  if (one.host.id === other.host.id || one.host.encapIp === other.host.encapIp) return undefined
  return canReach(one.host, other.host) ? { one: one.host.id, other: other.host.id, role: one.role } : undefined
}

/** Does a network use this tunnel? */
export function isUsed(graph: GraphReader, engines: Engines, isAlone: IsAlone, { one, other, role }: Pair): boolean {
  if (!isAlone(one) || !isAlone(other)) return false
  for (const id of graph.networksOn(one).keys()) {
    const [network, members] = [graph.networks.get(id), graph.members(id)]
    if (!network?.mesh || !members.has(one) || !members.has(other)) continue
    const [end, peer] = [endAt(graph, engines, network, one), endAt(graph, engines, network, other)]
    if (end && peer && pairBetween(end, peer)?.role === role) return true
  }
  return false
}

/**
 * Which hypervisors share their addresses with no other connected one. A host that was installed anew may have the address of the
 * hypervisor that it was. Open vSwitch makes one port for each address, and that could be the port of the wrong hypervisor.
 */
export function withOwnAddress(
  hypervisors: Iterable<Pick<Hypervisor, 'id' | 'encapIp'>>,
  isJoined: (id: HypervisorId) => boolean,
): IsAlone {
  const [addresses, holders] = [new Map<HypervisorId, string | null>(), new Map<string | null, HypervisorId[]>()]
  for (const { id, encapIp } of hypervisors) {
    addresses.set(id, encapIp)
    if (isJoined(id)) holders.set(encapIp, [...(holders.get(encapIp) ?? []), id])
  }
  return (id) => (holders.get(addresses.get(id) ?? null) ?? []).every((holder) => holder === id)
}

/** The most tunnels that a hypervisor watches at a time, and how many of these may be dead ones. */
export const MAX_WATCHED = 16
const MAX_WATCHED_DEAD = 8

export interface Choice {
  /** Tunnels that were chosen so lately that they stay. */
  readonly fresh: Iterable<Pair>
  /** Dead tunnels, those that were chosen longest ago first. */
  readonly dead: Iterable<Pair>
  /** The number of the turn. In each turn, other tunnels of a network come first. */
  readonly turn: number
  canWatch(pair: Pair): boolean
}

/**
 * Chooses the tunnels to watch. Fresh ones stay, then come dead ones, so that their recovery is seen, and then those of each network
 * whose turn it is. The work is proportional to the members of the networks, not to the number of tunnels between them.
 * @param meshes the ends of each network
 */
export function* choosePairs(meshes: Iterable<readonly End[]>, choice: Choice): Generator<void, Map<string, Pair>> {
  const degrees = new Map<HypervisorId, number>()
  const chosen = new Map<string, Pair>()
  const isFull = (id: HypervisorId, most: number) => (degrees.get(id) ?? 0) >= most
  const consider = (pair: Pair, most: number) => {
    if (isFull(pair.one, most) || isFull(pair.other, most)) return
    const name = pairName(pair)
    if (chosen.has(name) || !choice.canWatch(pair)) return
    chosen.set(name, pair)
    for (const id of [pair.one, pair.other]) degrees.set(id, (degrees.get(id) ?? 0) + 1)
  }
  for (const [pairs, most] of [
    [choice.fresh, MAX_WATCHED],
    [choice.dead, MAX_WATCHED_DEAD],
  ] as const) {
    for (const pair of pairs) {
      consider(pair, most)
      yield
    }
  }
  for (const ends of meshes) {
    for (const distance of distancesOf(ends.length, choice.turn)) {
      for (const [at, end] of ends.entries()) {
        yield
        const peer = isFull(end.host.id, MAX_WATCHED) ? undefined : ends[(at + distance) % ends.length]
        const pair = peer && pairBetween(end, peer)
        if (pair) consider(pair, MAX_WATCHED)
      }
    }
  }
  return chosen
}

/**
 * The members of a network stand in a circle. In each turn, each one watches the tunnels to the members at a few distances from it, on
 * both sides. The distances differ from turn to turn, until each member has watched the tunnels to all others.
 */
function* distancesOf(members: number, turn: number): Generator<number> {
  const [all, atOnce] = [Math.floor(members / 2), MAX_WATCHED / 2]
  for (let n = 0; n < Math.min(all, atOnce); n++) yield 1 + ((turn * atOnce + n) % all)
}
