/** The resources as the API shows them (snake_case, see the contract); made from the graph and the status board. */
import type { Attributes } from '../../topology/model.ts'
import type { RateLimitView } from '../features/rate-limit/rate-limit.ts'

export const VNIC_STATUS = ['unplugged', 'waiting', 'building', 'active', 'unplugging', 'error'] as const
export type VnicStatus = (typeof VNIC_STATUS)[number]
export type PortStatus = 'down' | Exclude<VnicStatus, 'unplugged'>

/** One object of a list. Lists are in the order of keys, so a key tells where a page ends. */
export interface Listed<View = object> {
  readonly key: number
  view(): View
}

export interface BindingView {
  readonly hypervisor: string
  readonly bridge: string
  readonly interface: string
  readonly ofport: number | null
}

export const MIGRATION_STATUS = ['preparing', 'prepared', 'error'] as const
export type MigrationStatus = (typeof MIGRATION_STATUS)[number]

export interface MigrationView {
  readonly hypervisor: string
  readonly status: MigrationStatus
  /** With status `error`, and where something is worth saying of `preparing`. */
  readonly status_detail?: string
}

/** The core's VNIC; the extension that made it adds its own fields (`mac_address`). */
export interface VnicView {
  readonly id: string
  readonly project: string
  readonly vm_id: string | null
  readonly name: string
  readonly kind: string
  readonly port_id: string | null
  readonly status: VnicStatus
  /** Only with status `error`, and where something is worth saying of `waiting` and `building`. */
  readonly status_detail?: string
  readonly binding: BindingView | null
  readonly migration: MigrationView | null
  readonly revision: number
  readonly created_at: string
  readonly [extension: string]: unknown
}

/** The core's port; the engine's extension adds its own fields. */
export interface PortView {
  readonly id: string
  readonly project: string
  readonly name: string
  readonly engine: string
  readonly network_id: string | null
  readonly vnic_id: string | null
  readonly admin_state_up: boolean
  readonly rate_limit: RateLimitView
  readonly status: PortStatus
  readonly status_detail?: string
  readonly revision: number
  readonly created_at: string
  readonly [extension: string]: unknown
}

/** The core's network; its engine adds its own fields. */
export interface NetworkView {
  readonly id: string
  readonly project: string
  readonly name: string
  readonly engine: string
  readonly segment: Attributes
  readonly mtu: number
  readonly shared: boolean
  readonly status: 'active' | 'error'
  readonly status_detail?: string
  readonly revision: number
  readonly created_at: string
  readonly [extension: string]: unknown
}

export interface HypervisorView {
  readonly id: string
  readonly hostname: string
  readonly openflow_connected: boolean
  readonly ovsdb_connected: boolean
  readonly openflow_version: string | null
  readonly ovs_version: string
  readonly datapath_id: string | null
  readonly bridge_mappings: Readonly<Record<string, string>>
  readonly encap_ip: string | null
  /** Number of rules wanted there. */
  readonly rules: number
  /** Number of objects whose rules are on their way there. */
  readonly backlog: number
  readonly last_error: string | null
  readonly conditions: ReadonlyArray<{ readonly code: string; readonly message: string }>
}

/** A rule as the API shows it: the ovs-ofctl line, and object and reason in words. */
export interface FlowView {
  readonly flow: string
  readonly why: string
}

export interface FlowsView {
  readonly flows: readonly FlowView[]
  /** The meters that these use, as `ovs-ofctl dump-meters` has them, a line each. */
  readonly meters: readonly string[]
  readonly actual?: ReadonlyArray<{ readonly flow: string }>
  readonly missing?: readonly FlowView[]
  readonly extra?: ReadonlyArray<{ readonly flow: string }>
  readonly actual_meters?: readonly string[]
}
