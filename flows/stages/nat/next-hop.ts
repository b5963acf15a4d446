/**
 * Next hops that a switch does not know yet: which one a packet waits for, the question that finds it, and how the packet goes
 * on. The switch learns the answer by itself; the controller sends on the packets that came before it.
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

/** A member on the way to its physical network. */
export interface Way {
  readonly member: Member
  readonly fabric: Routed
  /** The physical network, as `viaOf` numbers it. */
  readonly via: number
  readonly floating: number
  readonly scope: ConnectedScope
}

/**
 * The way of a member of a routed network, if its port has rules at its place.
 * @throws EngineMistake
 */
export function wayOf(graph: GraphReader, engines: Engines, member: Member): Way | undefined {
  const scope = homeOf(graph, engines, member)
  if (scope?.fabric.kind !== 'routed') return undefined
  const { fabric, output, rules, domain } = scope
  const { floating } = translationOf(rules, domain, fabric, member)
  return { member, fabric, via: viaOf(fabric, output), floating, scope }
}

/** The next hop for an address, or undefined where there is none. */
export const nextHopFor = ({ onLink, nextHop }: Routed, address: number): number | undefined =>
  isWithin(address, onLink) ? address : (nextHop ?? undefined)

/** Who has this address? The sender is the floating address of the member, so that the answer comes back to its switch. */
export function whoHas({ member, floating, scope }: Way, address: number): Injection {
  return {
    frame: arpRequest(macOfFloating(floating), floating, address),
    actions: injection(scope, member.port.key, { to: 'uplink' }),
    why: 'where its next hop is',
  }
}

/** A packet that waited goes on. It is as the switch sent it to the controller: translated. @param mac of the next hop */
export const onward = ({ member, scope }: Way, frame: Uint8Array, mac: number): Injection => ({
  frame,
  actions: [
    { type: 'set_field', field: 'eth_dst', value: mac },
    ...injection(scope, member.port.key, { to: 'uplink' }),
  ],
  why: 'it waited for its next hop',
})

/** Routers to ask for: one member on each way there asks. @param members those on one switch */
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
