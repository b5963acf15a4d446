/** What the core needs to know about the hosts that have joined over OVSDB; `src/hypervisors` implements it. */
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'

export interface JoinedHosts {
  connected(hypervisor: HypervisorId): boolean
  /** Why the state of a host could not be applied, or why its last connection ended; null: neither happened. */
  lastError(hypervisor: HypervisorId): string | null
  /** The interface that a hypervisor still has for a VNIC that is now bound to another hypervisor. */
  leftOf(vnic: VnicId, hypervisor: HypervisorId): Binding | undefined
  /** Called when the hypervisor is removed: forgets what is known about it. */
  forget(hypervisor: HypervisorId): void
}
