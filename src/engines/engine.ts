/**
 * A service engine (driver): how operations on its objects become changes, and the rules its objects want. A built-in one
 * is this file's shape in `src/engines/<alias>.ts` and its rules in `flows/<alias>.ts`; adding one touches these two and one
 * line of the registry.
 */
import type { TObject } from 'typebox'
import type { EngineRules } from '../../flows/engine.ts'
import type { Graph } from '../../topology/graph.ts'
import type { Attributes, Hypervisor, Port, Vnic } from '../../topology/nodes.ts'

/** What an operator should know about a hypervisor. */
export interface Condition {
  readonly code: string
  /** What is wrong, and what would be right. */
  readonly message: string
}

/** A port towards the fabric that an engine needs on a hypervisor's integration bridge. */
export type FabricPort =
  /** A pair of patch ports between the integration bridge and another one. */
  | { readonly role: string; readonly kind: 'patch'; readonly bridge: string }
  /** A tunnel port whose remote end and key the rules set, packet by packet. */
  | {
      readonly role: string
      readonly kind: 'tunnel'
      readonly type: string
      readonly options: Readonly<Record<string, string>>
    }

/** What a new network becomes. */
export interface NetworkPlan {
  readonly segment: Attributes
  /** Its name among the graph's segments, unique where it must be. */
  readonly segmentId: string
  readonly mtu: number
}

export interface Engine {
  readonly alias: string
  /** Aliases of the extensions whose operations it offers. */
  readonly extensions: readonly string[]
  /** What kinds of VNIC may be plugged into its ports. */
  readonly kinds: readonly string[]
  readonly rules: EngineRules
  /** Do the other hypervisors with members need rules for each member? */
  readonly mesh: boolean
  /** The schema of `segment` in a request for a network. */
  readonly segment: TObject
  /**
   * Choose the segment of a new network, or take the one asked for.
   * @throws PlugboardError `segment-in-use`, `segments-exhausted`, `bad-request`
   */
  plan(graph: Graph, asked: Attributes | null): NetworkPlan
  /**
   * May this VNIC be plugged into this port of the engine's?
   * @throws PlugboardError `mac-in-use`, …
   */
  checkPlug(graph: Graph, vnic: Vnic, port: Port): void
  /** What is wrong with a host's switch-wide configuration (`Open_vSwitch.other_config`) for this engine. */
  judgeHost(config: ReadonlyMap<string, string>): readonly Condition[]
  /** The ports towards the fabric that it needs there. */
  fabricPorts(here: Pick<Hypervisor, 'bridgeMappings' | 'encapIp'>): readonly FabricPort[]
}
