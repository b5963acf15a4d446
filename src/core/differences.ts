import { isDeepStrictEqual } from 'node:util'
import { type Change, nodesOf } from '../../topology/change.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'

/** The changes that turn a graph into a graph with exactly these nodes. */
export function* differences(graph: GraphReader, nodes: Iterable<Change>): Generator<Change> {
  const before = new Map<string, Change>()
  for (const node of nodesOf(graph)) before.set(`${node.kind}/${node.id}`, node)
  for (const node of nodes) {
    const key = `${node.kind}/${node.id}`
    const same = isDeepStrictEqual(before.get(key)?.to, node.to)
    before.delete(key)
    if (!same) yield node
  }
  for (const node of before.values()) yield { ...node, to: null }
}
