/** The status of a port that leads to a remote site of its network. */
import { siteOf } from '../../flows/sites.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Port } from '../../topology/model.ts'
import type { PortStanding } from '../core/standing.ts'
import { faultAt, refusalAt } from './obstacles.ts'
import type { StatusView } from './status-view.ts'
import { passage } from './stops.ts'

/** @param where the hypervisor with the tunnel to the site @param port a port that is administratively up */
export function siteStanding(view: StatusView, port: Port, where: HypervisorId): PortStanding {
  const { graph, switches, outstanding } = view
  const network = port.networkId === null ? undefined : graph.networks.get(port.networkId)
  if (!network) return { status: 'down' }
  const used = siteOf(graph, network.id)?.port.id
  if (used !== undefined && used !== port.id) {
    return {
      status: 'error',
      detail: `port ${used} bridges the network already, and two ways could make a loop: that one is used, so destroy one of them`,
    }
  }
  const target = switches.get(where)
  if (!target || !graph.hypervisors.has(where))
    return { status: 'waiting', detail: `hypervisor ${where} is not connected` }
  return (
    faultAt(view, where, port) ??
    faultAt(view, where, network) ??
    refusalAt(view, where, port.key, network.key) ??
    passage(view, where, port, port).obstacle ?? {
      status: target.ready && !outstanding.port(port.id) ? 'active' : 'building',
    }
  )
}
