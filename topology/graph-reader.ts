/** The graph as everybody sees it who may not change it: engines, features, the compiler of rules, the views of the API. */
import type { AddressesReader } from './addresses.ts'
import type { HypervisorId, Key, NetworkId, PortId, ProjectId, VnicId } from './ids.ts'
import type { Binding, Hypervisor, Network, Port, Segment, Vnic } from './model.ts'
import type { ReadonlyMultimap } from './multimap.ts'
import type { Attachment, Carrier, Place, Placement } from './placement.ts'

/** What a key stands for. */
export type Keyed =
  | { readonly kind: 'network'; readonly id: NetworkId }
  | { readonly kind: 'port'; readonly id: PortId }
  | { readonly kind: 'vnic'; readonly id: VnicId }
  | { readonly kind: 'hypervisor'; readonly id: HypervisorId }

export interface GraphReader {
  readonly networks: ReadonlyMap<NetworkId, Network>
  readonly ports: ReadonlyMap<PortId, Port>
  readonly vnics: ReadonlyMap<VnicId, Vnic>
  readonly bindings: ReadonlyMap<VnicId, Binding>
  readonly hypervisors: ReadonlyMap<HypervisorId, Hypervisor>
  readonly segments: ReadonlyMap<string, Segment>
  readonly addresses: AddressesReader

  readonly byKey: ReadonlyMap<Key, Keyed>
  /** The objects of a project; `inOrder` gives them in the order of their creation. */
  readonly networksOfProject: ReadonlyMultimap<ProjectId, NetworkId>
  readonly portsOfProject: ReadonlyMultimap<ProjectId, PortId>
  readonly vnicsOfProject: ReadonlyMultimap<ProjectId, VnicId>
  readonly sharedNetworks: ReadonlySet<NetworkId>

  readonly portsOfNetwork: ReadonlyMultimap<NetworkId, PortId>
  readonly vnicsOnHypervisor: ReadonlyMultimap<HypervisorId, VnicId>
  readonly vnicsMigratingTo: ReadonlyMultimap<HypervisorId, VnicId>
  /** The ports of a network that lead to remote sites. */
  readonly sitesOf: ReadonlyMultimap<NetworkId, PortId>
  readonly segmentsHeldBy: ReadonlyMultimap<HypervisorId, string>
  /** The parts of a segment that have an owner or holders. */
  readonly segmentParts: ReadonlyMultimap<string, string>
  /** The ports that are placed on a hypervisor or expected there. */
  readonly portsOn: ReadonlyMultimap<HypervisorId, PortId>

  /** The VNIC plugged into a port. If there were two, which no operation makes, the older one. */
  vnicOf(port: PortId): Vnic | undefined
  /** The port whose trunk carries this one, and its tag there. */
  carrierOf(port: PortId): Carrier | undefined
  /** The VNIC whose frames a port has, whatever the administrative state of the ports in between. */
  attachmentOf(port: PortId): Attachment | undefined
  /** The port that a VNIC is plugged into, and the ports that its trunk carries. */
  portsOf(vnic: Pick<Vnic, 'portId'>): Iterable<PortId>
  placement(port: PortId): Placement | undefined
  /** Where a port is, and where it is expected: two hypervisors at most. */
  placesOf(port: PortId): Iterable<Place>
  /** The networks with ports on a hypervisor, placed or expected -> those ports, administratively down ones too. */
  networksOn(hypervisor: HypervisorId): ReadonlyMultimap<NetworkId, PortId>
  /** The members of a network: hypervisor -> the ports placed or expected there that are administratively up. */
  members(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId>
  /** The members of a network that want frames to unknown addresses, by hypervisor. */
  unknownFlooders(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId>
  /** The members of a network with an ingress rate limit, by hypervisor. */
  rateLimited(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId>
  /** The members of a network that a trunk carries, by hypervisor. */
  carried(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId>
  /**
   * Does a hypervisor need to know the members of a network on other hypervisors? In a mesh it does if it has members itself;
   * in other networks only if one of its members wants frames to unknown addresses, since those to known ones must not be
   * flooded to it.
   */
  knowsRemote(network: Network, hypervisor: HypervisorId): boolean
  /** Does any hypervisor have an IPv6 tunnel address? */
  readonly hasIpv6Tunnels: boolean
}
