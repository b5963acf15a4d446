/** Which objects a request for flows is about. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Key, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import { PlugboardError } from './errors.ts'

/** The flows of each object that is named here; without any, all flows. */
export interface FlowFilter {
  readonly vnicId?: string
  readonly portId?: string
  readonly networkId?: string
}

/**
 * The objects that the filter names: a VNIC with its ports, a network with its ports.
 * @returns null for a filter that names none
 * @throws PlugboardError `not-found`
 */
export function objectsOf(graph: GraphReader, { vnicId, portId, networkId }: FlowFilter): ReadonlySet<Key> | null {
  if (vnicId === undefined && portId === undefined && networkId === undefined) return null
  const keys = new Set<Key>()
  const add = (object: { readonly key: Key } | undefined, what: string, id: string, field: string) => {
    if (!object) throw new PlugboardError('not-found', `there is no ${what} ${id}`, { field })
    keys.add(object.key)
  }
  const addPorts = (ids: Iterable<PortId>) => {
    for (const id of ids) {
      const key = graph.ports.get(id)?.key
      if (key !== undefined) keys.add(key)
    }
  }
  if (vnicId !== undefined) {
    const vnic = graph.vnics.get(vnicId as VnicId)
    add(vnic, 'VNIC', vnicId, 'vnic_id')
    if (vnic) addPorts(graph.portsOf(vnic))
  }
  if (portId !== undefined) add(graph.ports.get(portId as PortId), 'port', portId, 'port_id')
  if (networkId !== undefined) {
    add(graph.networks.get(networkId as NetworkId), 'network', networkId, 'network_id')
    addPorts(graph.portsOfNetwork.get(networkId as NetworkId))
  }
  return keys
}
