/** The graph in the store: one key per node, `<kind>/<id>`, with the node as it stands in memory. */
import type { Change, ChangeKind } from '../../topology/change.ts'
import { apply } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import { FIRST_KEY, type Key } from '../../topology/ids.ts'
import { type Json, type Store, StoreError, type Write } from '../store/store.ts'

/** Nodes in an order in which edges find their other end; within a kind, by key, so that lists keep their order. */
const KINDS: readonly ChangeKind[] = ['hypervisor', 'segment', 'network', 'port', 'vnic', 'binding', 'address']

const NEXT_KEY = 'counter/key'

export function toWrite(change: Change): Write {
  const key = `${change.kind}/${change.id}`
  return change.to === null ? { remove: key } : { put: key, value: change.to as unknown as Json }
}

export const keyWrite = (next: number): Write => ({ put: NEXT_KEY, value: next })

/** @returns the graph as it was stored, and the next key that no object has had */
export function load(store: Store): { graph: Graph; nextKey: Key } {
  const graph = new Graph()
  for (const kind of KINDS) {
    const nodes = [...store.range(`${kind}/`)].map(({ key, value }) => {
      if (value && typeof value === 'object')
        return { kind, id: key.slice(kind.length + 1), to: current(store, kind, value) } as unknown as Change
      throw new StoreError('malformed', `the store holds ${JSON.stringify(value)} for ${key}, where an object must be`)
    })
    for (const node of nodes.sort((a, b) => keyOf(a) - keyOf(b))) apply(graph, node)
  }
  const next = store.get(NEXT_KEY)?.value
  return { graph, nextKey: (typeof next === 'number' ? next : FIRST_KEY) as Key }
}

/**
 * A node as this version has it: those of schema 1 knew networks of two engines only, and ports that take a VNIC; those of
 * schema 2 knew no migration, no limits of rates, no trunks, and no networks with fields of their engine's; those of schema 3
 * called `floodUnknown` of a port `asksForUnknown`, and told by its segment that a network shares rules with others.
 */
function current(store: Store, kind: ChangeKind, node: object): object {
  if (kind === 'port') {
    const { asksForUnknown: floodUnknown = false, ...port } = node as { readonly asksForUnknown?: boolean }
    return { floodUnknown, rateLimit: null, trunk: [], hypervisor: null, segmentId: null, ...port }
  }
  if (kind === 'network') return { attributes: {}, hypervisorRules: /^routed\//.test(segmentOf(node)), ...node }
  if (kind === 'vnic') return { migratesTo: null, ...node }
  if (kind !== 'segment' || !('networkId' in node)) return node
  const { networkId, ...segment } = node
  const network = networkId === null ? undefined : store.get(`network/${networkId}`)?.value
  return {
    partOf: null,
    owner: network && typeof network === 'object' && 'key' in network ? network.key : null,
    ...segment,
  }
}

const segmentOf = (node: object): string => ('segmentId' in node ? String(node.segmentId) : '')

const keyOf = ({ to }: Change): number => (to && 'key' in to ? to.key : 0)
