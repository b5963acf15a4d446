/** The filter of a request for flows. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { Key, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import { PlugboardError } from './errors.ts'

/** Selects the flows of these objects. Without any, all flows are selected. */
export interface FlowFilter {
  readonly vnicId?: string
  readonly portId?: string
  readonly networkId?: string
}

/**
 * The objects that the filter selects: a VNIC and its ports, a port, a network and its ports.
 * @returns null if the filter names no object
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
