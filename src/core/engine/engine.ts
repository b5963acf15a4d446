/**
 * A service engine (driver): it turns operations on its objects into changes, and says which rules its objects need. A built-in
 * engine has a folder `src/engines/<alias>` with an `Engine` and its rules, and one line in the list of built-in engines. An
 * outside engine is a module that the configuration names; it exports a function that makes an `Engine`.
 */
import type { EngineRules, Member } from '../../../flows/engines/engine-rules.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId } from '../../../topology/ids.ts'
import type { Attributes, Hypervisor, Network, Port, Vnic } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { EngineField } from '../resources/field.ts'
import type { Severity } from '../severity.ts'

/** A JSON Schema of an object, made by TypeBox or by hand. It checks requests, and the OpenAPI document contains it. */
export interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, object>>
  /** The required properties. */
  readonly required?: readonly string[] | undefined
  /** The alias of the extension that documents the properties. Default: that of the engine. */
  readonly extension?: string
}

/** What an operator should know about a hypervisor. */
export interface Condition {
  readonly code: string
  /** What is wrong, and how to correct it. */
  readonly message: string
  /** How bad it is. Default: by its code (`../severity.ts`), or a warning. */
  readonly severity?: Severity
}

/**
 * A port towards the fabric that an engine needs on a hypervisor's integration bridge. Engines that name the same role share
 * one port, so they must all describe it in the same way.
 */
export type FabricPort =
  /** A pair of patch ports between the integration bridge and another bridge. Role: `uplink:<physical network>`. */
  | { readonly role: string; readonly kind: 'patch'; readonly bridge: string }
  /** A tunnel port whose remote end and key the rules set for each packet (`flow` in its options). Role: `tunnel:<type>`. */
  | {
      readonly role: string
      readonly kind: 'tunnel'
      readonly type: string
      readonly options: Readonly<Record<string, string>>
    }

/** What an engine decides about a new network. */
export interface NetworkPlan {
  readonly segment: Attributes
  /** The name of the segment, unique among all segments: `vlan/physnet1/101`, `flat/physnet1`, `vxlan/4097`. */
  readonly segmentId: string
  /** Further attributes of the network. They are stored, and answers show them. */
  readonly attributes?: Attributes
}

/** An address from a pool of a network. Only one port at a time may have it. */
export interface PoolAddress {
  readonly pool: string
  /** The address as a number of 32 bits. */
  readonly value: number
  /** The address as text, and the field of the request that contains it. A refusal names both. */
  readonly text: string
  readonly field: string
}

/** The networks of an engine. An engine with networks belongs to extension `logical-network`. */
export interface NetworkService {
  /** Does each hypervisor with members of a network need rules for the members on the other hypervisors, too? */
  readonly mesh: boolean
  /** Do the networks share rules on a hypervisor, rules that belong to the hypervisor itself? Default: no. */
  readonly hypervisorRules?: boolean
  /** May ports of other engines bridge the networks to remote sites? Default: yes. */
  readonly bridged?: boolean
  /** The schema of `segment` in a request for a network. */
  readonly segment: ObjectSchema
  /** The schema of the engine's own fields in a request for a network. */
  readonly fields?: ObjectSchema
  /**
   * How answers and docs/fields.md describe these fields, and further fields that no request sets. If left out, answers show the
   * fields, but no schema declares them.
   */
  readonly rows?: readonly EngineField[]
  /**
   * Chooses the segment of a new network, or takes the requested one.
   * @param fields the fields of the engine in the request
   * @throws PlugboardError `segment-in-use`, `segments-exhausted`, `bad-request`
   */
  plan(graph: GraphReader, asked: Attributes | null, fields: Readonly<Record<string, unknown>>): NetworkPlan
  /**
   * A form of the fields that is equal for all requests with the same meaning. A repeated request is compared in this form. If
   * left out, the fields are compared as they are in the request.
   */
  canonical?(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
  /** The largest payload of a frame, in octets. */
  mtu(graph: GraphReader): number
  /** Why a network does not work as a whole, even if each of its ports works; undefined: it works. */
  limits?(graph: GraphReader, network: Network): string | undefined
  /** The engine's own fields of the ports in its networks. */
  readonly portFields?: PortFields
  /**
   * Decides what the request for a new port leaves open.
   * @param port the new port, with the values of the request
   * @throws PlugboardError `addresses-exhausted`, `address-in-use`
   */
  planPort?(graph: GraphReader, network: Network, port: Port): PortPlan
  /** The addresses that only this port of the network may have. An address that a port gives up is the last to be reused. */
  addresses?(network: Network, port: Port): readonly PoolAddress[]
}

export interface PortFields {
  /** The schema of these fields in requests that create or change a port. */
  readonly schema: ObjectSchema
  /**
   * How answers and docs/fields.md describe these fields, and further fields that no request sets. If left out, answers show the
   * fields, but no schema declares them.
   */
  readonly rows?: readonly EngineField[]
  /** Applies the fields to a port. Without any fields, it sets the defaults. @throws PlugboardError */
  set(graph: GraphReader, port: Port, fields: Readonly<Record<string, unknown>>, caller: Caller): Port
  /**
   * Checks that the port does not conflict with other ports. Called before a port is created or changed, but not when a request
   * is repeated.
   * @param port the port with the values of the request
   * @throws PlugboardError `address-in-use`, …
   */
  check?(graph: GraphReader, port: Port): void
  /** May the port's VNIC also send as addresses that may be those of other ports? `EngineRules.borrows` says which. If left out, no. */
  borrowsAddresses?(port: Port): boolean
}

/** What an engine decides about a new port that it serves by itself. */
export interface PortPlan {
  readonly attributes: Attributes
  /** The hypervisor from which the port leads to a remote site of its network; null for a port that takes a VNIC. */
  readonly hypervisor: HypervisorId | null
  /** The port's own segment, and the segment that contains it: `vxlan/7/203.0.113.5` is part of `vxlan/7`. */
  readonly segment: { readonly id: string; readonly partOf: string | null } | null
}

/** Ports that an engine serves by itself: `POST …/ports` with the engine's alias as `engine`. */
export interface PortService {
  /** The schema of the engine's own fields in a request for a port. */
  readonly schema: ObjectSchema
  /**
   * How answers and docs/fields.md describe these fields, and further fields that no request sets. If left out, answers show the
   * fields, but no schema declares them.
   */
  readonly rows?: readonly EngineField[]
  /**
   * Decides about a new port.
   * @param network the network of the port, which may be of another engine; null for a standalone port
   * @throws PlugboardError `segment-in-use`, `bad-request`, `unsupported`
   */
  plan(graph: GraphReader, network: Network | null, fields: Readonly<Record<string, unknown>>, caller: Caller): PortPlan
  /**
   * A form of the fields that is equal for all requests with the same meaning. A repeated request is compared in this form. If
   * left out, the fields are compared as they are in the request.
   */
  canonical?(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
  /** May ports of this engine be in networks, and lead to remote sites there? */
  readonly inNetworks: boolean
}

/** A kind of VNIC that an engine adds. */
export interface VnicKind {
  readonly kind: string
  /** The schema of the fields that a request for a VNIC of this kind has beside those of the core. */
  readonly schema: ObjectSchema
  /**
   * How answers and docs/fields.md describe these fields, and further fields that no request sets. If left out, answers show the
   * fields, but no schema declares them.
   */
  readonly rows?: readonly EngineField[]
  /**
   * Reads the fields of a request.
   * @returns `attributes`, which are stored and shown; `asked`, with which a repeated request is compared
   * @throws PlugboardError `bad-request`
   */
  attributes(fields: Readonly<Record<string, unknown>>): { readonly asked: object; readonly attributes: Attributes }
}

/** The controller's answer to a member that sent a request frame. */
export interface Answer {
  /** Ethernet frames to send to this member only; at most four. */
  readonly frames: readonly Uint8Array[]
  /** A line for the log, if an operator should know about the request. */
  readonly note?: string
}

export interface Engine {
  readonly alias: string
  readonly name: string
  readonly description: string
  readonly rules: EngineRules
  /** The kinds of VNIC that may be plugged into the engine's ports. */
  readonly kinds: readonly string[]
  /** The kinds of VNIC that the engine adds. Kind `ethernet` exists without any engine. */
  readonly vnics?: readonly VnicKind[]
  readonly networks?: NetworkService
  readonly ports?: PortService
  /**
   * Checks that this VNIC may be plugged into this port of the engine.
   * @throws PlugboardError `mac-in-use`, `unsupported`, …
   */
  checkPlug(graph: GraphReader, vnic: Vnic, port: Port): void
  /**
   * Answers a frame of a member that one of the engine's `punts` sent to the controller. Without frames, the member gets no
   * answer.
   * @param graph the current graph
   * @param frame a frame as the guest sent it; its content is not checked
   */
  answer?(graph: GraphReader, member: Member, frame: Uint8Array): Answer
  /** Finds what is wrong for this engine in the switch-wide configuration of a host (`Open_vSwitch.other_config`). */
  judgeHost(config: ReadonlyMap<string, string>): readonly Condition[]
  /** The ports towards the fabric that the engine needs on this hypervisor. */
  fabricPorts(here: Pick<Hypervisor, 'bridgeMappings' | 'encapIp'>): readonly FabricPort[]
}
