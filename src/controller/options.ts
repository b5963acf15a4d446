/** What a controller is made of and with. */
import type { Logger } from 'pino'
import type { Engine } from '../core/engine/engine.ts'
import type { Feature } from '../core/feature.ts'
import type { Identity } from '../core/identity.ts'
import type { Loaded } from '../core/persist.ts'
import type { RefusalOf } from '../core/refusal-of.ts'
import type { Policy } from '../core/resources/policy.ts'
import type { HostLimits } from '../hypervisors/host-limits.ts'
import type { StrangerLimits } from '../hypervisors/strangers.ts'
import type { Session } from '../openflow/index.ts'
import type { Connection } from '../ovsdb/index.ts'
import type { Store } from '../store/store.ts'

export interface ControllerOptions {
  readonly store: Store
  /** The content of the store. */
  readonly loaded: Loaded
  readonly log: Logger
  readonly engines: readonly Engine[]
  /** The features. Default: those of this package. */
  readonly features?: readonly Feature[]
  /** The address of our OpenFlow listener for the switch of the host with this OVSDB connection. */
  controllerFor(connection: Connection): string
  readonly identity: Identity
  /** The setting `store.adopt`. */
  readonly adoptAll: boolean
  /** What projects may do and have. By default, as many objects as they want. */
  readonly policy?: Policy
  /** What a host may send and fill. By default as much as the library allows. */
  readonly hostLimits?: HostLimits
  /** Of hosts and of switches, by their certificates. Default: none. */
  readonly refusals?: { readonly host: RefusalOf | undefined; readonly switch: RefusalOf | undefined }
  /** How long hypervisors that never had a VNIC are remembered, and how many. */
  readonly strangers?: StrangerLimits
  /** Called with the session of a switch when its hypervisor is known. */
  switchKnown?(session: Session): void
}
