/** Converts nodes that older versions stored to the form of this version. */
import type { Change } from '../../topology/change.ts'
import { readable } from './persist.ts'
import { restored } from './resources/field-table.ts'
import type { Tables } from './resources/tables.ts'

/**
 * The tables of fields know which properties older networks, ports and VNICs lack. In schema 1, the owner of a segment was always
 * a network, and the segment contained the id of the network. Before schema 5, only claims that hold a VNIC were stored.
 * @param nodes all stored nodes
 * @throws StoreError `malformed`
 */
export function restore(nodes: readonly Change[], tables: Tables): Change[] {
  const keys = new Map(nodes.flatMap(({ kind, id, to }) => (kind === 'network' && to ? [[String(id), to.key]] : [])))
  return nodes.map((node) => readable(node, () => restoredNode(node, keys, tables)))
}

function restoredNode(node: Change, keys: ReadonlyMap<string, number>, tables: Tables): Change {
  const { kind, to } = node
  if (!to) return node
  if (kind === 'network' || kind === 'port' || kind === 'vnic') {
    return { ...node, to: restored(tables[kind], { ...to }) } as unknown as Change
  }
  if (kind === 'hypervisor') {
    const missing = {
      uplinks: {},
      keepsDecisions: false,
      successor: null,
      claimsStored: false,
      address: null,
      // It may have had one, so it stays until an operator removes it.
      hadVnic: true,
    }
    return { ...node, to: { ...missing, ...(to as object) } } as unknown as Change
  }
  if (kind !== 'segment' || !('networkId' in to)) return node
  const { networkId, ...segment } = to as object as { readonly networkId: string | null }
  const owner = networkId === null ? null : (keys.get(networkId) ?? null)
  return { ...node, to: { partOf: null, owner, ...segment } } as unknown as Change
}
