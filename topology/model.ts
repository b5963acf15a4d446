/**
 * The nodes of the graph. They are immutable values: a change of a node is a new value. The store contains exactly these
 * properties.
 */
import type { HypervisorId, Key, NetworkId, PortId, ProjectId, VnicId } from './ids.ts'

/** What an engine stores with an object. The core passes it on and never reads it. */
export interface Attributes {
  readonly [name: string]: Attribute
}
export type Attribute = string | number | boolean | null | readonly Attribute[] | Attributes

/** The common properties of all objects that the API creates. */
interface Made {
  readonly key: Key
  readonly project: ProjectId
  readonly name: string
  /** Increases with every requested change. A change of status does not increase it. */
  readonly revision: number
  /** RFC 3339, UTC. */
  readonly createdAt: string
  /** The request that created the object, with defaults, as canonical JSON. A repeated POST is compared with it. */
  readonly request: string
}

/** A logical layer-2 network. */
export interface Network extends Made {
  readonly id: NetworkId
  readonly engine: string
  /** What isolates it on the fabric, in the terms of its engine: `{physical_network, vlan_id}`, `{vni}`. */
  readonly segment: Attributes
  /** The name of that segment among the graph's segments; null if the engine has none. */
  readonly segmentId: string | null
  /** Further attributes that its engine stores. */
  readonly attributes: Attributes
  readonly shared: boolean
  /** Do the other hypervisors with members need rules for each member (overlays), or only the member's own hypervisor (VLAN)? */
  readonly mesh: boolean
  /** Does it share rules with other networks on a hypervisor? The author of these is the hypervisor. */
  readonly hypervisorRules: boolean
}

/** A port, into which a VNIC is plugged or which leads to a remote site of its network. */
export interface Port extends Made {
  readonly id: PortId
  readonly engine: string
  readonly networkId: NetworkId | null
  readonly adminUp: boolean
  /** Does it get frames to addresses that no member is known to have? */
  readonly floodUnknown: boolean
  /** May its VNIC also send as addresses that may be those of other ports? Its engine says which (`EngineRules.borrows`). */
  readonly borrowsAddresses: boolean
  /** How fast its VM may send and receive; null: without a limit. */
  readonly rateLimit: RateLimit | null
  /** The ports whose frames its VNIC also has, each with a VLAN tag, sorted by tag. */
  readonly trunk: readonly SubPort[]
  /** The hypervisor from which it leads to a remote site; null for a port that takes a VNIC. */
  readonly hypervisor: HypervisorId | null
  /** The name of its own segment among the graph's segments; null if it has none. */
  readonly segmentId: string | null
  readonly attributes: Attributes
}

/** A port in the trunk of another port. No VNIC is plugged into it. */
export interface SubPort {
  /** The tag of its frames between the VM and the switch, 1–4094. */
  readonly vlanId: number
  readonly portId: PortId
}

/** From the VM's point of view; null: no limit in that direction. */
export interface RateLimit {
  /** Towards the VM, in kilobits per second. */
  readonly ingressKbps: number | null
  /** From the VM, in kilobits per second. */
  readonly egressKbps: number | null
  /** The burst in kilobits; null: what the rate allows in a fixed time. */
  readonly burstKbit: number | null
}

/** A virtual network interface of a VM. */
export interface Vnic extends Made {
  readonly id: VnicId
  readonly vmId: string | null
  readonly kind: string
  /** The port that it is plugged into. */
  readonly portId: PortId | null
  /** The hypervisor that it is pinned to: no other one gets it by showing its interface. null: any hypervisor may have it. */
  readonly requestedHypervisor: HypervisorId | null
  /** The hypervisor that it is about to move to. Rules are prepared there before its interface appears. */
  readonly migratesTo: HypervisorId | null
  /** Does its migration end as soon as its interface is there? Otherwise the interface waits until the VM runs there. */
  readonly isActivated: boolean
  readonly attributes: Attributes
}

/** The place of a VNIC's interface. It is observed, not requested, and the last known one is durable. */
export interface Binding {
  readonly vnicId: VnicId
  readonly hypervisor: HypervisorId
  readonly bridge: string
  readonly interface: string
  /** The OpenFlow port number; null while the switch has not assigned one. */
  readonly ofport: number | null
}

/**
 * A VNIC that several hypervisors claim, or one that must not have it: each has an interface with its id. At most one claim is the
 * binding. Observed, and durable.
 */
export interface Contest {
  readonly vnicId: VnicId
  /** At most one claim of each hypervisor, the oldest first. */
  readonly claims: readonly Binding[]
}

/** A host that has joined. Its properties are observed, and the last known ones are durable. */
export interface Hypervisor {
  readonly id: HypervisorId
  readonly key: Key
  readonly hostname: string
  /** 16 hexadecimal digits, or null until the bridge exists. */
  readonly datapathId: string | null
  readonly ovsVersion: string
  /** physical network -> bridge */
  readonly bridgeMappings: Readonly<Record<string, string>>
  /** The address that peers send tunnelled frames to. */
  readonly encapIp: string | null
  /** The OpenFlow port numbers of the ports towards the fabric, by role: `uplink:physnet1`, `tunnel:vxlan`. */
  readonly fabric: Readonly<Record<string, number>>
  /** Why a port towards the fabric is missing, by role, if it will not appear by itself. */
  readonly faults: Readonly<Record<string, string>>
  /** The ports that were last seen to lead from the bridge of a physical network out of the host, by physical network. */
  readonly uplinks: Readonly<Record<string, readonly string[]>>
  /** The hypervisor that its host became when its system-id changed; null: it did not change. */
  readonly successor: HypervisorId | null
  /** May its switch keep cached decisions after the rules have changed? Some releases of Open vSwitch do, in user space. */
  readonly keepsDecisions: boolean
  /** The address that its OVSDB last connected from; null: none was seen. */
  readonly address: string | null
  /** Has it ever had a VNIC that was in a port? */
  readonly hadVnic: boolean
  /** Are all its claims stored? Older versions stored only those that hold a VNIC. */
  readonly claimsStored: boolean
}

/**
 * A segment of the fabric (a VLAN id, a VNI). It exists from its first use on. It may get another owner only when it is freed
 * and no hypervisor can still have rules for it.
 */
export interface Segment {
  /** The engine's name for it, which is unique: `vlan/physnet1/101`, `vxlan/4097`. */
  readonly id: string
  /** The segment that it is part of; null if there is none. While the part exists, that segment cannot be taken as a whole. */
  readonly partOf: string | null
  /** The key of the network or port that owns it; null once it is freed. */
  readonly owner: Key | null
  /** The hypervisors that have rules for it, or may have. */
  readonly holders: readonly HypervisorId[]
  /** The project of its owner, or of the last one. Older versions did not store it. */
  readonly project?: ProjectId
  /** When it was last freed: the next key at that time. The segment that was freed longest ago is reused first. */
  readonly freed: number
}

/** An address that was given to a port. It exists from its first use on, so that a freed address is the last to be reused. */
export interface Address {
  /** `<network>/<pool>/<value>` */
  readonly id: string
  readonly networkId: NetworkId
  /** The pool of the network that contains it. */
  readonly pool: string
  /** An IPv4 address, 32 bits. */
  readonly value: number
  /** The key of the port that owns it; null once it is freed. */
  readonly owner: Key | null
  /** When it was last freed: the next key at that time. 0 while a port owns it. */
  readonly freed: number
}
