/**
 * A service engine (driver): how operations on its objects become changes, and the rules its objects want. A built-in one
 * is this file's shape in `src/engines/<alias>.ts` and its rules in `flows/<alias>.ts`; adding one touches these two and one
 * line of the registry. An outside one is a module that the configuration names, and exports the same shape.
 */
import type { EngineRules, Member } from '../../../flows/engines/engine-rules.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId } from '../../../topology/ids.ts'
import type { Attributes, Hypervisor, Network, Port, Vnic } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { EngineField } from '../resources/field.ts'

/** A JSON Schema of an object, from which requests are checked and the OpenAPI document is made; one made by TypeBox is one. */
export interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, object>>
  /** The properties that must be there. */
  readonly required?: readonly string[] | undefined
  /** The alias of the extension that documents the properties; left out: the engine's own. */
  readonly extension?: string
}

/** What an operator should know about a hypervisor. */
export interface Condition {
  readonly code: string
  /** What is wrong, and what would be right. */
  readonly message: string
}

/**
 * A port towards the fabric that an engine needs on a hypervisor's integration bridge. Engines share one of the same role, so
 * all of them must want it alike.
 */
export type FabricPort =
  /** A pair of patch ports between the integration bridge and another one, `uplink:<physical network>`. */
  | { readonly role: string; readonly kind: 'patch'; readonly bridge: string }
  /** A tunnel port whose remote end and key the rules set, packet by packet (`flow` in its options): `tunnel:<type>`. */
  | {
      readonly role: string
      readonly kind: 'tunnel'
      readonly type: string
      readonly options: Readonly<Record<string, string>>
    }

/** What a new network becomes. */
export interface NetworkPlan {
  readonly segment: Attributes
  /** Its name, by which nobody else has it: `vlan/physnet1/101`, `flat/physnet1`, `vxlan/4097`. */
  readonly segmentId: string
  /** What is kept of the network beside that, and shown of it. */
  readonly attributes?: Attributes
}

/** An address of one of a network's pools, which one port at a time may have. */
export interface PoolAddress {
  readonly pool: string
  /** 32 bits. */
  readonly value: number
  /** The same as text, and the field of the request that says it: for a refusal. */
  readonly text: string
  readonly field: string
}

/** Networks of an engine: it is offered by extension `logical-network` then. */
export interface NetworkService {
  /** Do the other hypervisors with members need rules for each member? */
  readonly mesh: boolean
  /** Do its networks share rules on a hypervisor, of which the hypervisor is the author? Default: no. */
  readonly hypervisorRules?: boolean
  /** May ports of other engines bridge its networks to remote sites? Where it is left out, yes. */
  readonly bridged?: boolean
  /** The schema of `segment` in a request for a network. */
  readonly segment: ObjectSchema
  /** The schema of what else a request for a network says, beside the core's fields. */
  readonly fields?: ObjectSchema
  /** How answers and docs/fields.md say them, and further ones that no request sets. Left out: answers show them undeclared. */
  readonly rows?: readonly EngineField[]
  /**
   * Choose the segment of a new network, or take the one asked for.
   * @param fields what the request says beside the core's
   * @throws PlugboardError `segment-in-use`, `segments-exhausted`, `bad-request`
   */
  plan(graph: GraphReader, asked: Attributes | null, fields: Readonly<Record<string, unknown>>): NetworkPlan
  /** What a repeated request is compared with: the same for all requests that mean the same. Without it, the fields as they came. */
  canonical?(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
  /** Largest payload of a frame, octets. */
  mtu(graph: GraphReader): number
  /** What keeps a network from working as a whole, though each of its ports may, in words. */
  limits?(graph: GraphReader, network: Network): string | undefined
  /** Fields that the ports of its networks have beside the core's. */
  readonly portFields?: PortFields
  /**
   * What a new port becomes, beside what was asked for.
   * @param port as it will be, with what the request says
   * @throws PlugboardError `addresses-exhausted`, `address-in-use`
   */
  planPort?(graph: GraphReader, network: Network, port: Port): PortPlan
  /** The addresses of a port that no other one of the network may have: one that it leaves is the last to be given again. */
  addresses?(network: Network, port: Port): readonly PoolAddress[]
}

export interface PortFields {
  /** Of the request for a port, and of a change. */
  readonly schema: ObjectSchema
  /** How answers and docs/fields.md say them, and further ones that no request sets. Left out: answers show them undeclared. */
  readonly rows?: readonly EngineField[]
  /** What such fields make of a port; without any, what it is at first. @throws PlugboardError */
  set(graph: GraphReader, port: Port, fields: Readonly<Record<string, unknown>>, caller: Caller): Port
  /**
   * May it have that beside the others? Asked when the port is about to be made or changed, not when a request is repeated.
   * @param port with what the request says
   * @throws PlugboardError `address-in-use`, …
   */
  check?(graph: GraphReader, port: Port): void
}

/** What a new port that an engine makes by itself becomes. */
export interface PortPlan {
  readonly attributes: Attributes
  /** Where it leads to a remote site of its network; null for one that takes a VNIC. */
  readonly hypervisor: HypervisorId | null
  /** Its own segment, and the one that this is a part of: `vxlan/7/203.0.113.5` of `vxlan/7`. */
  readonly segment: { readonly id: string; readonly partOf: string | null } | null
}

/** Ports of an engine that are on their own: `POST …/ports` with its alias as `engine`. */
export interface PortService {
  /** The schema of what a request says beside `id`, `name` and `engine`. */
  readonly schema: ObjectSchema
  /** How answers and docs/fields.md say them, and further ones that no request sets. Left out: answers show them undeclared. */
  readonly rows?: readonly EngineField[]
  /**
   * @param network that it is to be in, of whatever engine; null for a port on its own
   * @throws PlugboardError `segment-in-use`, `bad-request`, `unsupported`
   */
  plan(graph: GraphReader, network: Network | null, fields: Readonly<Record<string, unknown>>, caller: Caller): PortPlan
  /** What a repeated request is compared with: the same for all requests that mean the same. Without it, they are as they came. */
  canonical?(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
  /** May its ports be in networks, and lead to remote sites there? */
  readonly inNetworks: boolean
}

/** A kind of VNIC that an engine brings. */
export interface VnicKind {
  readonly kind: string
  /** The schema of what a request says beside `id`, `kind`, `vm_id` and `name`. */
  readonly schema: ObjectSchema
  /** How answers and docs/fields.md say them, and further ones that no request sets. Left out: answers show them undeclared. */
  readonly rows?: readonly EngineField[]
  /**
   * @returns what is kept of a VNIC, which its view shows; `asked` is what a repeated request is compared with
   * @throws PlugboardError `bad-request`
   */
  attributes(fields: Readonly<Record<string, unknown>>): { readonly asked: object; readonly attributes: Attributes }
}

/** What is said to a member that asked. */
export interface Answer {
  /** Ethernet frames, to the member alone: four at most. */
  readonly frames: readonly Uint8Array[]
  /** What an operator should know of it, for the log. */
  readonly note?: string
}

export interface Engine {
  readonly alias: string
  readonly name: string
  readonly description: string
  readonly rules: EngineRules
  /** What kinds of VNIC may be plugged into its ports. */
  readonly kinds: readonly string[]
  /** Those that it brings itself; `ethernet` is there. */
  readonly vnics?: readonly VnicKind[]
  readonly networks?: NetworkService
  readonly ports?: PortService
  /**
   * May this VNIC be plugged into this port of the engine's?
   * @throws PlugboardError `mac-in-use`, `unsupported`, …
   */
  checkPlug(graph: GraphReader, vnic: Vnic, port: Port): void
  /**
   * What a member is answered that has sent one of the frames that its `punts` name; no frames where it is to hear nothing. Of
   * the graph it sees the present. The frame is as the guest made it, of whatever content.
   */
  answer?(graph: GraphReader, member: Member, frame: Uint8Array): Answer
  /** What is wrong with a host's switch-wide configuration (`Open_vSwitch.other_config`) for this engine. */
  judgeHost(config: ReadonlyMap<string, string>): readonly Condition[]
  /** The ports towards the fabric that it needs there. */
  fabricPorts(here: Pick<Hypervisor, 'bridgeMappings' | 'encapIp'>): readonly FabricPort[]
}
