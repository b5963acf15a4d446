/** The progress of a live migration. It follows from the graph and from what the switch at the target has confirmed. */
import { domainOf } from '../../flows/domain-of.ts'
import type { Vnic } from '../../topology/model.ts'
import type { MigrationStanding } from '../core/standing.ts'
import { faultAt, refusalAt } from './obstacles.ts'
import type { StatusView } from './status-view.ts'
import { passage } from './stops.ts'

/** @returns undefined if the VNIC is not migrating */
export function migrationStanding(view: StatusView, vnic: Vnic): MigrationStanding | undefined {
  const { graph, switches, outstanding } = view
  const { migratesTo: hypervisor } = vnic
  if (!hypervisor) return undefined
  const target = switches.get(hypervisor)
  if (!target || !graph.hypervisors.has(hypervisor))
    return { hypervisor, status: 'error', detail: `hypervisor ${hypervisor} is not connected` }
  for (const id of graph.portsOf(vnic)) {
    const port = graph.ports.get(id)
    const domain = port && domainOf(graph, port)
    if (!domain) continue
    const obstacle =
      (port.adminUp && (faultAt(view, hypervisor, domain) ?? passage(view, hypervisor, domain, port).obstacle)) ||
      refusalAt(view, hypervisor, domain.key, port.key)
    if (obstacle) {
      const { status, detail } = obstacle
      return { hypervisor, status: status === 'building' ? 'preparing' : 'error', detail }
    }
  }
  return { hypervisor, status: target.ready && !outstanding.migration(vnic.id) ? 'prepared' : 'preparing' }
}
