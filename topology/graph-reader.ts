/**
 * The read-only graph, for everything that does not change it: engines, features, the compiler of rules, the views of the API.
 */
import type { AddressesReader } from './addresses.ts'
import type { HypervisorId, Key, NetworkId, PortId, ProjectId, VnicId } from './ids.ts'
import type { Binding, Contest, Hypervisor, Network, Port, Segment, Vnic } from './model.ts'
import type { ReadonlyMultimap } from './multimap.ts'
import type { Attachment, Carrier, Place, Placement } from './placement.ts'

/** The object that a key stands for. */
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
  /** The VNICs that several hypervisors claim, or one that must not have them. */
  readonly contests: ReadonlyMap<VnicId, Contest>
  readonly hypervisors: ReadonlyMap<HypervisorId, Hypervisor>
  readonly segments: ReadonlyMap<string, Segment>
  readonly addresses: AddressesReader

  readonly byKey: ReadonlyMap<Key, Keyed>
  /** The objects of a project; `inOrder` returns them in the order of their creation. */
  readonly networksOfProject: ReadonlyMultimap<ProjectId, NetworkId>
  readonly portsOfProject: ReadonlyMultimap<ProjectId, PortId>
  readonly vnicsOfProject: ReadonlyMultimap<ProjectId, VnicId>
  readonly sharedNetworks: ReadonlySet<NetworkId>

  readonly portsOfNetwork: ReadonlyMultimap<NetworkId, PortId>
  readonly vnicsOnHypervisor: ReadonlyMultimap<HypervisorId, VnicId>
  /** Those of these that a hypervisor claims. */
  readonly contestsOf: ReadonlyMultimap<HypervisorId, VnicId>
  readonly vnicsMigratingTo: ReadonlyMultimap<HypervisorId, VnicId>
  /** The VNICs that are pinned to a hypervisor, which need not exist any more. */
  readonly vnicsPinnedTo: ReadonlyMultimap<HypervisorId, VnicId>
  /** The ports of a network that lead to remote sites. */
  readonly sitesOf: ReadonlyMultimap<NetworkId, PortId>
  readonly segmentsHeldBy: ReadonlyMultimap<HypervisorId, string>
  /** The parts of a segment that have an owner or holders. */
  readonly segmentParts: ReadonlyMultimap<string, string>
  /** Segments that nobody has and for which nobody has rules, by the first part of their names: `vlan`, `vxlan`. */
  readonly freeSegments: ReadonlyMultimap<string, string>
  /** Segments without an owner for which hypervisors may still have rules, by the project of the last owner. */
  readonly segmentsLeftBy: ReadonlyMultimap<ProjectId, string>
  /** The ports that are placed on a hypervisor or expected there. */
  readonly portsOn: ReadonlyMultimap<HypervisorId, PortId>

  /** The VNIC that is plugged into a port. If there were two, which no operation creates, it is the older one. */
  vnicOf(port: PortId): Vnic | undefined
  /** The port whose trunk contains this one, and the tag of this one there. */
  carrierOf(port: PortId): Carrier | undefined
  /** The VNIC that the port's frames belong to, even if ports between them are administratively down. */
  attachmentOf(port: PortId): Attachment | undefined
  /** The port that a VNIC is plugged into, and the ports in its trunk. */
  portsOf(vnic: Pick<Vnic, 'portId'>): Iterable<PortId>
  placement(port: PortId): Placement | undefined
  /**
   * Where a port is expected: at the target of its VNIC's migration. It has a port number there if the VNIC's interface waits there
   * for the end of the migration.
   */
  expected(port: PortId): Placement | undefined
  /** The hypervisors where a port is placed or expected: at most two. */
  placesOf(port: PortId): Iterable<Place>
  /**
   * The networks with ports that are placed or expected on a hypervisor, with those ports. Administratively down ports are
   * included.
   */
  networksOn(hypervisor: HypervisorId): ReadonlyMultimap<NetworkId, PortId>
  /** The members of a network: hypervisor -> the ports that are placed or expected there and administratively up. */
  members(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId>
  /** The members of a network that get frames to unknown addresses, by hypervisor. */
  unknownFlooders(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId>
  /** The members of a network that may send as addresses of others, by hypervisor. */
  borrowers(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId>
  /** The members of a network with an ingress rate limit, by hypervisor. */
  rateLimited(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId>
  /** The members of a network that are sub-ports of trunks, by hypervisor. */
  carried(network: NetworkId): ReadonlyMultimap<HypervisorId, PortId>
  /**
   * Does a hypervisor need to know the members of a network on other hypervisors? In a mesh it does if it has members itself.
   * In other networks it does only if one of its members gets frames to unknown addresses, because frames to known addresses
   * must not be flooded to that member.
   */
  knowsRemote(network: Network, hypervisor: HypervisorId): boolean
  /**
   * May there be tunnels over IPv6? Two hypervisors with such addresses make one. A single one among others with IPv4 addresses
   * has no tunnels, and must not lower the MTU of everybody. Nor must hypervisors that never had a VNIC, if others had one.
   */
  readonly hasIpv6Tunnels: boolean
}
