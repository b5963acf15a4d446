/**
 * The graph: nodes by id, and the lookups that the rest needs in O(1). It is a function of the present nodes alone: every
 * index tolerates an edge whose other end is not there (yet), so the order in which nodes come and go does not matter.
 *
 *   project ── network ◁── port ◁── vnic ◁── binding ──▷ hypervisor
 *                 └──────── placement of the port ──────────┘
 */

import { Addresses } from './addresses.ts'
import type { HypervisorId, Key, NetworkId, PortId, ProjectId, VnicId } from './ids.ts'
import { Multimap } from './multimap.ts'
import type { Address, Binding, Hypervisor, Network, Port, Segment, Vnic } from './nodes.ts'

/**
 * A port whose VNIC has its interface on a switch, which has given it a number; or one that leads to a remote site there, with
 * neither.
 */
export interface Placement {
  readonly port: Port
  readonly vnic: Vnic | null
  /** The port that the VNIC is plugged into: this one, or the one whose trunk carries it. */
  readonly carrier: Port
  /** What tells its frames from the others of its VNIC; null for those of the port that the VNIC is plugged into. */
  readonly tag: number | null
  readonly hypervisor: HypervisorId
  readonly ofport: number | null
}

/** Whose frames a port has: those of the VNIC in it, or under a tag those of the VNIC in the port whose trunk carries it. */
export interface Seat {
  readonly vnic: Vnic
  readonly carrier: Port
  readonly tag: number | null
}

/** A hypervisor at which a port has its place, or is expected. */
export interface Place {
  readonly port: Port
  readonly carrier: Port
  readonly tag: number | null
  readonly hypervisor: HypervisorId
}

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
  /** The ports that have their place on a hypervisor, or are expected there. */
  readonly portsOn = new Multimap<HypervisorId, PortId>()
  /** The ports of a network that lead to remote sites. */
  readonly sitesOf = new Multimap<NetworkId, PortId>()
  readonly segmentsHeldBy = new Multimap<HypervisorId, string>()
  /** The segments that are parts of another one, owned or held. */
  readonly segmentParts = new Multimap<string, string>()

  #ipv6Tunnels = 0
  readonly #vnicsOfPort = new Multimap<PortId, VnicId>()
  /** sub-port -> the port whose trunk carries it -> the tag. Were there two such, which no operation makes, the older one counts. */
  readonly #carriers = new Map<PortId, Map<PortId, number>>()
  readonly #placements = new Map<PortId, Placement>()
  /** Where a port is expected to be soon, and is not now. */
  readonly #expected = new Map<PortId, Place>()
  /** network -> hypervisor -> the ports there that take part: placed or expected, and administratively up */
  readonly #members = new Map<NetworkId, Multimap<HypervisorId, PortId>>()
  /** network -> hypervisor -> those of the members that ask for frames to unknown addresses */
  readonly #askers = new Map<NetworkId, Multimap<HypervisorId, PortId>>()
  /** network -> hypervisor -> those of the members that have a limit of what they receive */
  readonly #slowed = new Map<NetworkId, Multimap<HypervisorId, PortId>>()
  /** network -> hypervisor -> those of the members that trunks carry */
  readonly #carried = new Map<NetworkId, Multimap<HypervisorId, PortId>>()
  readonly #placedNetworks = new Map<HypervisorId, Multimap<NetworkId, PortId>>()

  /** The VNIC plugged into a port. Were there two, which no operation makes, the older one. */
  vnicOf(port: PortId): Vnic | undefined {
    let first: Vnic | undefined
    for (const id of this.#vnicsOfPort.get(port)) {
      const vnic = this.vnics.get(id)
      if (vnic && (!first || vnic.key < first.key)) first = vnic
    }
    return first
  }

  /** The port whose trunk carries this one, and the tag. */
  carrierOf(port: PortId): { readonly port: Port; readonly tag: number } | undefined {
    let first: { readonly port: Port; readonly tag: number } | undefined
    for (const [id, tag] of this.#carriers.get(port) ?? []) {
      const carrier = this.ports.get(id)
      if (carrier && (!first || carrier.key < first.port.key)) first = { port: carrier, tag }
    }
    return first
  }

  /** Whatever the administrative state of these ports. */
  seatOf(id: PortId): Seat | undefined {
    const [own, port] = [this.vnicOf(id), this.ports.get(id)]
    if (own && port) return { vnic: own, carrier: port, tag: null }
    const carrier = this.carrierOf(id)
    const vnic = carrier && this.vnicOf(carrier.port.id)
    return port && vnic && { vnic, carrier: carrier.port, tag: carrier.tag }
  }

  /** The port that a VNIC is plugged into, and those that its trunk carries. */
  *portsOf({ portId }: Pick<Vnic, 'portId'>): Generator<PortId> {
    if (!portId) return
    yield portId
    for (const sub of this.ports.get(portId)?.trunk ?? []) yield sub.portId
  }

  placement(port: PortId): Placement | undefined {
    return this.#placements.get(port)
  }

  /** Where a port is, and where it is expected: two hypervisors at most. */
  *placesOf(port: PortId): Generator<Place> {
    const places = [this.#placements.get(port), this.#expected.get(port)]
    for (const place of places) if (place) yield place
  }

  /** Where a network has members: hypervisor -> its ports there that are placed or expected, and administratively up. */
  members(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#members.get(network) ?? Multimap.empty()
  }

  /** The same of those that ask for frames to unknown addresses. */
  askers(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#askers.get(network) ?? Multimap.empty()
  }

  /** The same of those that have a limit of what they receive. */
  slowed(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#slowed.get(network) ?? Multimap.empty()
  }

  /** The same of those that trunks carry. */
  carried(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#carried.get(network) ?? Multimap.empty()
  }

  /**
   * Does a hypervisor need to know the members of a network on others? On a mesh all that have members do; on a physical
   * network those with members that ask for frames to unknown addresses, which such a frame is not.
   */
  knowsRemote({ id, mesh }: Network, hypervisor: HypervisorId): boolean {
    return (mesh ? this.members(id) : this.askers(id)).has(hypervisor)
  }

  /** The networks with ports that are placed or expected on a hypervisor -> those ports, administratively down ones too. */
  networksOn(hypervisor: HypervisorId): Multimap<NetworkId, PortId> {
    return this.#placedNetworks.get(hypervisor) ?? Multimap.empty()
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
    for (const { portId } of from?.trunk ?? []) this.#release(portId, id)
    for (const { portId, vlanId } of to?.trunk ?? []) this.#carry(portId, id, vlanId)
    this.#place(id)
    for (const { portId } of [...(from?.trunk ?? []), ...(to?.trunk ?? [])]) this.#place(portId)
    return from
  }

  setVnic(id: VnicId, to: Vnic | null): Vnic | null {
    const from = swap(this.vnics, id, to)
    this.#index(from, to, 'vnic')
    own(this.vnicsOfProject, id, from, to)
    if (from?.portId) this.#vnicsOfPort.delete(from.portId, id)
    if (to?.portId) this.#vnicsOfPort.add(to.portId, id)
    if (from?.migratesTo) this.vnicsMigratingTo.delete(from.migratesTo, id)
    if (to?.migratesTo) this.vnicsMigratingTo.add(to.migratesTo, id)
    for (const port of this.portsOf(from ?? NOWHERE)) this.#place(port)
    if (to?.portId !== from?.portId) for (const port of this.portsOf(to ?? NOWHERE)) this.#place(port)
    return from
  }

  setBinding(id: VnicId, to: Binding | null): Binding | null {
    const from = swap(this.bindings, id, to)
    if (from) this.vnicsOnHypervisor.delete(from.hypervisor, id)
    if (to) this.vnicsOnHypervisor.add(to.hypervisor, id)
    for (const port of this.portsOf(this.vnics.get(id) ?? NOWHERE)) this.#place(port)
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

  /** Find anew where a port is and is expected, and let the member indexes follow. */
  #place(id: PortId): void {
    for (const place of this.placesOf(id)) this.#forget(place)
    const [placement, expected] = [this.#find(id), this.#expect(id)]
    put(this.#placements, id, placement)
    put(this.#expected, id, expected?.hypervisor === placement?.hypervisor ? undefined : expected)
    for (const place of this.placesOf(id)) this.#note(place)
  }

  #find(id: PortId): Placement | undefined {
    const port = this.ports.get(id)
    if (port?.hypervisor) {
      return { port, vnic: null, carrier: port, tag: null, hypervisor: port.hypervisor, ofport: null }
    }
    const seat = this.#seatInUse(id)
    if (!port || !seat) return undefined
    const binding = this.bindings.get(seat.vnic.id)
    if (!binding?.ofport) return undefined
    return { port, ...seat, hypervisor: binding.hypervisor, ofport: binding.ofport }
  }

  #expect(id: PortId): Place | undefined {
    const [port, seat] = [this.ports.get(id), this.#seatInUse(id)]
    const hypervisor = seat?.vnic.migratesTo
    return port && hypervisor ? { port, carrier: seat.carrier, tag: seat.tag, hypervisor } : undefined
  }

  /** A port that is administratively down carries no others. */
  #seatInUse(id: PortId): Seat | undefined {
    const seat = this.seatOf(id)
    return seat && (seat.tag === null || seat.carrier.adminUp) ? seat : undefined
  }

  #carry(port: PortId, carrier: PortId, tag: number): void {
    const carriers = this.#carriers.get(port) ?? new Map<PortId, number>()
    this.#carriers.set(port, carriers.set(carrier, tag))
  }

  #release(port: PortId, carrier: PortId): void {
    const carriers = this.#carriers.get(port)
    carriers?.delete(carrier)
    if (carriers?.size === 0) this.#carriers.delete(port)
  }

  #note({ port, carrier, tag, hypervisor }: Place): void {
    this.portsOn.add(hypervisor, port.id)
    if (!port.networkId) return
    nested(this.#placedNetworks, hypervisor).add(port.networkId, port.id)
    if (!port.adminUp) return
    nested(this.#members, port.networkId).add(hypervisor, port.id)
    if (port.asksForUnknown) nested(this.#askers, port.networkId).add(hypervisor, port.id)
    if (isSlowed(carrier)) nested(this.#slowed, port.networkId).add(hypervisor, port.id)
    if (tag !== null) nested(this.#carried, port.networkId).add(hypervisor, port.id)
  }

  #forget({ port, carrier, tag, hypervisor }: Place): void {
    this.portsOn.delete(hypervisor, port.id)
    if (!port.networkId) return
    unnest(this.#placedNetworks, hypervisor, port.networkId, port.id)
    if (!port.adminUp) return
    unnest(this.#members, port.networkId, hypervisor, port.id)
    if (port.asksForUnknown) unnest(this.#askers, port.networkId, hypervisor, port.id)
    if (isSlowed(carrier)) unnest(this.#slowed, port.networkId, hypervisor, port.id)
    if (tag !== null) unnest(this.#carried, port.networkId, hypervisor, port.id)
  }

  #index(from: { id: string; key: Key } | null, to: { id: string; key: Key } | null, kind: Keyed['kind']): void {
    if (from && from.key !== to?.key) this.byKey.delete(from.key)
    if (to) this.byKey.set(to.key, { kind, id: to.id } as Keyed)
  }
}

const NOWHERE = { portId: null }

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

const isSlowed = ({ rateLimit }: Port): boolean => (rateLimit?.ingressKbps ?? null) !== null

function swap<K, V>(map: Map<K, V>, key: K, to: V | null): V | null {
  const from = map.get(key) ?? null
  if (to === null) map.delete(key)
  else map.set(key, to)
  return from
}

function put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

interface Owned {
  readonly project: ProjectId
}

/** Keep a project's set; an update leaves the node at its place in it. */
function own<Id>(sets: Multimap<ProjectId, Id>, id: Id, from: Owned | null, to: Owned | null): void {
  if (from && from.project !== to?.project) sets.delete(from.project, id)
  if (to) sets.add(to.project, id)
}

function nested<A, B, C>(map: Map<A, Multimap<B, C>>, key: A): Multimap<B, C> {
  const inner = map.get(key) ?? new Multimap<B, C>()
  map.set(key, inner)
  return inner
}

function unnest<A, B, C>(map: Map<A, Multimap<B, C>>, outer: A, key: B, value: C): void {
  const inner = map.get(outer)
  inner?.delete(key, value)
  if (inner?.size === 0) map.delete(outer)
}
