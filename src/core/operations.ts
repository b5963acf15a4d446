/**
 * The operations of the core, by resource. Every HTTP API uses them. Reading answers at once from the graph. A write resolves
 * when it is durable. Its rules follow; `Settling` and `realised` tell when the switches have them.
 */
import { type HypervisorContext, HypervisorOperations } from './hypervisor-operations.ts'
import type { Journal } from './journal.ts'
import { NetworkOperations } from './network-operations.ts'
import { PortOperations } from './port-operations.ts'
import type { Presenter } from './present.ts'
import type { ResourceContext } from './resources/context.ts'
import type { SettlingContext } from './settling.ts'
import { VnicOperations } from './vnic-operations.ts'

export type { HypervisorId, NetworkId, PortId, ProjectId, VnicId } from '../../topology/ids.ts'

export interface Operations extends Pick<ResourceContext, 'engines' | 'tables'> {
  readonly networks: NetworkOperations
  readonly ports: PortOperations
  readonly vnics: VnicOperations
  readonly hypervisors: HypervisorOperations
}

export interface OperationsContext extends SettlingContext, HypervisorContext, ResourceContext {
  readonly journal: Journal
  readonly present: Presenter
}

export const operationsOf = (context: OperationsContext): Operations => ({
  engines: context.engines,
  tables: context.tables,
  networks: new NetworkOperations(context),
  ports: new PortOperations(context),
  vnics: new VnicOperations(context),
  hypervisors: new HypervisorOperations(context),
})
