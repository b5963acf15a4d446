/**
 * Frames that the controller sends through a switch for a port. They have the same typed targets as rules, and reach them in
 * the same way. So a frame of one domain can no more reach another domain than a frame of a VNIC can.
 */
import type { Action } from '../src/openflow/index.ts'
import type { GraphReader } from '../topology/graph-reader.ts'
import { borrowersOf } from './audience.ts'
import { domainOf } from './domain-of.ts'
import { announcementsOf, borrowsOf } from './engines/checked.ts'
import { memberKey } from './engines/checked-fabric.ts'
import type { Announcement, Borrowed, Member, Neighbour, Target } from './engines/engine-rules.ts'
import { SOURCE, set, setDomain, TARGET, TO_UPLINK } from './pipeline/registers.ts'
import { resubmit } from './pipeline/rule.ts'
import type { ConnectedScope, Scope } from './pipeline/scope.ts'
import { FIRST_TABLE } from './pipeline/table.ts'
import { PIPELINE } from './stages/assembled.ts'
import { connectedScope, type Engines } from './way.ts'

/** A frame and its actions: the body of a packet_out. */
export interface Injection {
  readonly frame: Uint8Array
  readonly actions: readonly Action[]
  readonly why: string
}

/** The targets of such a frame. */
export type InjectionTarget = Extract<Target, { readonly to: 'member' | 'uplink' }>

/**
 * The actions that pass a frame to a target, as if the port had sent it.
 * @param source the key of the port that the frame belongs to
 * @throws EngineMistake if the domain has no such target on this hypervisor
 */
export const injection = (scope: Scope, source: number, target: InjectionTarget): Action[] => [
  setDomain(scope.domain.key),
  set(SOURCE, source),
  set(TARGET, target.to === 'uplink' ? TO_UPLINK : memberKey(scope, target)),
  resubmit(scope.next('toTarget', FIRST_TABLE)),
]

/**
 * The announcements of a member at its place, from its engine.
 * @throws EngineMistake if the engine does not return announcements
 */
export function announcements(graph: GraphReader, engines: Engines, member: Member): Injection[] {
  const scope = homeOf(graph, engines, member)
  if (!scope) return []
  let borrowed: Borrowed[] | undefined
  const isBorrowed = (address: Neighbour): boolean => {
    borrowed ??= borrowedIn(scope, member)
    return borrowed.some((each) => covers(each, address))
  }
  return announcementsOf(scope.rules, scope.domain, member, isBorrowed).map(({ frame, target, why }: Announcement) => ({
    frame,
    actions: injection(scope, member.port.key, target),
    why,
  }))
}

/** What other members than this one may borrow. */
function borrowedIn({ graph, rules, domain }: Scope, { port }: Member): Borrowed[] {
  if (!('segment' in domain)) return []
  const others = borrowersOf(graph, domain).filter((each) => each.port.id !== port.id)
  return others.flatMap((other) => borrowsOf(rules, other, domain))
}

const covers = ({ family, address, mask }: Borrowed, one: Neighbour): boolean =>
  one.family === family && (BigInt(one.address) & BigInt(mask)) === BigInt(address)

/** Frames to one member at its place: answers to its requests. There are none while its port has no rules. */
export function toItself(
  graph: GraphReader,
  engines: Engines,
  member: Member,
  frames: readonly Uint8Array[],
): Injection[] {
  const scope = homeOf(graph, engines, member)
  if (!scope) return []
  const actions = injection(scope, member.port.key, { to: 'member', member })
  return frames.map((frame) => ({ frame, actions, why: 'the answer to its question' }))
}

/** The domain of a member at its place, if its port has rules there. */
export function homeOf(graph: GraphReader, engines: Engines, { port, hypervisor }: Member): ConnectedScope | undefined {
  const here = graph.hypervisors.get(hypervisor)
  const domain = domainOf(graph, port)
  if (!here || !domain || !port.adminUp) return undefined
  return connectedScope({ graph, engines, pipeline: PIPELINE }, domain, here)
}
