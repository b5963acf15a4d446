/** The status of a network: `error` if a switch refuses its rules, or if the network exceeds a limit of its engine. */
import type { NetworkId } from '../../topology/ids.ts'
import type { NetworkStanding } from '../core/standing.ts'
import { refusalAt } from './obstacles.ts'
import type { StatusView } from './status-view.ts'

export function networkStanding(view: StatusView, id: NetworkId): NetworkStanding {
  const network = view.graph.networks.get(id)
  if (!network) return { status: 'active' }
  for (const hypervisor of view.graph.members(id).keys()) {
    const refusal = refusalAt(view, hypervisor, network.key)
    if (refusal) return { status: 'error', detail: refusal.detail }
  }
  const limit = view.limits(view.graph, network)
  return limit === undefined ? { status: 'active' } : { status: 'error', detail: limit }
}
