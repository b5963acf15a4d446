/** The graph in the store: one key per node, `<kind>/<id>`, with the node as it stands in memory. */
import type { Change, ChangeKind } from '../../topology/change.ts'
import { apply } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import { FIRST_KEY, type Key } from '../../topology/ids.ts'
import { type Json, type Store, StoreError, type Write } from '../store/store.ts'
import { restored } from './resources/field-table.ts'
import type { Tables } from './resources/tables.ts'

/** Nodes in an order in which edges find their other end; within a kind, by key, so that lists keep their order. */
const KINDS: readonly ChangeKind[] = ['hypervisor', 'segment', 'network', 'port', 'vnic', 'binding', 'address']

const NEXT_KEY = 'counter/key'

export function toWrite(change: Change): Write {
  const key = `${change.kind}/${change.id}`
  return change.to === null ? { remove: key } : { put: key, value: change.to as unknown as Json }
}

export const keyWrite = (next: number): Write => ({ put: NEXT_KEY, value: next })

/**
 * @param tables give older nodes the fields that they lack
 * @returns the graph as it was stored, and the next key that no object has had
 */
export function load(store: Store, tables: Tables): { graph: Graph; nextKey: Key } {
  const graph = new Graph()
  for (const kind of KINDS) {
    const nodes = [...store.range(`${kind}/`)].map(({ key, value }) => {
      if (value && typeof value === 'object')
        return { kind, id: key.slice(kind.length + 1), to: current(store, tables, kind, value) } as unknown as Change
      throw new StoreError('malformed', `the store holds ${JSON.stringify(value)} for ${key}, where an object must be`)
    })
    for (const node of nodes.sort((a, b) => keyOf(a) - keyOf(b))) apply(graph, node)
  }
  const next = store.get(NEXT_KEY)?.value
  return { graph, nextKey: (typeof next === 'number' ? next : FIRST_KEY) as Key }
}

/** A node as this version has it. The tables know what older networks, ports and VNICs lack; segments of schema 1 were of networks only. */
function current(store: Store, tables: Tables, kind: ChangeKind, node: object): object {
  if (kind === 'network' || kind === 'port' || kind === 'vnic') return restored(tables[kind], { ...node })
  if (kind !== 'segment' || !('networkId' in node)) return node
  const { networkId, ...segment } = node
  const network = networkId === null ? undefined : store.get(`network/${networkId}`)?.value
  return {
    partOf: null,
    owner: network && typeof network === 'object' && 'key' in network ? network.key : null,
    ...segment,
  }
}

const keyOf = ({ to }: Change): number => (to && 'key' in to ? to.key : 0)
