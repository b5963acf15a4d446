/**
 * The graph: nodes by id, and the lookups that the rest needs in O(1). It is a function of the present nodes alone: every
 * index tolerates an edge whose other end is not there (yet), so the order in which nodes come and go does not matter.
 *
 *   project ── network ◁── port ◁── vnic ◁── binding ──▷ hypervisor
 *                 └──────── placement of the port ──────────┘
 */

import { Addresses } from './addresses.ts'
import type { HypervisorId, Key, NetworkId, PortId, ProjectId, VnicId } from './ids.ts'
import type { Address, Binding, Hypervisor, Network, Port, Segment, Vnic } from './model.ts'
import { Multimap } from './multimap.ts'
import { type Attachment, type Carrier, type Place, type Placement, Places } from './placement.ts'

export type { Attachment, Place, Placement }

/** What a key stands for. */
export type Keyed =
  | { readonly kind: 'network'; readonly id: NetworkId }
  | { readonly kind: 'port'; readonly id: PortId }
  | { readonly kind: 'vnic'; readonly id: VnicId }
  | { readonly kind: 'hypervisor'; readonly id: HypervisorId }

export class Graph {
  readonly networks = new Map<NetworkId, Network>()
  readonly ports = new Map<PortId, Port>()
  readonly vnics = new Map<VnicId, Vnic>()
  readonly bindings = new Map<VnicId, Binding>()
  readonly hypervisors = new Map<HypervisorId, Hypervisor>()
  readonly segments = new Map<string, Segment>()
  readonly #addresses = new Map<string, Address>()
  readonly addresses = new Addresses()

  readonly byKey = new Map<Key, Keyed>()
  /** What is of a project; `inOrder` gives it in the order of creation. */
  readonly networksOfProject = new Multimap<ProjectId, NetworkId>()
  readonly portsOfProject = new Multimap<ProjectId, PortId>()
  readonly vnicsOfProject = new Multimap<ProjectId, VnicId>()
  readonly sharedNetworks = new Set<NetworkId>()

  readonly portsOfNetwork = new Multimap<NetworkId, PortId>()
  readonly vnicsOnHypervisor = new Multimap<HypervisorId, VnicId>()
  readonly vnicsMigratingTo = new Multimap<HypervisorId, VnicId>()
  /** The ports of a network that lead to remote sites. */
  readonly sitesOf = new Multimap<NetworkId, PortId>()
  readonly segmentsHeldBy = new Multimap<HypervisorId, string>()
  /** The segments that are parts of another one, owned or held. */
  readonly segmentParts = new Multimap<string, string>()

  readonly #places = new Places(this)
  #ipv6Tunnels = 0

  /** The VNIC plugged into a port. Were there two, which no operation makes, the older one. */
  vnicOf(port: PortId): Vnic | undefined {
    return this.#places.vnicOf(port)
  }

  /** The port whose trunk carries this one, and the tag. */
  carrierOf(port: PortId): Carrier | undefined {
    return this.#places.carrierOf(port)
  }

  /** Whatever the administrative state of these ports. */
  attachmentOf(port: PortId): Attachment | undefined {
    return this.#places.attachmentOf(port)
  }

  /** The port that a VNIC is plugged into, and those that its trunk carries. */
  portsOf(vnic: Pick<Vnic, 'portId'>): Generator<PortId> {
    return this.#places.portsOf(vnic)
  }

  placement(port: PortId): Placement | undefined {
    return this.#places.placement(port)
  }

  /** Where a port is, and where it is expected: two hypervisors at most. */
  placesOf(port: PortId): Generator<Place> {
    return this.#places.placesOf(port)
  }

  /** The ports that have their place on a hypervisor, or are expected there. */
  get portsOn(): Multimap<HypervisorId, PortId> {
    return this.#places.on
  }

  /** The networks with ports that are placed or expected on a hypervisor -> those ports, administratively down ones too. */
  networksOn(hypervisor: HypervisorId): Multimap<NetworkId, PortId> {
    return this.#places.networksOn(hypervisor)
  }

  /** Where a network has members: hypervisor -> its ports there that are placed or expected, and administratively up. */
  members(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#places.members(network)
  }

  /** The same of those that ask for frames to unknown addresses. */
  unknownFlooders(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#places.unknownFlooders(network)
  }

  /** The same of those that have a limit of what they receive. */
  rateLimited(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#places.rateLimited(network)
  }

  /** The same of those that trunks carry. */
  carried(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#places.carried(network)
  }

  /**
   * Does a hypervisor need to know the members of a network on others? On a mesh all that have members do; on a physical
   * network those with members that ask for frames to unknown addresses, which such a frame is not.
   */
  knowsRemote({ id, mesh }: Network, hypervisor: HypervisorId): boolean {
    return (mesh ? this.members(id) : this.unknownFlooders(id)).has(hypervisor)
  }

  /** Has any hypervisor a tunnel address of IPv6? */
  get hasIpv6Tunnels(): boolean {
    return this.#ipv6Tunnels > 0
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
    this.#places.noteVnic(id, from, to)
    return from
  }

  setBinding(id: VnicId, to: Binding | null): Binding | null {
    const from = swap(this.bindings, id, to)
    if (from) this.vnicsOnHypervisor.delete(from.hypervisor, id)
    if (to) this.vnicsOnHypervisor.add(to.hypervisor, id)
    this.#places.noteBinding(id)
    return from
  }

  setHypervisor(id: HypervisorId, to: Hypervisor | null): Hypervisor | null {
    const from = swap(this.hypervisors, id, to)
    this.#index(from, to, 'hypervisor')
    if (from?.encapIp?.includes(':')) this.#ipv6Tunnels -= 1
    if (to?.encapIp?.includes(':')) this.#ipv6Tunnels += 1
    return from
  }

  setSegment(id: string, to: Segment | null): Segment | null {
    const from = swap(this.segments, id, to)
    for (const hypervisor of from?.holders ?? []) this.segmentsHeldBy.delete(hypervisor, id)
    for (const hypervisor of to?.holders ?? []) this.segmentsHeldBy.add(hypervisor, id)
    if (from?.partOf) this.segmentParts.delete(from.partOf, id)
    if (to?.partOf && isTaken(to)) this.segmentParts.add(to.partOf, id)
    return from
  }

  setAddress(id: string, to: Address | null): Address | null {
    const from = swap(this.#addresses, id, to)
    this.addresses.note(from, to)
    return from
  }

  #index(from: { id: string; key: Key } | null, to: { id: string; key: Key } | null, kind: Keyed['kind']): void {
    if (from && from.key !== to?.key) this.byKey.delete(from.key)
    if (to) this.byKey.set(to.key, { kind, id: to.id } as Keyed)
  }
}

/** Is a segment somebody's, or may a hypervisor still hold rules for it? */
export const isTaken = ({ owner, holders }: Segment): boolean => owner !== null || holders.length > 0

/** Nodes in the order of their keys, which is that of creation. */
export function inOrder<Id, Node extends { readonly key: Key }>(
  ids: Iterable<Id>,
  nodes: ReadonlyMap<Id, Node>,
): readonly Node[] {
  const found: Node[] = []
  for (const id of ids) {
    const node = nodes.get(id)
    if (node) found.push(node)
  }
  // Nearly always they are in order already, and then it is one look at each.
  return found.sort((a, b) => a.key - b.key)
}

function swap<K, V>(map: Map<K, V>, key: K, to: V | null): V | null {
  const from = map.get(key) ?? null
  if (to === null) map.delete(key)
  else map.set(key, to)
  return from
}

interface Owned {
  readonly project: ProjectId
}

/** Keep a project's set; an update leaves the node at its place in it. */
function own<Id>(sets: Multimap<ProjectId, Id>, id: Id, from: Owned | null, to: Owned | null): void {
  if (from && from.project !== to?.project) sets.delete(from.project, id)
  if (to) sets.add(to.project, id)
}
