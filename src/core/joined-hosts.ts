/** What the core needs to know about the hosts that have joined over OVSDB; `src/hypervisors` implements it. */
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import type { Written } from './committed.ts'
import type { Draft } from './draft.ts'

/** The connected hosts that are not touched, because they may belong to another store. */
export interface UntouchedHosts {
  foreign(): Iterable<Hypervisor>
  view(hypervisor: HypervisorId): Hypervisor | undefined
  /** Serves one of them from now on. @returns false if there is no such host */
  adopt(hypervisor: HypervisorId): Promise<boolean>
}

export interface JoinedHosts {
  readonly reception: UntouchedHosts
  connected(hypervisor: HypervisorId): boolean
  /** Why the state of a host could not be applied, or why its last connection ended; null: neither happened. */
  lastError(hypervisor: HypervisorId): string | null
  /**
   * Runs an operation, and decides within it which hypervisor has the VNIC. Resolves when both are durable.
   * @throws what the operation throws
   */
  settle<T>(vnic: VnicId, operation: (draft: Draft) => T): Promise<Written<T>>
  /** The hypervisor's switch may be changed from now on, though the store was loaded from a dump. */
  reviewed(hypervisor: HypervisorId): void
  /** Called when the hypervisor is removed: forgets what is known about it. */
  forget(hypervisor: HypervisorId): void
}
