/**
 * The closed union of changes. A change contains the new value of a node, not the steps to it. Keys and segments are already
 * chosen. So a sequence of changes can be reduced to the last one of each node, and gives the same graph.
 */
import type { Graph } from './graph.ts'
import type { GraphReader } from './graph-reader.ts'
import type { HypervisorId, NetworkId, PortId, VnicId } from './ids.ts'
import type { Address, Binding, Contest, Hypervisor, Network, Port, Segment, Vnic } from './model.ts'

export type Change =
  | { readonly kind: 'network'; readonly id: NetworkId; readonly to: Network | null }
  | { readonly kind: 'port'; readonly id: PortId; readonly to: Port | null }
  | { readonly kind: 'vnic'; readonly id: VnicId; readonly to: Vnic | null }
  | { readonly kind: 'binding'; readonly id: VnicId; readonly to: Binding | null }
  | { readonly kind: 'contest'; readonly id: VnicId; readonly to: Contest | null }
  | { readonly kind: 'hypervisor'; readonly id: HypervisorId; readonly to: Hypervisor | null }
  | { readonly kind: 'segment'; readonly id: string; readonly to: Segment | null }
  | { readonly kind: 'address'; readonly id: string; readonly to: Address | null }

export type ChangeKind = Change['kind']

/** Applies a change to the graph, in place. @returns the change that undoes it */
export function apply(graph: Graph, change: Change): Change {
  switch (change.kind) {
    case 'network':
      return { kind: 'network', id: change.id, to: graph.setNetwork(change.id, change.to) }
    case 'port':
      return { kind: 'port', id: change.id, to: graph.setPort(change.id, change.to) }
    case 'vnic':
      return { kind: 'vnic', id: change.id, to: graph.setVnic(change.id, change.to) }
    case 'binding':
      return { kind: 'binding', id: change.id, to: graph.setBinding(change.id, change.to) }
    case 'contest':
      return { kind: 'contest', id: change.id, to: graph.setContest(change.id, change.to) }
    case 'hypervisor':
      return { kind: 'hypervisor', id: change.id, to: graph.setHypervisor(change.id, change.to) }
    case 'segment':
      return { kind: 'segment', id: change.id, to: graph.setSegment(change.id, change.to) }
    case 'address':
      return { kind: 'address', id: change.id, to: graph.setAddress(change.id, change.to) }
  }
}

/** Every node of a graph, as the change that creates it. */
export function* nodesOf(graph: GraphReader): Generator<Change> {
  for (const [id, to] of graph.hypervisors) yield { kind: 'hypervisor', id, to }
  for (const [id, to] of graph.networks) yield { kind: 'network', id, to }
  for (const [id, to] of graph.segments) yield { kind: 'segment', id, to }
  for (const [id, to] of graph.ports) yield { kind: 'port', id, to }
  for (const [id, to] of graph.vnics) yield { kind: 'vnic', id, to }
  for (const [id, to] of graph.bindings) yield { kind: 'binding', id, to }
  for (const [id, to] of graph.contests) yield { kind: 'contest', id, to }
  for (const to of graph.addresses.all()) yield { kind: 'address', id: to.id, to }
}
