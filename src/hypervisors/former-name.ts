/** Hosts that come back with another system-id. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Switchboard } from '../core/connected-switches.ts'
import type { Condition } from '../core/engine/engine.ts'
import type { JoinedHosts } from '../core/joined-hosts.ts'
import type { Connection } from '../ovsdb/index.ts'
import type { Facts } from './facts.ts'

interface Known {
  readonly graph: GraphReader
  readonly switches: Pick<Switchboard, 'addressOf'>
  readonly hosts: Pick<JoinedHosts, 'connected'>
}

/**
 * The name under which a host that joins was known before. It has the same datapath id; nobody else is connected under that name; and
 * its switch has the same address, or if no switch is connected, its tunnel address is the same and its OVSDB connects from the same
 * address as before. So another host does not get what it had by saying the same of itself. Only a name that is new or given up can
 * follow another one.
 */
export function formerName(
  { graph, switches, hosts }: Known,
  id: HypervisorId,
  { datapathId, encapIp }: Pick<Facts, 'datapathId' | 'encapIp'>,
  { remoteAddress }: Pick<Connection, 'remoteAddress'>,
): HypervisorId | undefined {
  const there = graph.hypervisors.get(id)
  if (datapathId === null || (there && there.successor === null)) return undefined
  for (const other of graph.hypervisors.values()) {
    if (other.datapathId !== datapathId || other.id === id || hosts.connected(other.id)) continue
    const address = switches.addressOf(datapathId)
    const isSame =
      address !== undefined
        ? address === remoteAddress
        : encapIp !== null && encapIp === other.encapIp && (other.address ?? remoteAddress) === remoteAddress
    return isSame ? other.id : undefined
  }
  return undefined
}

export const renamedTo = (id: HypervisorId, successor: HypervisorId): Condition => ({
  code: 'renamed',
  message: `the host of hypervisor ${id} has system-id ${successor} now: remove ${id} when you no longer need it (DELETE /v1/hypervisors/${id})`,
})
