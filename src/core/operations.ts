/**
 * The operations of the core, by resource. Every HTTP API stands on them. Reading answers at once from the graph. A write resolves
 * when it is durable; its rules follow, and `Settling` and `realised` tell when the switches have them.
 */
import type { Engine, VnicKind } from './engine/engine.ts'
import { NetworkOperations } from './network-operations.ts'
import { PortOperations } from './port-operations.ts'
import type { Presenter } from './present.ts'
import type { Hypervisors } from './resources/hypervisor.ts'
import type { SettlingContext } from './settling.ts'
import { VnicOperations } from './vnic-operations.ts'

export type { HypervisorId, NetworkId, PortId, ProjectId, VnicId } from '../../topology/ids.ts'

export interface Operations {
  /** The loaded engines by alias. */
  readonly engines: ReadonlyMap<string, Engine>
  /** The kinds of VNIC that they take. */
  readonly kinds: readonly VnicKind[]
  readonly networks: NetworkOperations
  readonly ports: PortOperations
  readonly vnics: VnicOperations
  readonly hypervisors: Hypervisors
}

export interface OperationsContext extends SettlingContext, Pick<Operations, 'engines' | 'kinds' | 'hypervisors'> {
  readonly present: Presenter
}

export const operationsOf = (context: OperationsContext): Operations => ({
  engines: context.engines,
  kinds: context.kinds,
  networks: new NetworkOperations(context),
  ports: new PortOperations(context),
  vnics: new VnicOperations(context),
  hypervisors: context.hypervisors,
})
