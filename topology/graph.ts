/**
 * The graph: nodes by id, and the lookups that other rooms need in O(1). It depends only on the present nodes. Every index
 * tolerates an edge whose other end does not exist (yet), so the order in which nodes are added and removed does not matter.
 *
 *   project ── network ◁── port ◁── vnic ◁── binding ──▷ hypervisor
 *                 └──────── placement of the port ──────────┘
 *
 * A graph may be a layer in front of another graph. Changes of the layer leave the graph below unchanged. They cost as much as
 * the nodes that they touch, however large that graph is.
 */
import { Addresses } from './addresses.ts'
import type { GraphReader, Keyed } from './graph-reader.ts'
import type { HypervisorId, Key, NetworkId, PortId, ProjectId, VnicId } from './ids.ts'
import { LayeredMap, type WritableMap } from './layered-map.ts'
import { LayeredSet, type WritableSet } from './layered-set.ts'
import type { Address, Binding, Contest, Hypervisor, Network, Port, Segment, Vnic } from './model.ts'
import { Multimap, type ReadonlyMultimap } from './multimap.ts'
import { type Attachment, type Carrier, type Place, type Placement, Places } from './placement.ts'

export type { Attachment, Place, Placement }

export class Graph implements GraphReader {
  readonly networks: WritableMap<NetworkId, Network>
  readonly ports: WritableMap<PortId, Port>
  readonly vnics: WritableMap<VnicId, Vnic>
  readonly bindings: WritableMap<VnicId, Binding>
  readonly contests: WritableMap<VnicId, Contest>
  readonly hypervisors: WritableMap<HypervisorId, Hypervisor>
  readonly segments: WritableMap<string, Segment>
  readonly addresses: Addresses
  readonly byKey: WritableMap<Key, Keyed>
  readonly networksOfProject: Multimap<ProjectId, NetworkId>
  readonly portsOfProject: Multimap<ProjectId, PortId>
  readonly vnicsOfProject: Multimap<ProjectId, VnicId>
  readonly sharedNetworks: WritableSet<NetworkId>
  readonly portsOfNetwork: Multimap<NetworkId, PortId>
  readonly vnicsOnHypervisor: Multimap<HypervisorId, VnicId>
  readonly contestsOf: Multimap<HypervisorId, VnicId>
  readonly vnicsMigratingTo: Multimap<HypervisorId, VnicId>
  readonly vnicsPinnedTo: Multimap<HypervisorId, VnicId>
  readonly sitesOf: Multimap<NetworkId, PortId>
  readonly segmentsHeldBy: Multimap<HypervisorId, string>
  readonly segmentParts: Multimap<string, string>
  readonly freeSegments: Multimap<string, string>
  readonly segmentsLeftBy: Multimap<ProjectId, string>
  readonly #addresses: WritableMap<string, Address>
  readonly #places: Places
  /** Tunnel addresses by family: of all hypervisors, and of those that have had a VNIC. */
  readonly #tunnels: Tunnels
  readonly #usedTunnels: Tunnels

  /** @param below if given, this graph is a layer in front of it; it must not change while the layer is in use */
  constructor(below?: Graph) {
    const map = <K, V>(its: WritableMap<K, V> | undefined): WritableMap<K, V> => (its ? new LayeredMap(its) : new Map())
    this.networks = map(below?.networks)
    this.ports = map(below?.ports)
    this.vnics = map(below?.vnics)
    this.bindings = map(below?.bindings)
    this.contests = map(below?.contests)
    this.hypervisors = map(below?.hypervisors)
    this.segments = map(below?.segments)
    this.byKey = map(below?.byKey)
    this.#addresses = map(below ? below.#addresses : undefined)
    this.addresses = new Addresses(below?.addresses)
    this.networksOfProject = new Multimap(below?.networksOfProject)
    this.portsOfProject = new Multimap(below?.portsOfProject)
    this.vnicsOfProject = new Multimap(below?.vnicsOfProject)
    this.sharedNetworks = below ? new LayeredSet(below.sharedNetworks) : new Set()
    this.portsOfNetwork = new Multimap(below?.portsOfNetwork)
    this.vnicsOnHypervisor = new Multimap(below?.vnicsOnHypervisor)
    this.contestsOf = new Multimap(below?.contestsOf)
    this.vnicsMigratingTo = new Multimap(below?.vnicsMigratingTo)
    this.vnicsPinnedTo = new Multimap(below?.vnicsPinnedTo)
    this.sitesOf = new Multimap(below?.sitesOf)
    this.segmentsHeldBy = new Multimap(below?.segmentsHeldBy)
    this.segmentParts = new Multimap(below?.segmentParts)
    this.freeSegments = new Multimap(below?.freeSegments)
    this.segmentsLeftBy = new Multimap(below?.segmentsLeftBy)
    this.#places = new Places(this, below ? below.#places : undefined)
    this.#tunnels = below ? { ...below.#tunnels } : { ipv4: 0, ipv6: 0 }
    this.#usedTunnels = below ? { ...below.#usedTunnels } : { ipv4: 0, ipv6: 0 }
  }

  vnicOf(port: PortId): Vnic | undefined {
    return this.#places.vnicOf(port)
  }

  carrierOf(port: PortId): Carrier | undefined {
    return this.#places.carrierOf(port)
  }

  attachmentOf(port: PortId): Attachment | undefined {
    return this.#places.attachmentOf(port)
  }

  portsOf(vnic: Pick<Vnic, 'portId'>): Generator<PortId> {
    return this.#places.portsOf(vnic)
  }

  placement(port: PortId): Placement | undefined {
    return this.#places.placement(port)
  }

  expected(port: PortId): Placement | undefined {
    return this.#places.expected(port)
  }

  placesOf(port: PortId): Generator<Place> {
    return this.#places.placesOf(port)
  }

  get portsOn(): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#places.on
  }

  networksOn(hypervisor: HypervisorId): ReadonlyMultimap<NetworkId, PortId> {
    return this.#places.networksOn(hypervisor)
  }

  members(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#places.members(network)
  }

  unknownFlooders(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#places.unknownFlooders(network)
  }

  borrowers(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#places.borrowers(network)
  }

  rateLimited(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#places.rateLimited(network)
  }

  carried(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#places.carried(network)
  }

  knowsRemote({ id, mesh }: Network, hypervisor: HypervisorId): boolean {
    return (mesh ? this.members(id) : this.unknownFlooders(id)).has(hypervisor)
  }

  get hasIpv6Tunnels(): boolean {
    const used = this.#usedTunnels
    const { ipv4, ipv6 } = used.ipv4 + used.ipv6 > 0 ? used : this.#tunnels
    return ipv6 > 1 || (ipv4 === 0 && ipv6 === 1)
  }

  setNetwork(id: NetworkId, to: Network | null): Network | null {
    const from = swap(this.networks, id, to)
    this.#index(from, to, 'network')
    own(this.networksOfProject, id, from, to)
    if (to?.shared) this.sharedNetworks.add(id)
    else this.sharedNetworks.delete(id)
    return from
  }

  setPort(id: PortId, to: Port | null): Port | null {
    const from = swap(this.ports, id, to)
    this.#index(from, to, 'port')
    own(this.portsOfProject, id, from, to)
    if (from?.networkId && from.networkId !== to?.networkId) this.portsOfNetwork.delete(from.networkId, id)
    if (to?.networkId) this.portsOfNetwork.add(to.networkId, id)
    if (from?.networkId && from.hypervisor !== null) this.sitesOf.delete(from.networkId, id)
    if (to?.networkId && to.hypervisor !== null) this.sitesOf.add(to.networkId, id)
    this.#places.notePort(id, from, to)
    return from
  }

  setVnic(id: VnicId, to: Vnic | null): Vnic | null {
    const from = swap(this.vnics, id, to)
    this.#index(from, to, 'vnic')
    own(this.vnicsOfProject, id, from, to)
    if (from?.migratesTo) this.vnicsMigratingTo.delete(from.migratesTo, id)
    if (to?.migratesTo) this.vnicsMigratingTo.add(to.migratesTo, id)
    if (from?.requestedHypervisor) this.vnicsPinnedTo.delete(from.requestedHypervisor, id)
    if (to?.requestedHypervisor) this.vnicsPinnedTo.add(to.requestedHypervisor, id)
    this.#places.noteVnic(id, from, to)
    return from
  }

  setBinding(id: VnicId, to: Binding | null): Binding | null {
    const from = swap(this.bindings, id, to)
    if (from) this.vnicsOnHypervisor.delete(from.hypervisor, id)
    if (to) this.vnicsOnHypervisor.add(to.hypervisor, id)
    this.#places.noteClaims(id)
    return from
  }

  setContest(id: VnicId, to: Contest | null): Contest | null {
    const from = swap(this.contests, id, to)
    for (const { hypervisor } of from?.claims ?? []) this.contestsOf.delete(hypervisor, id)
    for (const { hypervisor } of to?.claims ?? []) this.contestsOf.add(hypervisor, id)
    this.#places.noteClaims(id)
    return from
  }

  setHypervisor(id: HypervisorId, to: Hypervisor | null): Hypervisor | null {
    const from = swap(this.hypervisors, id, to)
    this.#index(from, to, 'hypervisor')
    this.#countTunnels(from, -1)
    this.#countTunnels(to, 1)
    return from
  }

  setSegment(id: string, to: Segment | null): Segment | null {
    const from = swap(this.segments, id, to)
    for (const hypervisor of from?.holders ?? []) this.segmentsHeldBy.delete(hypervisor, id)
    for (const hypervisor of to?.holders ?? []) this.segmentsHeldBy.add(hypervisor, id)
    if (from?.partOf) this.segmentParts.delete(from.partOf, id)
    if (to?.partOf && isTaken(to)) this.segmentParts.add(to.partOf, id)
    if (to && !isTaken(to)) this.freeSegments.add(kindOf(id), id)
    else this.freeSegments.delete(kindOf(id), id)
    if (from?.project) this.segmentsLeftBy.delete(from.project, id)
    if (to?.project && to.owner === null && isTaken(to)) this.segmentsLeftBy.add(to.project, id)
    return from
  }

  setAddress(id: string, to: Address | null): Address | null {
    const from = swap(this.#addresses, id, to)
    this.addresses.note(from, to)
    return from
  }

  #countTunnels(of: Hypervisor | null, by: 1 | -1): void {
    if (!of?.encapIp) return
    const family = of.encapIp.includes(':') ? 'ipv6' : 'ipv4'
    this.#tunnels[family] += by
    if (of.hadVnic) this.#usedTunnels[family] += by
  }

  #index(from: { id: string; key: Key } | null, to: { id: string; key: Key } | null, kind: Keyed['kind']): void {
    if (from && from.key !== to?.key) this.byKey.delete(from.key)
    if (to) this.byKey.set(to.key, { kind, id: to.id } as Keyed)
  }
}

interface Tunnels {
  ipv4: number
  ipv6: number
}

/** Does the segment have an owner, or may a hypervisor still have rules for it? */
export const isTaken = ({ owner, holders }: Segment): boolean => owner !== null || holders.length > 0

/** What the names of segments of one kind begin with: `vlan`, `vxlan`. */
export const kindOf = (segment: string): string => segment.slice(0, Math.max(segment.indexOf('/'), 0))

/** Nodes sorted by key, which is the order of creation. */
export function inOrder<Id, Node extends { readonly key: Key }>(
  ids: Iterable<Id>,
  nodes: ReadonlyMap<Id, Node>,
): readonly Node[] {
  const found: Node[] = []
  for (const id of ids) {
    const node = nodes.get(id)
    if (node) found.push(node)
  }
  // Nearly always they are sorted already. Then this check costs one comparison for each node.
  return found.sort((a, b) => a.key - b.key)
}

function swap<K, V>(map: WritableMap<K, V>, key: K, to: V | null): V | null {
  const from = map.get(key) ?? null
  if (to === null) map.delete(key)
  else map.set(key, to)
  return from
}

interface Owned {
  readonly project: ProjectId
}

/** Keeps the set of a project; an update leaves the node at its position in the set. */
function own<Id>(sets: Multimap<ProjectId, Id>, id: Id, from: Owned | null, to: Owned | null): void {
  if (from && from.project !== to?.project) sets.delete(from.project, id)
  if (to) sets.add(to.project, id)
}
