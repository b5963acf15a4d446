/** How far a live migration is, by the graph and by what the switch at the target has confirmed. */
import { type Engines, faultOf } from '../../flows/compile.ts'
import type { Graph } from '../../topology/graph.ts'
import type { Vnic } from '../../topology/model.ts'
import type { ConnectedSwitches } from '../core/connected-switches.ts'
import type { MigrationStanding } from '../core/realisation.ts'

interface Known {
  readonly graph: Graph
  readonly engines: Engines
  readonly switches: ConnectedSwitches
}

/**
 * How far it is, and what will keep it from working at the target.
 * @param outstanding has a switch yet to confirm what is prepared?
 */
export function migrationStanding(
  { graph, engines, switches }: Known,
  vnic: Vnic,
  outstanding: boolean,
): MigrationStanding | undefined {
  const { migratesTo: hypervisor } = vnic
  if (!hypervisor) return undefined
  const wrong = (detail: string): MigrationStanding => ({ hypervisor, status: 'error', detail })
  const target = switches.get(hypervisor)
  const there = graph.hypervisors.get(hypervisor)
  if (!target || !there) return wrong(`hypervisor ${hypervisor} is not connected`)
  for (const id of graph.portsOf(vnic)) {
    const port = graph.ports.get(id)
    const domain = port?.networkId ? graph.networks.get(port.networkId) : port
    const fault = domain && port?.adminUp ? faultOf(engines, domain, there) : undefined
    if (fault) return fault.pending ? { hypervisor, status: 'preparing', detail: fault.message } : wrong(fault.message)
    const refusal = (domain && target.refused.get(domain.key)) ?? (port && target.refused.get(port.key))
    if (refusal) return wrong(`hypervisor ${hypervisor} ${refusal}`)
  }
  return { hypervisor, status: target.ready && !outstanding ? 'prepared' : 'preparing' }
}
