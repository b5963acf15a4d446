/** Which switch a connection belongs to. */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { plainAddress } from '../core/network-of.ts'
import type { Session } from '../openflow/index.ts'

/** The IP address from which a switch has connected. */
export const addressOf = ({ remoteAddress }: Session): string => plainAddress(remoteAddress.replace(/:\d+$/, ''))

export const datapathIdOf = ({ datapathId }: Session): string => datapathId.toString(16).padStart(16, '0')

/**
 * Is this the switch of the host that reports the interfaces of the hypervisor? If its host has another name now, or if another host
 * has taken this name, the port numbers of the hypervisor are not those of this switch. Then it gets no rules: it keeps what it has
 * until it connects again.
 */
export const isServed = (graph: GraphReader, hypervisor: HypervisorId, session: Session): boolean =>
  graph.hypervisors.get(hypervisor)?.datapathId === datapathIdOf(session)
