/** Where a frame came from that a switch has sent to the controller. */
import type { Member } from '../../flows/engines/engine-rules.ts'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key, PortId } from '../../topology/ids.ts'
import type { PacketIn } from '../openflow/index.ts'

/** The port with this key, if it still exists. */
export function portOf(graph: GraphReader, key: Key | undefined): PortId | undefined {
  const object = key === undefined ? undefined : graph.byKey.get(key)
  return object?.kind === 'port' ? object.id : undefined
}

/** The OpenFlow port number of the interface that a frame came from. */
export function ofportOf({ match }: Pick<PacketIn, 'match'>): number | undefined {
  const from = match.find(({ field }) => field === 'in_port')
  return from && 'value' in from ? Number(from.value) : undefined
}

/** The port that a frame came from, and its VNIC, if they are still there. The rule that sent the frame has the key of the port. */
export function senderOf(graph: GraphReader, hypervisor: HypervisorId, packet: PacketIn): Member | undefined {
  const port = portOf(graph, authorOf(packet.cookie))
  const placement = port && graph.placement(port)
  if (!placement?.vnic || placement.hypervisor !== hypervisor || placement.ofport !== ofportOf(packet)) return undefined
  return placement as Member
}
