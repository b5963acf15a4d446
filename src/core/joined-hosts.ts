/** What the core needs to know about the hosts that have joined over OVSDB; `src/hypervisors` implements it. */
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Written } from './committed.ts'
import type { Draft } from './draft.ts'

export interface JoinedHosts {
  connected(hypervisor: HypervisorId): boolean
  /** Why the state of a host could not be applied, or why its last connection ended; null: neither happened. */
  lastError(hypervisor: HypervisorId): string | null
  /**
   * Runs an operation, and decides within it which hypervisor has the VNIC. Resolves when both are durable.
   * @throws what the operation throws
   */
  settle<T>(vnic: VnicId, operation: (draft: Draft) => T): Promise<Written<T>>
  /** Called when the hypervisor is removed: forgets what is known about it. */
  forget(hypervisor: HypervisorId): void
}
