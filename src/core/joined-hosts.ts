/** What the core needs to know about the hosts that have joined over OVSDB; `src/hypervisors` implements it. */
import type { HypervisorId } from '../../topology/ids.ts'

export interface JoinedHosts {
  connected(hypervisor: HypervisorId): boolean
  /** Why the state of a host could not be applied, or why its last connection ended; null: neither happened. */
  lastError(hypervisor: HypervisorId): string | null
  /** Called when the hypervisor is removed: forgets what is known about it. */
  forget(hypervisor: HypervisorId): void
}
