/** Nodes that older versions of the program stored -> nodes as this version has them. */
import type { Change } from '../../topology/change.ts'
import { restored } from './resources/field-table.ts'
import type { Tables } from './resources/tables.ts'

/**
 * The tables of fields know what older networks, ports and VNICs lack. Segments of schema 1 named the network that owns them by
 * its id, and belonged to networks only.
 * @param nodes all that are stored
 */
export function restore(nodes: readonly Change[], tables: Tables): Change[] {
  const keys = new Map(nodes.flatMap(({ kind, id, to }) => (kind === 'network' && to ? [[String(id), to.key]] : [])))
  return nodes.map((node) => {
    const { kind, to } = node
    if (!to) return node
    if (kind === 'network' || kind === 'port' || kind === 'vnic') {
      return { ...node, to: restored(tables[kind], { ...to }) } as unknown as Change
    }
    if (kind !== 'segment' || !('networkId' in to)) return node
    const { networkId, ...segment } = to as object as { readonly networkId: string | null }
    const owner = networkId === null ? null : (keys.get(networkId) ?? null)
    return { ...node, to: { partOf: null, owner, ...segment } } as unknown as Change
  })
}
