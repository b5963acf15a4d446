/**
 * The nodes of the graph. Values only: a change of a node is a new value. What is written here is what the store keeps.
 */
import type { HypervisorId, Key, NetworkId, PortId, ProjectId, VnicId } from './ids.ts'

/** What an engine keeps with an object; the core carries it and never looks inside. */
export interface Attributes {
  readonly [name: string]: Attribute
}
export type Attribute = string | number | boolean | null | readonly Attribute[] | Attributes

/** What every object that the API makes has in common. */
interface Made {
  readonly key: Key
  readonly project: ProjectId
  readonly name: string
  /** Grows with every change of what was asked for; a change of status does not raise it. */
  readonly revision: number
  /** RFC 3339, UTC. */
  readonly createdAt: string
  /** The body that made it, after defaults, as canonical JSON: a repeated POST is compared with it. */
  readonly request: string
}

/** A logical layer-2 network. */
export interface Network extends Made {
  readonly id: NetworkId
  readonly engine: string
  /** Where its isolation lives on the fabric, in its engine's words: `{physical_network, vlan_id}`, `{vni}`. */
  readonly segment: Attributes
  /** The name of that segment among the graph's segments; null where the engine has none. */
  readonly segmentId: string | null
  /** What its engine keeps with it beside that. */
  readonly attributes: Attributes
  readonly shared: boolean
  /** Do the other hypervisors with members need rules for each member (overlays), or only its own (VLAN)? */
  readonly mesh: boolean
  /** Does it share rules with other networks on a hypervisor? The hypervisor is the author of those. */
  readonly hypervisorRules: boolean
}

/** Where a VNIC is plugged in, or what leads to a remote site of its network. */
export interface Port extends Made {
  readonly id: PortId
  readonly engine: string
  readonly networkId: NetworkId | null
  readonly adminUp: boolean
  /** Is it to get frames for addresses that nobody is known to have? */
  readonly floodUnknown: boolean
  /** How fast its VM may send and receive; null: as fast as it goes. */
  readonly rateLimit: RateLimit | null
  /** The ports whose frames its VNIC has too, each under a tag of its own; in the order of the tags. */
  readonly trunk: readonly SubPort[]
  /** The hypervisor where it leads to a remote site; null for one that takes a VNIC. */
  readonly hypervisor: HypervisorId | null
  /** The name of its own segment among the graph's segments; null where it has none. */
  readonly segmentId: string | null
  readonly attributes: Attributes
}

/** A port that another one's trunk carries: no VNIC is plugged into it. */
export interface SubPort {
  /** The tag of its frames between the VM and the switch, 1–4094. */
  readonly vlanId: number
  readonly portId: PortId
}

/** As the VM sees it; null of a direction: as fast as it goes. */
export interface RateLimit {
  /** Towards the VM, kilobits a second. */
  readonly ingressKbps: number | null
  /** From the VM, kilobits a second. */
  readonly egressKbps: number | null
  /** What may come at once, kilobits; null: what the rate gives in a time that is fixed. */
  readonly burstKbit: number | null
}

/** A virtual network interface of a VM. */
export interface Vnic extends Made {
  readonly id: VnicId
  readonly vmId: string | null
  readonly kind: string
  /** The port it is plugged into: the plug edge. */
  readonly portId: PortId | null
  /** The hypervisor that it is about to move to: rules are prepared there before its interface appears. */
  readonly migratesTo: HypervisorId | null
  readonly attributes: Attributes
}

/** Seen, not wanted: where the interface of a VNIC is. The last known one is durable. */
export interface Binding {
  readonly vnicId: VnicId
  readonly hypervisor: HypervisorId
  readonly bridge: string
  readonly interface: string
  /** OpenFlow port number, or null while the switch has not given one. */
  readonly ofport: number | null
}

/** Seen: a host with an Open vSwitch of ours. The last known one is durable. */
export interface Hypervisor {
  readonly id: HypervisorId
  readonly key: Key
  readonly hostname: string
  /** 16 hexadecimal digits, or null until the bridge exists. */
  readonly datapathId: string | null
  readonly ovsVersion: string
  /** physical network -> bridge */
  readonly bridgeMappings: Readonly<Record<string, string>>
  /** The address that its peers send tunnelled frames to. */
  readonly encapIp: string | null
  /** OpenFlow port numbers of the ports towards the fabric, by role: `uplink:physnet1`, `tunnel:vxlan`. */
  readonly fabric: Readonly<Record<string, number>>
  /** Why such a port is not there, by role, where it will not come by itself. */
  readonly faults: Readonly<Record<string, string>>
}

/**
 * A segment of the fabric (a VLAN id, a VNI) from its first use on. It may go to another owner only when it is freed and
 * no hypervisor can still hold rules for it.
 */
export interface Segment {
  /** The engine's name for it, unique where it must be: `vlan/physnet1/101`, `vxlan/4097`. */
  readonly id: string
  /** The segment that it is a part of, which cannot be taken as a whole as long as the part is; or null. */
  readonly partOf: string | null
  /** Key of the network or port whose it is, or null once freed. */
  readonly owner: Key | null
  /** Hypervisors that hold rules for it, or may. */
  readonly holders: readonly HypervisorId[]
  /** When it was last freed, as the key that was next by then: the one freed longest ago is used again first. */
  readonly freed: number
}

/**
 * An address that a port was given, from its first use on: one that is freed is the last to be given again.
 */
export interface Address {
  /** `<network>/<pool>/<value>` */
  readonly id: string
  readonly networkId: NetworkId
  /** Which of the network's pools it is of. */
  readonly pool: string
  /** An IPv4 address, 32 bits. */
  readonly value: number
  /** Key of the port whose it is, or null once freed. */
  readonly owner: Key | null
  /** When it was last freed, as the key that was next by then; 0 while it is somebody's. */
  readonly freed: number
}
