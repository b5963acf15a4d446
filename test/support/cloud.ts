/** Makes a graph from nodes, and computes the desired rules of one of its switches, as lines. */
import { compile, objectsOn } from '../../flows/compile.ts'
import { printFlow } from '../../src/openflow/index.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { Binding, Hypervisor, Network, Port, Vnic } from '../../topology/model.ts'
import { ENGINES, hypervisorId } from './nodes.ts'

export interface Nodes {
  readonly hypervisors?: readonly Hypervisor[]
  readonly networks?: readonly Network[]
  readonly ports?: readonly Port[]
  readonly vnics?: readonly Vnic[]
  readonly bindings?: readonly Binding[]
}

export function changesOf({ hypervisors = [], networks = [], ports = [], vnics = [], bindings = [] }: Nodes): Change[] {
  return [
    ...hypervisors.map((to): Change => ({ kind: 'hypervisor', id: to.id, to })),
    ...networks.map((to): Change => ({ kind: 'network', id: to.id, to })),
    ...ports.map((to): Change => ({ kind: 'port', id: to.id, to })),
    ...vnics.map((to): Change => ({ kind: 'vnic', id: to.id, to })),
    ...bindings.map((to): Change => ({ kind: 'binding', id: to.vnicId, to })),
  ]
}

export function graphOf(nodes: Nodes): Graph {
  const graph = new Graph()
  for (const change of changesOf(nodes)) apply(graph, change)
  return graph
}

/** The desired rules on hypervisor `n`, in the order of the pipeline. */
export function rulesOn(graph: Graph, n: number) {
  const objects = [...new Set(objectsOn(graph, hypervisorId(n)))]
  return objects
    .flatMap((object) => compile(graph, ENGINES, hypervisorId(n), object))
    .sort((a, b) => a.table - b.table || b.priority - a.priority || a.author - b.author)
}

/** The same rules as lines, followed by the reason: `… actions=…  # why`. */
export const linesOn = (graph: Graph, n: number): string[] =>
  rulesOn(graph, n).map((rule) => `${printFlow(rule)}  # ${rule.why}`)
