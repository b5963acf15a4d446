/**
 * Next hops that a switch does not know yet: which one a packet is waiting for, the question that finds it, and how the packet
 * goes on. The switch learns the answer by itself; the packets that were there before it did are the controller's to send on.
 */

import type { Graph } from '../../../topology/graph.ts'
import type { Key } from '../../../topology/ids.ts'
import type { Engines } from '../../compile.ts'
import { arpRequest } from '../../engines/arp-frames.ts'
import type { Member, Routed } from '../../engines/engine-rules.ts'
import { isWithin } from '../../engines/prefix.ts'
import { homeOf, type Injection, injection } from '../../packet-out.ts'
import { translationOf } from './checked-translation.ts'
import { macOfFloating, viaOf } from './macs.ts'

/** A member on the way to its physical network. */
export interface Way {
  readonly member: Member
  readonly fabric: Routed
  /** The physical network, as `viaOf` numbers it. */
  readonly via: number
  readonly floating: number
  readonly from: NonNullable<ReturnType<typeof homeOf>>
}

/**
 * The way of a member of a routed network, if its port has rules at its place.
 * @throws EngineMistake
 */
export function wayOf(graph: Graph, engines: Engines, member: Member): Way | undefined {
  const from = homeOf(graph, engines, member)
  if (from?.fabric.kind !== 'routed') return undefined
  const { fabric, output, rules, domain } = from
  const { floating } = translationOf(rules, domain, fabric, member)
  return { member, fabric, via: viaOf(fabric, output), floating, from }
}

/** The next hop for an address, or undefined where there is none. */
export const nextHopFor = ({ onLink, nextHop }: Routed, address: number): number | undefined =>
  isWithin(address, onLink) ? address : (nextHop ?? undefined)

/** Who has this address? Asked with the floating address of the member, so that the answer comes back to its switch. */
export function whoHas({ member, floating, from }: Way, address: number): Injection {
  return {
    frame: arpRequest(macOfFloating(floating), floating, address),
    actions: injection(from, member.port.key, { to: 'uplink' }),
    why: 'where its next hop is',
  }
}

/** A packet of the member that waited goes on. It is as the switch sent it: translated. @param mac of the next hop */
export const onward = ({ member, from }: Way, frame: Uint8Array, mac: number): Injection => ({
  frame,
  actions: [{ type: 'set_field', field: 'eth_dst', value: mac }, ...injection(from, member.port.key, { to: 'uplink' })],
  why: 'it waited for its next hop',
})

/** Routers that are to be looked for: one member on each way there asks. @param members those on one switch */
export function routersOf(graph: Graph, engines: Engines, members: Iterable<Member>): Way[] {
  const found = new Map<string, Way>()
  for (const member of members) {
    const way = wayOf(graph, engines, member)
    if (!way || way.fabric.nextHop === null) continue
    const at = `${way.via} ${way.fabric.nextHop}`
    if (!found.has(at)) found.set(at, way)
  }
  return [...found.values()]
}

/** The member of a port with this key, where it is. */
export function memberOf(graph: Graph, key: Key): Member | undefined {
  const what = graph.byKey.get(key)
  const member = what?.kind === 'port' ? graph.placement(what.id) : undefined
  return member?.vnic ? (member as Member) : undefined
}
