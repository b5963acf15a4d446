/** What the core asks of the hosts that have joined over OVSDB; `src/hypervisors` answers. */
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'
import type { Condition } from './engine/engine.ts'

export interface JoinedHosts {
  connected(hypervisor: HypervisorId): boolean
  /** What is wrong with the settings and interfaces of a host that is connected. */
  conditions(hypervisor: HypervisorId): readonly Condition[]
  /** Why the state of a host could not be applied, or why its last connection ended; null: neither has happened. */
  lastError(hypervisor: HypervisorId): string | null
  /** The interface that a hypervisor still has of a VNIC that it has lost to another one. */
  leftOf(vnic: VnicId, hypervisor: HypervisorId): Binding | undefined
  /** The hypervisor is taken out of service. */
  forget(hypervisor: HypervisorId): void
}
