/**
 * (graph, switch, object) -> the rules that this object wants on that switch. A function of the graph as it stands, never of
 * how it came to be. It is handed the engines and imports none.
 */
import { ipv4 } from '../src/openflow/index.ts'
import type { Graph, Placement } from '../topology/graph.ts'
import type { HypervisorId, Key, NetworkId, PortId } from '../topology/ids.ts'
import type { Hypervisor, Network } from '../topology/nodes.ts'
import { adminDown, fromFabric, fromVnic } from './classify.ts'
import { toFabric, toMember } from './egress.ts'
import { type EngineRules, type Fabric, type Fault, isFault } from './engine.ts'
import { forwardRules } from './forward.ts'
import { admit } from './guard.ts'
import type { EngineTables } from './pipeline.ts'
import type { Rule } from './rule.ts'

/** An engine's rules with the tables they stand in. */
export interface Placed {
  readonly rules: EngineRules
  readonly tables: EngineTables
}
export type Engines = ReadonlyMap<string, Placed>

/** Compile one object on one switch; an object that is not (any more) wants nothing. */
export function compile(graph: Graph, engines: Engines, where: HypervisorId, object: Key): Rule[] {
  const here = graph.hypervisors.get(where)
  const what = graph.byKey.get(object)
  if (!here || !what) return []
  if (what.kind === 'network') return compileNetwork(graph, engines, here, what.id)
  if (what.kind === 'port') return compilePort(graph, engines, here, what.id)
  return []
}

/** Every object that may want rules on a switch: the whole of it is compile over these. */
export function* objectsOn(graph: Graph, where: HypervisorId): Generator<Key> {
  for (const vnic of graph.vnicsOnHypervisor.get(where)) {
    const port = graph.vnics.get(vnic)?.portId
    const key = port && graph.ports.get(port)?.key
    if (key) yield key
  }
  for (const id of graph.networksOn(where).keys()) {
    const network = graph.networks.get(id)
    if (!network) continue
    yield network.key
    if (!network.mesh) continue
    for (const [peer, ports] of graph.members(id).entries()) {
      if (peer === where) continue
      for (const port of ports) {
        const key = graph.ports.get(port)?.key
        if (key) yield key
      }
    }
  }
}

/** Why a network cannot work on a hypervisor, or undefined where it can. */
export function faultOf(engines: Engines, network: Network, here: Hypervisor): Fault | undefined {
  const reached = reach(engines, network, here)
  return reached && isFault(reached.fabric) ? reached.fabric : undefined
}

function reach(engines: Engines, network: Network, here: Hypervisor) {
  const engine = engines.get(network.engine)
  return engine && { engine, fabric: engine.rules.fabric(network, here) }
}

function compileNetwork(graph: Graph, engines: Engines, here: Hypervisor, id: NetworkId): Rule[] {
  const network = graph.networks.get(id)
  if (!network || !graph.members(id).has(here.id)) return []
  const reached = reach(engines, network, here)
  if (!reached || isFault(reached.fabric)) return []
  const { engine, fabric } = reached
  const uplink = here.fabric[fabric.role]
  if (uplink === undefined) return []
  const peers = fabric.kind === 'overlay' ? peersOf(graph, network, here) : []
  const context = {
    network,
    author: network.key,
    tables: engine.tables,
    members: () => localMembers(graph, network, here),
    fabric: fabric.kind === 'uplink' || peers.length > 0 ? fabric : null,
  }
  return [
    fromFabric(network, fabric, uplink, engine.tables.forward),
    ...engine.rules.network(network).flatMap((forward) => forwardRules(context, forward)),
    ...toFabric(network, fabric, uplink, peers),
  ]
}

function compilePort(graph: Graph, engines: Engines, here: Hypervisor, id: PortId): Rule[] {
  const member = graph.placement(id)
  const network = member?.port.networkId && graph.networks.get(member.port.networkId)
  if (!member || !network) return []
  if (!member.port.adminUp) return member.hypervisor === here.id ? [adminDown(member)] : []
  const reached = reach(engines, network, here)
  if (!reached || isFault(reached.fabric)) return []
  const { engine, fabric } = reached
  const context = { network, author: member.port.key, tables: engine.tables, members: () => [], fabric }
  if (member.hypervisor === here.id) {
    return [
      fromVnic(member, network),
      ...admit(member, network, engine.rules.admits(member.vnic), engine.tables.forward),
      ...engine.rules.member(network, member).flatMap((forward) => forwardRules(context, forward)),
      toMember(member, network),
    ]
  }
  const peer = graph.hypervisors.get(member.hypervisor)
  if (!network.mesh || !peer || !canReach(fabric, peer) || !graph.members(network.id).has(here.id)) return []
  return engine.rules.remote(network, member, peer).flatMap((forward) => forwardRules(context, forward))
}

/** Local members in the order of their keys, so that the same graph gives the same flood list. */
function localMembers(graph: Graph, network: Network, here: Hypervisor): Placement[] {
  const members: Placement[] = []
  for (const id of graph.members(network.id).get(here.id)) {
    const member = graph.placement(id)
    if (member) members.push(member)
  }
  return members.sort((a, b) => a.port.key - b.port.key)
}

/** Tunnel addresses of the other hypervisors with members, in order. */
function peersOf(graph: Graph, network: Network, here: Hypervisor): number[] {
  const addresses: number[] = []
  for (const id of graph.members(network.id).keys()) {
    const address = id !== here.id && graph.hypervisors.get(id)?.encapIp
    if (address) addresses.push(ipv4(address))
  }
  return addresses.sort((a, b) => a - b)
}

const canReach = (fabric: Fabric, peer: Hypervisor): boolean => fabric.kind === 'overlay' && peer.encapIp !== null
