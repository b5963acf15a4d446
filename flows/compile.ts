/**
 * (graph, switch, object) -> the rules that the switch needs for this object. The result depends only on the current graph, not
 * on how the graph came to be. The function asks every stage of the pipeline, and knows none by name.
 */
import { ruleKey } from '../src/openflow/index.ts'
import type { GraphReader } from '../topology/graph-reader.ts'
import type { HypervisorId, Key, NetworkId, PortId } from '../topology/ids.ts'
import type { Hypervisor, Network, Port } from '../topology/model.ts'
import { audienceOf, audienceOfPort, canReach } from './audience.ts'
import { domainOf } from './domain-of.ts'
import { EngineMistake } from './engines/checked.ts'
import { type Domain, type Fabric, type Fault, isMember, type Member } from './engines/engine-rules.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import type { Rule } from './pipeline/rule.ts'
import type { Audience } from './pipeline/scope.ts'
import type { Stage } from './pipeline/stage.ts'
import { CLASSIFY } from './pipeline/table.ts'
import { siteOf } from './sites.ts'
import { PIPELINE } from './stages/assembled.ts'
import { connectedScope, type Engines, fabricIn, faultIn, type Ground, scopeOf } from './way.ts'

export type { Engines } from './way.ts'

/** The rules of one stage. */
export type Wanted = readonly [Stage, readonly Rule[]]

/**
 * Compiles one object on one switch. An object that does not exist needs no rules.
 * @throws EngineMistake if its engine does not say which rules it needs
 */
export const compile = (graph: GraphReader, engines: Engines, where: HypervisorId, object: Key): Rule[] =>
  compileByStage({ graph, engines, pipeline: PIPELINE }, where, object).flatMap(([, rules]) => rules)

/** Why a domain cannot work on a hypervisor; undefined if it can. */
export const faultOf = (engines: Engines, domain: Domain, here: Hypervisor): Fault | undefined =>
  faultIn(PIPELINE, engines, domain, here)

/** The way of a domain to the fabric from a hypervisor, or undefined where it has none. */
export const fabricAt = (engines: Engines, domain: Domain, here: Hypervisor): Fabric | undefined =>
  fabricIn(PIPELINE, engines, domain, here)

/**
 * The keys (`ruleKey`) of the rules by which a domain takes frames from the fabric on a hypervisor, whether it has members there or
 * not. Two domains that have one of them share a segment.
 */
export function arrivalKeys(graph: GraphReader, engines: Engines, here: Hypervisor, domain: Domain): string[] {
  try {
    const wanted = compileDomain({ graph, engines, pipeline: PIPELINE }, here, domain, audienceOfPort(undefined))
    return wanted.flatMap(([, rules]) => rules.filter(({ table }) => table === CLASSIFY.number).map(ruleKey))
  } catch (error) {
    if (error instanceof EngineMistake) return []
    throw error
  }
}

/** The same as `compile`, with the rules of each stage apart. */
export function compileByStage(ground: Ground, where: HypervisorId, object: Key): Wanted[] {
  const { graph } = ground
  const here = graph.hypervisors.get(where)
  const what = graph.byKey.get(object)
  if (!here || !what) return []
  switch (what.kind) {
    case 'network':
      return compileNetwork(ground, here, what.id)
    case 'port':
      return compilePort(ground, here, what.id)
    case 'hypervisor':
      return what.id === where ? compileHypervisor(ground, here) : []
    case 'vnic':
      return []
  }
}

/** Yields every object that may need rules on a switch. Compiled together, they are all rules of the switch. */
export function* objectsOn(graph: GraphReader, where: HypervisorId): Generator<Key> {
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
        // A port that is only expected at the peer is yielded with the hypervisor that it is on now.
        if (graph.placement(port)?.hypervisor !== peer || graph.portsOn.get(where).has(port)) continue
        const key = graph.ports.get(port)?.key
        if (key) yield key
      }
    }
  }
}

/** Asks every stage. */
const asked = ({ stages }: Pipeline, ask: (stage: Stage) => readonly Rule[] | undefined): Wanted[] =>
  stages.flatMap((stage) => {
    const rules = ask(stage)
    return rules && rules.length > 0 ? [[stage, rules] as const] : []
  })

function compileHypervisor(ground: Ground, here: Hypervisor): Wanted[] {
  const { graph, pipeline } = ground
  const own = asked(pipeline, (stage) => stage.occupied?.({ graph, here }))
  return [...(own.length > 0 && isOccupied(ground, here) ? own : []), ...compileShared(ground, here)]
}

/** Does any domain have rules on the hypervisor? */
function isOccupied(ground: Ground, here: Hypervisor): boolean {
  const { graph } = ground
  for (const id of graph.portsOn.get(here.id)) {
    const port = graph.ports.get(id)
    const domain = port && domainOf(graph, port)
    if (domain && isConnected(ground, domain, here)) return true
  }
  return false
}

/** A mistake of an engine must not harm the rules of others, so its domains count as not connected. */
function isConnected(ground: Ground, domain: Domain, here: Hypervisor): boolean {
  try {
    return connectedScope(ground, domain, here) !== undefined
  } catch (error) {
    if (error instanceof EngineMistake) return false
    throw error
  }
}

/** Rules that several networks on a hypervisor share. Each appears once. */
function compileShared(ground: Ground, here: Hypervisor): Wanted[] {
  const { graph, pipeline } = ground
  const found = new Map<string, Wanted>()
  for (const id of graph.networksOn(here.id).keys()) {
    const network = graph.networks.get(id)
    if (!network?.hypervisorRules || !graph.members(id).has(here.id)) continue
    const scope = connectedScope(ground, network, here)
    if (!scope) continue
    for (const [stage, rules] of asked(pipeline, (stage) => stage.hypervisor?.(scope)))
      for (const rule of rules) found.set(ruleKey(rule), [stage, [rule]])
  }
  return [...found.values()]
}

function compileNetwork(ground: Ground, here: Hypervisor, id: NetworkId): Wanted[] {
  const network = ground.graph.networks.get(id)
  if (!network || !ground.graph.members(id).has(here.id)) return []
  return compileDomain(ground, here, network, audienceOf(ground.graph, network, here))
}

function compileDomain(ground: Ground, here: Hypervisor, domain: Domain, audience: Audience): Wanted[] {
  const connected = connectedScope(ground, domain, here)
  if (!connected) return []
  const scope = { ...connected, audience }
  return asked(ground.pipeline, (stage) => stage.domain?.(scope))
}

const compilePort = (ground: Ground, here: Hypervisor, id: PortId): Wanted[] => [
  ...compilePlaced(ground, here, id),
  ...compileArrival(ground, here, id),
]

/** A port where it is, and its domain where it is expected. */
function compilePlaced(ground: Ground, here: Hypervisor, id: PortId): Wanted[] {
  const { graph, pipeline } = ground
  const placement = graph.placement(id)
  const port = graph.ports.get(id)
  if (!port) return []
  const network = port.networkId === null ? undefined : graph.networks.get(port.networkId)
  if (port.networkId !== null && !network) return []
  const isHere = placement?.hypervisor === here.id
  if (!isHere && !network && port.adminUp && graph.portsOn.get(here.id).has(id)) {
    // For a port in no network that is expected here, the rules of its domain may be sent before the VNIC arrives.
    return compileDomain(ground, here, port, audienceOfPort(undefined))
  }
  if (!placement) return []
  if (!isMember(placement)) return network && isHere ? compileSite(ground, here, port, network) : []
  if (!port.adminUp) return isHere ? asked(pipeline, (stage) => stage.memberDown?.(placement, pipeline.wishes)) : []
  if (!isHere) return network ? compileRemote(ground, here, placement, network) : []
  return [
    ...compileMember(ground, here, placement, network ?? port),
    ...(network ? [] : compileDomain(ground, here, port, audienceOfPort(placement))),
  ]
}

/** A VNIC whose interface waits here for the end of a migration. It needs no way to the fabric yet. */
function compileArrival({ graph, engines, pipeline }: Ground, here: Hypervisor, id: PortId): Wanted[] {
  const member = graph.expected(id)
  // The ports of a trunk come with the port that carries them.
  if (member?.hypervisor !== here.id || !isMember(member) || member.ofport === null || member.tag !== null) return []
  const { port, ofport } = member
  const domain = domainOf(graph, port)
  const engine = domain && engines.get(domain.engine)
  if (!engine) return []
  const scope = { member: { ...member, ofport }, rules: engine.rules, wishes: pipeline.wishes }
  return asked(pipeline, (stage) => stage.arriving?.(scope))
}

/** A member on this switch. */
function compileMember(ground: Ground, here: Hypervisor, member: Member, domain: Domain): Wanted[] {
  const connected = connectedScope(ground, domain, here)
  if (!connected) return []
  const scope = { ...connected, member }
  return asked(ground.pipeline, (stage) => stage.member?.(scope))
}

/** Is this a member on another switch? */
function compileRemote(ground: Ground, here: Hypervisor, member: Member, network: Network): Wanted[] {
  const { graph, pipeline } = ground
  const peer = graph.hypervisors.get(member.hypervisor)
  if (!peer || !graph.knowsRemote(network, here.id) || (network.mesh && !canReach(here, peer))) return []
  const found = scopeOf(ground, network, here)
  if (!found) return []
  const scope = { ...found, member, peer }
  return asked(pipeline, (stage) => stage.remote?.(scope))
}

/** A port here that leads to a remote site. If the network has several, it uses one of them. */
function compileSite(ground: Ground, here: Hypervisor, port: Port, network: Network): Wanted[] {
  if (siteOf(ground.graph, network.id)?.port.id !== port.id) return []
  const inner = connectedScope(ground, network, here)
  const way = connectedScope(ground, port, here)
  if (!inner || !way?.kind.toSite) return []
  const scope = { ...inner, port, network, way }
  return asked(ground.pipeline, (stage) => stage.site?.(scope))
}
