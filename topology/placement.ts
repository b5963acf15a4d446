/**
 * Where ports are: the VNIC whose frames a port has (the VNIC in the port, or the one in the port whose trunk contains it), the
 * hypervisor of its interface, and the hypervisor that it migrates to; also the members of each network by hypervisor. Computed
 * again for each port whose nodes change.
 */

import type { HypervisorId, NetworkId, PortId, VnicId } from './ids.ts'
import { LayeredMap, type WritableMap } from './layered-map.ts'
import type { Binding, Contest, Port, Vnic } from './model.ts'
import { Multimap, type ReadonlyMultimap } from './multimap.ts'
import { NestedMultimap } from './nested-multimap.ts'

/**
 * A port whose VNIC has an interface with a port number on a switch. Or a port that leads to a remote site from there, with
 * neither a VNIC nor a port number.
 */
export interface Placement {
  readonly port: Port
  readonly vnic: Vnic | null
  /** The port that the VNIC is plugged into: this port, or the one whose trunk contains it. */
  readonly carrier: Port
  /** The tag of its frames on the VNIC; null for the port that the VNIC is plugged into. */
  readonly tag: number | null
  readonly hypervisor: HypervisorId
  readonly ofport: number | null
}

/** The VNIC whose frames a port has: the one in the port or, with a tag, the one in the port whose trunk contains it. */
export interface Attachment {
  readonly vnic: Vnic
  readonly carrier: Port
  readonly tag: number | null
}

/** The port whose trunk contains another port, and the tag. */
export interface Carrier {
  readonly port: Port
  readonly tag: number
}

/** A hypervisor where a port is placed or expected. */
export interface Place {
  readonly port: Port
  readonly carrier: Port
  readonly tag: number | null
  readonly hypervisor: HypervisorId
}

/** The nodes that determine where a port is. */
interface Nodes {
  readonly ports: ReadonlyMap<PortId, Port>
  readonly vnics: ReadonlyMap<VnicId, Vnic>
  readonly bindings: ReadonlyMap<VnicId, Binding>
  readonly contests: ReadonlyMap<VnicId, Contest>
}

export class Places {
  /** The ports that are placed on a hypervisor or expected there. */
  readonly on: Multimap<HypervisorId, PortId>

  readonly #nodes: Nodes
  readonly #vnicsOfPort: Multimap<PortId, VnicId>
  /**
   * sub-port -> the port whose trunk contains it -> the tag. If there were two, which no operation creates, the older one
   * counts.
   */
  readonly #carriers: WritableMap<PortId, ReadonlyMap<PortId, number>>
  readonly #attachments: WritableMap<PortId, Attachment>
  readonly #placements: WritableMap<PortId, Placement>
  /** The hypervisor where a port is expected and not placed yet, with the port number of the interface that waits there. */
  readonly #expected: WritableMap<PortId, Placement>
  /** network -> hypervisor -> the ports that are placed or expected there and administratively up */
  readonly #members: NestedMultimap<NetworkId, HypervisorId, PortId>
  /** The members that get frames to unknown addresses. */
  readonly #unknownFlooders: NestedMultimap<NetworkId, HypervisorId, PortId>
  /** The members that may send as addresses of others. */
  readonly #borrowers: NestedMultimap<NetworkId, HypervisorId, PortId>
  /** The members with an ingress rate limit. */
  readonly #rateLimited: NestedMultimap<NetworkId, HypervisorId, PortId>
  /** The members that are sub-ports of trunks. */
  readonly #carried: NestedMultimap<NetworkId, HypervisorId, PortId>
  readonly #placedNetworks: NestedMultimap<HypervisorId, NetworkId, PortId>

  /** @param below if given, the places of the graph that this graph is a layer in front of */
  constructor(nodes: Nodes, below?: Places) {
    this.#nodes = nodes
    this.on = new Multimap(below?.on)
    this.#vnicsOfPort = new Multimap(below ? below.#vnicsOfPort : undefined)
    this.#carriers = below ? new LayeredMap(below.#carriers) : new Map()
    this.#attachments = below ? new LayeredMap(below.#attachments) : new Map()
    this.#placements = below ? new LayeredMap(below.#placements) : new Map()
    this.#expected = below ? new LayeredMap(below.#expected) : new Map()
    this.#members = new NestedMultimap(below ? below.#members : undefined)
    this.#unknownFlooders = new NestedMultimap(below ? below.#unknownFlooders : undefined)
    this.#borrowers = new NestedMultimap(below ? below.#borrowers : undefined)
    this.#rateLimited = new NestedMultimap(below ? below.#rateLimited : undefined)
    this.#carried = new NestedMultimap(below ? below.#carried : undefined)
    this.#placedNetworks = new NestedMultimap(below ? below.#placedNetworks : undefined)
  }

  vnicOf(port: PortId): Vnic | undefined {
    let first: Vnic | undefined
    for (const id of this.#vnicsOfPort.get(port)) {
      const vnic = this.#nodes.vnics.get(id)
      if (vnic && (!first || vnic.key < first.key)) first = vnic
    }
    return first
  }

  carrierOf(port: PortId): Carrier | undefined {
    let first: Carrier | undefined
    for (const [id, tag] of this.#carriers.get(port) ?? []) {
      const carrier = this.#nodes.ports.get(id)
      if (carrier && (!first || carrier.key < first.port.key)) first = { port: carrier, tag }
    }
    return first
  }

  attachmentOf(id: PortId): Attachment | undefined {
    return this.#attachments.get(id)
  }

  *portsOf({ portId }: Pick<Vnic, 'portId'>): Generator<PortId> {
    if (!portId) return
    yield portId
    for (const sub of this.#nodes.ports.get(portId)?.trunk ?? []) yield sub.portId
  }

  placement(port: PortId): Placement | undefined {
    return this.#placements.get(port)
  }

  expected(port: PortId): Placement | undefined {
    return this.#expected.get(port)
  }

  *placesOf(port: PortId): Generator<Place> {
    const places = [this.#placements.get(port), this.#expected.get(port)]
    for (const place of places) if (place) yield place
  }

  members(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#members.get(network)
  }

  unknownFlooders(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#unknownFlooders.get(network)
  }

  borrowers(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#borrowers.get(network)
  }

  rateLimited(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#rateLimited.get(network)
  }

  carried(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId> {
    return this.#carried.get(network)
  }

  networksOn(hypervisor: HypervisorId): ReadonlyMultimap<NetworkId, PortId> {
    return this.#placedNetworks.get(hypervisor)
  }

  /** Called when a port has changed; the nodes already contain the new one. */
  notePort(id: PortId, from: Port | null, to: Port | null): void {
    for (const { portId } of from?.trunk ?? []) this.#release(portId, id)
    for (const { portId, vlanId } of to?.trunk ?? []) this.#carry(portId, id, vlanId)
    this.#place(id)
    for (const { portId } of [...(from?.trunk ?? []), ...(to?.trunk ?? [])]) this.#place(portId)
  }

  /** Called when a VNIC has changed; the nodes already contain the new one. */
  noteVnic(id: VnicId, from: Vnic | null, to: Vnic | null): void {
    if (from?.portId) this.#vnicsOfPort.delete(from.portId, id)
    if (to?.portId) this.#vnicsOfPort.add(to.portId, id)
    for (const port of this.portsOf(from ?? NOWHERE)) this.#place(port)
    if (to?.portId !== from?.portId) for (const port of this.portsOf(to ?? NOWHERE)) this.#place(port)
  }

  /** Called when the binding of a VNIC or the claims on it have changed; the nodes already contain the new ones. */
  noteClaims(id: VnicId): void {
    for (const port of this.portsOf(this.#nodes.vnics.get(id) ?? NOWHERE)) this.#place(port)
  }

  /** Determines where a port is placed and expected now, and updates the indexes. */
  #place(id: PortId): void {
    for (const place of this.placesOf(id)) this.#forget(place)
    put(this.#attachments, id, this.#attach(id))
    const [placement, expected] = [this.#find(id), this.#expect(id)]
    put(this.#placements, id, placement)
    put(this.#expected, id, expected?.hypervisor === placement?.hypervisor ? undefined : expected)
    for (const place of this.placesOf(id)) this.#note(place)
  }

  #attach(id: PortId): Attachment | undefined {
    const [vnic, port] = [this.vnicOf(id), this.#nodes.ports.get(id)]
    if (!port) return undefined
    if (vnic) return { vnic, carrier: port, tag: null }
    const carrier = this.carrierOf(id)
    const carried = carrier && this.vnicOf(carrier.port.id)
    return carried && { vnic: carried, carrier: carrier.port, tag: carrier.tag }
  }

  #find(id: PortId): Placement | undefined {
    const port = this.#nodes.ports.get(id)
    if (port?.hypervisor) {
      return { port, vnic: null, carrier: port, tag: null, hypervisor: port.hypervisor, ofport: null }
    }
    const attachment = this.#attachmentInUse(id)
    if (!port || !attachment) return undefined
    const binding = this.#nodes.bindings.get(attachment.vnic.id)
    if (!binding?.ofport) return undefined
    return { port, ...attachment, hypervisor: binding.hypervisor, ofport: binding.ofport }
  }

  #expect(id: PortId): Placement | undefined {
    const [port, attachment] = [this.#nodes.ports.get(id), this.#attachmentInUse(id)]
    const hypervisor = attachment?.vnic.migratesTo
    if (!port || !hypervisor) return undefined
    const claims = this.#nodes.contests.get(attachment.vnic.id)?.claims
    const ofport = claims?.find((claim) => claim.hypervisor === hypervisor)?.ofport ?? null
    return { port, ...attachment, hypervisor, ofport }
  }

  /** A port that is administratively down carries no sub-ports. */
  #attachmentInUse(id: PortId): Attachment | undefined {
    const attachment = this.attachmentOf(id)
    return attachment && (attachment.tag === null || attachment.carrier.adminUp) ? attachment : undefined
  }

  #carry(port: PortId, carrier: PortId, tag: number): void {
    this.#carriers.set(port, new Map(this.#carriers.get(port)).set(carrier, tag))
  }

  #release(port: PortId, carrier: PortId): void {
    const carriers = new Map(this.#carriers.get(port))
    carriers.delete(carrier)
    put(this.#carriers, port, carriers.size > 0 ? carriers : undefined)
  }

  #note({ port, carrier, tag, hypervisor }: Place): void {
    this.on.add(hypervisor, port.id)
    if (!port.networkId) return
    this.#placedNetworks.add(hypervisor, port.networkId, port.id)
    if (!port.adminUp) return
    this.#members.add(port.networkId, hypervisor, port.id)
    if (port.floodUnknown) this.#unknownFlooders.add(port.networkId, hypervisor, port.id)
    if (port.borrowsAddresses) this.#borrowers.add(port.networkId, hypervisor, port.id)
    if (isRateLimited(carrier)) this.#rateLimited.add(port.networkId, hypervisor, port.id)
    if (tag !== null) this.#carried.add(port.networkId, hypervisor, port.id)
  }

  #forget({ port, carrier, tag, hypervisor }: Place): void {
    this.on.delete(hypervisor, port.id)
    if (!port.networkId) return
    this.#placedNetworks.delete(hypervisor, port.networkId, port.id)
    if (!port.adminUp) return
    this.#members.delete(port.networkId, hypervisor, port.id)
    if (port.floodUnknown) this.#unknownFlooders.delete(port.networkId, hypervisor, port.id)
    if (port.borrowsAddresses) this.#borrowers.delete(port.networkId, hypervisor, port.id)
    if (isRateLimited(carrier)) this.#rateLimited.delete(port.networkId, hypervisor, port.id)
    if (tag !== null) this.#carried.delete(port.networkId, hypervisor, port.id)
  }
}

const NOWHERE = { portId: null }

const isRateLimited = ({ rateLimit }: Port): boolean => (rateLimit?.ingressKbps ?? null) !== null

function put<K, V>(map: WritableMap<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}
