/**
 * The operations of the core, by resource. Every HTTP API stands on them. Reading answers at once from the graph. A write resolves
 * when it is durable; its rules follow, and `Settling` and `realised` tell when the switches have them.
 */
import type { Engine, VnicKind } from './engine/engine.ts'
import { type HypervisorContext, HypervisorOperations } from './hypervisor-operations.ts'
import { NetworkOperations } from './network-operations.ts'
import { PortOperations } from './port-operations.ts'
import type { Presenter } from './present.ts'
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
  readonly hypervisors: HypervisorOperations
}

export interface OperationsContext extends SettlingContext, HypervisorContext, Pick<Operations, 'engines' | 'kinds'> {
  readonly present: Presenter
}

export const operationsOf = (context: OperationsContext): Operations => ({
  engines: context.engines,
  kinds: context.kinds,
  networks: new NetworkOperations(context),
  ports: new PortOperations(context),
  vnics: new VnicOperations(context),
  hypervisors: new HypervisorOperations(context),
})
