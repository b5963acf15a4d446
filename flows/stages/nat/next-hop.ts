/**
 * Next hops that a switch does not know yet: which next hop a packet waits for, the ARP request that finds it, and how the
 * packet continues. The switch learns the answer by itself. The controller sends the packets that arrived before it.
 */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Key } from '../../../topology/ids.ts'
import { arpRequest } from '../../engines/arp-frames.ts'
import { isMember, type Member } from '../../engines/engine-rules.ts'
import { isWithin } from '../../engines/prefix.ts'
import { homeOf, type Injection, injection } from '../../packet-out.ts'
import type { ConnectedScope } from '../../pipeline/scope.ts'
import type { Engines } from '../../way.ts'
import { translationOf } from './checked-translation.ts'
import { macOfFloating, viaOf } from './macs.ts'
import type { Routed } from './routed-fabric.ts'

/** A member and its way to the physical network. */
export interface Way {
  readonly member: Member
  readonly fabric: Routed
  /** The physical network, as `viaOf` numbers it. */
  readonly via: number
  readonly floating: number
  readonly scope: ConnectedScope
}

/**
 * The way of a member of a routed network to its physical network, if its port has rules at its place.
 * @throws EngineMistake
 */
export function wayOf(graph: GraphReader, engines: Engines, member: Member): Way | undefined {
  const scope = homeOf(graph, engines, member)
  if (scope?.fabric.kind !== 'routed') return undefined
  const { fabric, output, rules, domain } = scope
  const { floating } = translationOf(rules, domain, fabric, member)
  return { member, fabric, via: viaOf(fabric, output), floating, scope }
}

/** The next hop for an address; undefined if there is none. */
export const nextHopFor = ({ onLink, nextHop }: Routed, address: number): number | undefined =>
  isWithin(address, onLink) ? address : (nextHop ?? undefined)

/** An ARP request for this address. The sender is the floating address of the member, so the answer comes back to its switch. */
export function whoHas({ member, floating, scope }: Way, address: number): Injection {
  return {
    frame: arpRequest(macOfFloating(floating), floating, address),
    actions: injection(scope, member.port.key, { to: 'uplink' }),
    why: 'where its next hop is',
  }
}

/**
 * Sends a packet that has waited. It is as the switch sent it to the controller: already translated. @param mac the MAC address
 * of the next hop
 */
export const onward = ({ member, scope }: Way, frame: Uint8Array, mac: number): Injection => ({
  frame,
  actions: [
    { type: 'set_field', field: 'eth_dst', value: mac },
    ...injection(scope, member.port.key, { to: 'uplink' }),
  ],
  why: 'it waited for its next hop',
})

/** The routers to send ARP requests for, each with one member that asks. @param members the members on one switch */
export function routersOf(graph: GraphReader, engines: Engines, members: Iterable<Member>): Way[] {
  const found = new Map<string, Way>()
  for (const member of members) {
    const way = wayOf(graph, engines, member)
    if (!way || way.fabric.nextHop === null) continue
    const at = `${way.via} ${way.fabric.nextHop}`
    if (!found.has(at)) found.set(at, way)
  }
  return [...found.values()]
}

/** The member of the port with this key, at its place. */
export function memberOf(graph: GraphReader, key: Key): Member | undefined {
  const what = graph.byKey.get(key)
  const member = what?.kind === 'port' ? graph.placement(what.id) : undefined
  return member && isMember(member) ? member : undefined
}
