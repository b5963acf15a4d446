/** What the connected hosts are given, and whom they tell. */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Switchboard } from '../core/connected-switches.ts'
import type { Engine } from '../core/engine/engine.ts'
import type { Identity } from '../core/identity.ts'
import type { Journal } from '../core/journal.ts'
import type { RefusalOf } from '../core/refusal-of.ts'
import type { Trouble } from '../core/trouble.ts'
import type { Connection } from '../ovsdb/index.ts'
import type { HostLimits } from './host-limits.ts'
import type { HostContext } from './host-session.ts'
import type { Sightings } from './sightings.ts'

export interface SyncContext {
  readonly graph: GraphReader
  readonly journal: Pick<Journal, 'write'>
  readonly engines: ReadonlyMap<string, Engine>
  readonly switches: Switchboard
  readonly log: Logger
  readonly identity: Identity
  /** Does each host that connects belong to this store, once? */
  readonly adoptAll: boolean
  readonly tunnels: HostContext['tunnels']
  /** Called with what stops traffic on a host, whenever its rows have been read. */
  troubled(hypervisor: HypervisorId, troubles: readonly Trouble[]): void
  readonly sightings: Sightings
  /** Called when the conditions of a hypervisor have changed, beside those of its rows. */
  conditionsChanged(hypervisor: HypervisorId): void
  /** Called when a host was refused or replaced that has the system-id of a connected one. */
  otherSeen(hypervisor: HypervisorId): void
  /** Called when a hypervisor that must not have a pinned VNIC shows its interface. */
  claimRefused(vnic: VnicId): void
  /** Called when hypervisors have been away for so long that others may have their tunnel addresses. */
  addressesFreed(): void
  /** Called when a host has joined or left. */
  joinedOrLeft(hypervisor: HypervisorId): void
  /** The OpenFlow listener for the switch of a host that has connected to this address: `tcp:ADDRESS:PORT`. */
  controllerFor(connection: Connection): string
  readonly limits?: HostLimits
  /** Undefined: none is refused. */
  readonly refusalOf: RefusalOf | undefined
}
