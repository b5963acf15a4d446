/**
 * (graph, switch, object) -> the rules that this object wants on that switch. A function of the graph as it stands, never of
 * how it came to be. It is handed the engines and imports none.
 */

import { ruleKey } from '../src/openflow/index.ts'
import type { Graph, Placement } from '../topology/graph.ts'
import type { HypervisorId, Key, NetworkId, PortId } from '../topology/ids.ts'
import type { Hypervisor, Network, Port } from '../topology/model.ts'
import { fabricOf, forwardsOf, guardsOf, neighboursOf, puntsOf, serversOf } from './engines/checked.ts'
import { type Domain, type EngineRules, type Fault, isFault, type Member } from './engines/engine-rules.ts'
import type { Rule } from './pipeline/rule.ts'
import { ANSWER, type EngineTables } from './pipeline/tables.ts'
import { sameFamily } from './pipeline/tunnel.ts'
import { siteOf } from './sites.ts'
import { answers, goesOn, puntToController } from './stages/answer/answer.ts'
import { adminDown, fromFabric, fromSite, fromVnic } from './stages/classify/classify.ts'
import { noForeignTags, type Peers, toFabric, toMember, toSite } from './stages/egress/egress.ts'
import { forwardRules } from './stages/forward/forward.ts'
import { guardRules } from './stages/guard/guard.ts'
import { fromKnown, fromRouter } from './stages/nat/inward.ts'
import { routedDomain, routedMember } from './stages/nat/routed.ts'

/** An engine's rules with the tables they stand in. */
export interface Placed {
  readonly rules: EngineRules
  readonly tables: EngineTables
}
export type Engines = ReadonlyMap<string, Placed>

/**
 * Compile one object on one switch; an object that is not (any more) wants nothing.
 * @throws EngineMistake if its engine does not say what it wants
 */
export function compile(graph: Graph, engines: Engines, where: HypervisorId, object: Key): Rule[] {
  const here = graph.hypervisors.get(where)
  const what = graph.byKey.get(object)
  if (!here || !what) return []
  if (what.kind === 'network') return compileNetwork(graph, engines, here, what.id)
  if (what.kind === 'port') return compilePort(graph, engines, here, what.id)
  if (what.kind === 'hypervisor' && what.id === where) return compileHypervisor(graph, engines, here)
  return []
}

/** Every object that may want rules on a switch: the whole of it is compile over these. */
export function* objectsOn(graph: Graph, where: HypervisorId): Generator<Key> {
  const here = graph.hypervisors.get(where)
  if (here) yield here.key
  for (const id of graph.portsOn.get(where)) {
    const key = graph.ports.get(id)?.key
    if (key) yield key
  }
  for (const id of graph.networksOn(where).keys()) {
    const network = graph.networks.get(id)
    if (!network) continue
    yield network.key
    if (!graph.knowsRemote(network, where)) continue
    for (const [peer, ports] of graph.members(id).entries()) {
      if (peer === where) continue
      for (const port of ports) {
        // One that is expected at this peer is told of where it is.
        if (graph.placement(port)?.hypervisor !== peer || graph.portsOn.get(where).has(port)) continue
        const key = graph.ports.get(port)?.key
        if (key) yield key
      }
    }
  }
}

/** Why a domain cannot work on a hypervisor, or undefined where it can. */
export function faultOf(engines: Engines, domain: Domain, here: Hypervisor): Fault | undefined {
  const reached = reach(engines, domain, here)
  return reached && isFault(reached.fabric) ? reached.fabric : undefined
}

function reach(engines: Engines, domain: Domain, here: Hypervisor) {
  const engine = engines.get(domain.engine)
  return engine && { engine, fabric: fabricOf(engine.rules, domain, here) }
}

/** The same where it works, with the OpenFlow port that leads to the fabric. */
export function way(engines: Engines, domain: Domain, here: Hypervisor) {
  const reached = reach(engines, domain, here)
  if (!reached || isFault(reached.fabric)) return undefined
  const { engine, fabric } = reached
  const output = here.fabric[fabric.role]
  return output === undefined ? undefined : { engine, fabric, output }
}

/** What the networks there share that are routed: where their routers are, and other hosts that are known. */
function compileHypervisor(graph: Graph, engines: Engines, here: Hypervisor): Rule[] {
  const found = new Map<string, Rule>()
  for (const id of graph.networksOn(here.id).keys()) {
    const network = graph.networks.get(id)
    if (!network?.hypervisorRules || !graph.members(id).has(here.id)) continue
    const to = way(engines, network, here)
    if (to?.fabric.kind !== 'routed') continue
    const { fabric, output } = to
    const router = fabric.nextHop === null ? [] : [fromRouter(here, fabric, fabric.nextHop, output)]
    for (const rule of [...router, ...fromKnown(here, fabric, output)]) found.set(ruleKey(rule), rule)
  }
  return [...found.values()]
}

function compileNetwork(graph: Graph, engines: Engines, here: Hypervisor, id: NetworkId): Rule[] {
  const network = graph.networks.get(id)
  if (!network || !graph.members(id).has(here.id)) return []
  const members = () => localMembers(graph, network, here)
  return compileDomain(graph, engines, here, network, members)
}

/** What the domain itself wants: in from the fabric, out to it, and its engine's rules for all of its members. */
function compileDomain(
  graph: Graph,
  engines: Engines,
  here: Hypervisor,
  domain: Domain,
  members: () => readonly Placement[],
): Rule[] {
  const found = way(engines, domain, here)
  if (!found) return []
  const { engine, fabric, output } = found
  const { tables } = engine
  if (fabric.kind === 'routed') return routedDomain(engine.rules, domain, fabric, output)
  const isNetwork = 'segment' in domain
  const peers = isNetwork && fabric.kind === 'overlay' ? peersOf(graph, domain, here) : NOBODY
  const site = isNetwork ? siteHere(graph, domain, here) : undefined
  const context = {
    graph,
    here,
    alias: engine.rules.alias,
    domain,
    author: domain.key,
    tables,
    members,
    fabric,
    peers,
    site,
  }
  return [
    fromFabric(domain, fabric, output, tables.forward),
    ...(isAsked(engine.rules) ? [goesOn(domain, tables.forward)] : []),
    ...serversOf(engine.rules, domain).flatMap((each) => answers({ domain, neighbour: each, forward: tables.forward })),
    ...forwardsOf(engine.rules, 'domain', domain).flatMap((forward) => forwardRules(context, forward)),
    ...toFabric(domain, fabric, output, peers, site !== undefined),
  ]
}

function compilePort(graph: Graph, engines: Engines, here: Hypervisor, id: PortId): Rule[] {
  const placement = graph.placement(id)
  const port = graph.ports.get(id)
  if (!port) return []
  const network = port.networkId === null ? undefined : graph.networks.get(port.networkId)
  if (port.networkId !== null && !network) return []
  const isHere = placement?.hypervisor === here.id
  if (!isHere && !network && port.adminUp && graph.portsOn.get(here.id).has(id)) {
    // Expected here: on its own it is all that there is of its domain.
    return compileDomain(graph, engines, here, port, () => [])
  }
  if (!placement) return []
  if (!isMember(placement)) return network && isHere ? compileSite(graph, engines, here, port, network) : []
  if (!port.adminUp) return isHere ? [adminDown(placement)] : []
  if (!isHere) return network ? compileRemote(graph, engines, here, placement, network) : []
  return [
    ...compileMember(graph, engines, here, placement, network ?? port),
    ...(network ? [] : compileDomain(graph, engines, here, port, () => [placement])),
  ]
}

/** A VNIC on this switch. */
function compileMember(graph: Graph, engines: Engines, here: Hypervisor, member: Member, domain: Domain): Rule[] {
  const found = way(engines, domain, here)
  if (!found) return []
  const { fabric, output } = found
  const { rules, tables } = found.engine
  if (fabric.kind === 'routed') return routedMember(rules, member, domain, fabric, output)
  const about = { graph, here, alias: rules.alias, domain, fabric }
  const context = { ...ALONE, ...about, author: member.port.key, tables }
  return [
    ...fromVnic(member, domain),
    ...guardRules(member, domain, guardsOf(rules, member, domain), isAsked(rules) ? ANSWER.number : tables.forward),
    ...puntsOf(rules, member, domain).map((question) => puntToController(member, domain, question)),
    ...neighboursOf(rules, member, domain).flatMap((neighbour) =>
      answers({ domain, member, neighbour, forward: tables.forward, isHere: true }),
    ),
    ...forwardsOf(rules, 'member', domain, member).flatMap((forward) => forwardRules(context, forward)),
    toMember(member, domain),
    ...noForeignTags(member, domain),
  ]
}

/** A VNIC on another one. */
function compileRemote(graph: Graph, engines: Engines, here: Hypervisor, member: Member, network: Network): Rule[] {
  const reached = reach(engines, network, here)
  if (!reached || isFault(reached.fabric)) return []
  const peer = graph.hypervisors.get(member.hypervisor)
  if (!peer || !graph.knowsRemote(network, here.id) || (network.mesh && !canReach(here, peer))) return []
  const { rules, tables } = reached.engine
  const about = { graph, here, alias: rules.alias, domain: network, fabric: reached.fabric }
  const context = { ...ALONE, ...about, author: member.port.key, tables }
  return [
    ...neighboursOf(rules, member, network).flatMap((neighbour) =>
      answers({ domain: network, member, neighbour, forward: tables.forward }),
    ),
    ...forwardsOf(rules, 'remote', network, member, peer).flatMap((forward) => forwardRules(context, forward)),
  ]
}

/** A port that leads to a remote site of its network. */
function compileSite(graph: Graph, engines: Engines, here: Hypervisor, port: Port, network: Network): Rule[] {
  if (siteOf(graph, network.id)?.port.id !== port.id) return []
  const inner = way(engines, network, here)
  const outer = way(engines, port, here)
  if (!inner || outer?.fabric.kind !== 'wire') return []
  return [
    fromSite(port, network, outer.fabric, outer.output, inner.engine.tables.forward),
    toSite(port, network, outer.fabric, outer.output),
  ]
}

/** Are its members answered anything? */
const isAsked = ({ neighbours, servers, punts }: EngineRules): boolean =>
  neighbours !== undefined || servers !== undefined || punts !== undefined

const isMember = (placement: Placement): placement is Member => placement.vnic !== null

const NOBODY: Peers = { all: [], floodUnknown: [] }
/** Of rules that name one target. */
const ALONE = { members: () => [], peers: NOBODY, site: undefined }

/** Local members in the order of their keys, so that the same graph gives the same flood list; of remote sites the one in use. */
function localMembers(graph: Graph, network: Network, here: Hypervisor): Placement[] {
  const site = siteHere(graph, network, here)
  const members: Placement[] = []
  for (const id of graph.members(network.id).get(here.id)) {
    const member = graph.placement(id)
    // One that is only expected here gets nothing yet.
    if (member?.hypervisor === here.id && (isMember(member) || id === site?.port.id)) members.push(member)
  }
  return members.sort((a, b) => a.port.key - b.port.key)
}

function siteHere(graph: Graph, network: Network, here: Hypervisor): Placement | undefined {
  const site = siteOf(graph, network.id)
  return site?.hypervisor === here.id ? site : undefined
}

/** Tunnel addresses of the other hypervisors with members, in order. */
function peersOf(graph: Graph, network: Network, here: Hypervisor): Peers {
  const addresses = (ids: Iterable<HypervisorId>): string[] => {
    const found = new Set<string>()
    for (const id of ids) {
      const peer = id !== here.id && graph.hypervisors.get(id)
      if (peer && peer.encapIp !== null && canReach(here, peer)) found.add(peer.encapIp)
    }
    return [...found].sort()
  }
  return {
    all: addresses(graph.members(network.id).keys()),
    floodUnknown: addresses(graph.unknownFlooders(network.id).keys()),
  }
}

const canReach = (here: Hypervisor, peer: Hypervisor): boolean =>
  here.encapIp !== null && peer.encapIp !== null && sameFamily(here.encapIp, peer.encapIp)
