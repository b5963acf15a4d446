/**
 * Frames that the controller sends through a switch for a port: the same typed targets as rules have, and the same table egress,
 * so that a frame of one domain can no more reach another than a VNIC's can.
 */
import type { Action } from '../src/openflow/index.ts'
import type { Graph } from '../topology/graph.ts'
import { type Engines, way } from './compile.ts'
import { announcementsOf, memberKey } from './engines/checked.ts'
import type { Announcement, Domain, Fabric, Member, Target } from './engines/engine-rules.ts'
import { SOURCE, set, setDomain, TARGET, TO_UPLINK } from './pipeline/registers.ts'
import { resubmit } from './pipeline/rule.ts'
import { EGRESS } from './pipeline/tables.ts'

/** A frame, and what to do with it: the body of a packet_out. */
export interface Injection {
  readonly frame: Uint8Array
  readonly actions: readonly Action[]
  readonly why: string
}

/** Where such a frame may be handed on to. */
export type InjectionTarget = Extract<Target, { readonly to: 'member' | 'uplink' }>

/** From where: a domain on a hypervisor, by its engine's way to the fabric. */
export interface From {
  readonly graph: Graph
  readonly here: Parameters<typeof memberKey>[0]['here']
  readonly alias: string
  readonly domain: Domain
  readonly fabric: Fabric
}

/**
 * The actions that hand a frame on, as if the port had sent it.
 * @param source the key of the port whose frame it is
 * @throws EngineMistake if the target is none that the domain has on this hypervisor
 */
export const injection = (from: From, source: number, target: InjectionTarget): Action[] => [
  setDomain(from.domain.key),
  set(SOURCE, source),
  set(TARGET, target.to === 'uplink' ? TO_UPLINK : memberKey(from, target)),
  resubmit(EGRESS.number),
]

/**
 * What is to be said for a member at its place, by its engine.
 * @throws EngineMistake if the engine does not say what it wants
 */
export function announcements(graph: Graph, engines: Engines, member: Member): Injection[] {
  const from = homeOf(graph, engines, member)
  if (!from) return []
  return announcementsOf(from.rules, from.domain, member).map(({ frame, target, why }: Announcement) => ({
    frame,
    actions: injection(from, member.port.key, target),
    why,
  }))
}

/** Frames to a member alone, at its place: answers to what it has asked. None while its port has no rules. */
export function toItself(graph: Graph, engines: Engines, member: Member, frames: readonly Uint8Array[]): Injection[] {
  const from = homeOf(graph, engines, member)
  if (!from) return []
  const actions = injection(from, member.port.key, { to: 'member', member })
  return frames.map((frame) => ({ frame, actions, why: 'the answer to its question' }))
}

/** The domain of a member at its place, if its port has rules there. */
export function homeOf(graph: Graph, engines: Engines, { port, hypervisor }: Member) {
  const here = graph.hypervisors.get(hypervisor)
  const domain = port.networkId === null ? port : graph.networks.get(port.networkId)
  const found = here && domain && way(engines, domain, here)
  if (!found || !port.adminUp) return undefined
  const { rules } = found.engine
  return { graph, here, rules, alias: rules.alias, domain, fabric: found.fabric, output: found.output }
}
