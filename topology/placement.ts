/**
 * Where ports are: the VNIC in a port or in the one whose trunk carries it, the hypervisor that has its interface and the one
 * that it migrates to; and by network who takes part where. Found anew for each port whose nodes change.
 */

import type { HypervisorId, NetworkId, PortId, VnicId } from './ids.ts'
import type { Binding, Port, Vnic } from './model.ts'
import { Multimap } from './multimap.ts'

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
export interface Attachment {
  readonly vnic: Vnic
  readonly carrier: Port
  readonly tag: number | null
}

/** The port whose trunk carries another one, and the tag. */
export interface Carrier {
  readonly port: Port
  readonly tag: number
}

/** A hypervisor at which a port has its place, or is expected. */
export interface Place {
  readonly port: Port
  readonly carrier: Port
  readonly tag: number | null
  readonly hypervisor: HypervisorId
}

/** The nodes that say where a port is. */
interface Nodes {
  readonly ports: ReadonlyMap<PortId, Port>
  readonly vnics: ReadonlyMap<VnicId, Vnic>
  readonly bindings: ReadonlyMap<VnicId, Binding>
}

export class Places {
  /** The ports that have their place on a hypervisor, or are expected there. */
  readonly on = new Multimap<HypervisorId, PortId>()

  readonly #nodes: Nodes
  readonly #vnicsOfPort = new Multimap<PortId, VnicId>()
  /** sub-port -> the port whose trunk carries it -> the tag. Were there two such, which no operation makes, the older one counts. */
  readonly #carriers = new Map<PortId, Map<PortId, number>>()
  readonly #placements = new Map<PortId, Placement>()
  /** Where a port is expected to be soon, and is not now. */
  readonly #expected = new Map<PortId, Place>()
  /** network -> hypervisor -> the ports there that take part: placed or expected, and administratively up */
  readonly #members = new Map<NetworkId, Multimap<HypervisorId, PortId>>()
  /** network -> hypervisor -> those of the members that ask for frames to unknown addresses */
  readonly #unknownFlooders = new Map<NetworkId, Multimap<HypervisorId, PortId>>()
  /** network -> hypervisor -> those of the members that have a limit of what they receive */
  readonly #rateLimited = new Map<NetworkId, Multimap<HypervisorId, PortId>>()
  /** network -> hypervisor -> those of the members that trunks carry */
  readonly #carried = new Map<NetworkId, Multimap<HypervisorId, PortId>>()
  readonly #placedNetworks = new Map<HypervisorId, Multimap<NetworkId, PortId>>()

  constructor(nodes: Nodes) {
    this.#nodes = nodes
  }

  /** The VNIC plugged into a port. Were there two, which no operation makes, the older one. */
  vnicOf(port: PortId): Vnic | undefined {
    let first: Vnic | undefined
    for (const id of this.#vnicsOfPort.get(port)) {
      const vnic = this.#nodes.vnics.get(id)
      if (vnic && (!first || vnic.key < first.key)) first = vnic
    }
    return first
  }

  /** The port whose trunk carries this one, and the tag. */
  carrierOf(port: PortId): Carrier | undefined {
    let first: Carrier | undefined
    for (const [id, tag] of this.#carriers.get(port) ?? []) {
      const carrier = this.#nodes.ports.get(id)
      if (carrier && (!first || carrier.key < first.port.key)) first = { port: carrier, tag }
    }
    return first
  }

  /** Whatever the administrative state of these ports. */
  attachmentOf(id: PortId): Attachment | undefined {
    const [own, port] = [this.vnicOf(id), this.#nodes.ports.get(id)]
    if (own && port) return { vnic: own, carrier: port, tag: null }
    const carrier = this.carrierOf(id)
    const vnic = carrier && this.vnicOf(carrier.port.id)
    return port && vnic && { vnic, carrier: carrier.port, tag: carrier.tag }
  }

  /** The port that a VNIC is plugged into, and those that its trunk carries. */
  *portsOf({ portId }: Pick<Vnic, 'portId'>): Generator<PortId> {
    if (!portId) return
    yield portId
    for (const sub of this.#nodes.ports.get(portId)?.trunk ?? []) yield sub.portId
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
  unknownFlooders(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#unknownFlooders.get(network) ?? Multimap.empty()
  }

  /** The same of those that have a limit of what they receive. */
  rateLimited(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#rateLimited.get(network) ?? Multimap.empty()
  }

  /** The same of those that trunks carry. */
  carried(network: NetworkId): Multimap<HypervisorId, PortId> {
    return this.#carried.get(network) ?? Multimap.empty()
  }

  /** The networks with ports that are placed or expected on a hypervisor -> those ports, administratively down ones too. */
  networksOn(hypervisor: HypervisorId): Multimap<NetworkId, PortId> {
    return this.#placedNetworks.get(hypervisor) ?? Multimap.empty()
  }

  /** A port is now another; `ports` has it already. */
  notePort(id: PortId, from: Port | null, to: Port | null): void {
    for (const { portId } of from?.trunk ?? []) this.#release(portId, id)
    for (const { portId, vlanId } of to?.trunk ?? []) this.#carry(portId, id, vlanId)
    this.#place(id)
    for (const { portId } of [...(from?.trunk ?? []), ...(to?.trunk ?? [])]) this.#place(portId)
  }

  /** The same of a VNIC. */
  noteVnic(id: VnicId, from: Vnic | null, to: Vnic | null): void {
    if (from?.portId) this.#vnicsOfPort.delete(from.portId, id)
    if (to?.portId) this.#vnicsOfPort.add(to.portId, id)
    for (const port of this.portsOf(from ?? NOWHERE)) this.#place(port)
    if (to?.portId !== from?.portId) for (const port of this.portsOf(to ?? NOWHERE)) this.#place(port)
  }

  /** The same of a VNIC's binding. */
  noteBinding(id: VnicId): void {
    for (const port of this.portsOf(this.#nodes.vnics.get(id) ?? NOWHERE)) this.#place(port)
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
    const port = this.#nodes.ports.get(id)
    if (port?.hypervisor) {
      return { port, vnic: null, carrier: port, tag: null, hypervisor: port.hypervisor, ofport: null }
    }
    const seat = this.#attachmentInUse(id)
    if (!port || !seat) return undefined
    const binding = this.#nodes.bindings.get(seat.vnic.id)
    if (!binding?.ofport) return undefined
    return { port, ...seat, hypervisor: binding.hypervisor, ofport: binding.ofport }
  }

  #expect(id: PortId): Place | undefined {
    const [port, seat] = [this.#nodes.ports.get(id), this.#attachmentInUse(id)]
    const hypervisor = seat?.vnic.migratesTo
    return port && hypervisor ? { port, carrier: seat.carrier, tag: seat.tag, hypervisor } : undefined
  }

  /** A port that is administratively down carries no others. */
  #attachmentInUse(id: PortId): Attachment | undefined {
    const seat = this.attachmentOf(id)
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
    this.on.add(hypervisor, port.id)
    if (!port.networkId) return
    nested(this.#placedNetworks, hypervisor).add(port.networkId, port.id)
    if (!port.adminUp) return
    nested(this.#members, port.networkId).add(hypervisor, port.id)
    if (port.floodUnknown) nested(this.#unknownFlooders, port.networkId).add(hypervisor, port.id)
    if (isRateLimited(carrier)) nested(this.#rateLimited, port.networkId).add(hypervisor, port.id)
    if (tag !== null) nested(this.#carried, port.networkId).add(hypervisor, port.id)
  }

  #forget({ port, carrier, tag, hypervisor }: Place): void {
    this.on.delete(hypervisor, port.id)
    if (!port.networkId) return
    unnest(this.#placedNetworks, hypervisor, port.networkId, port.id)
    if (!port.adminUp) return
    unnest(this.#members, port.networkId, hypervisor, port.id)
    if (port.floodUnknown) unnest(this.#unknownFlooders, port.networkId, hypervisor, port.id)
    if (isRateLimited(carrier)) unnest(this.#rateLimited, port.networkId, hypervisor, port.id)
    if (tag !== null) unnest(this.#carried, port.networkId, hypervisor, port.id)
  }
}

const NOWHERE = { portId: null }

const isRateLimited = ({ rateLimit }: Port): boolean => (rateLimit?.ingressKbps ?? null) !== null

function put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
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
