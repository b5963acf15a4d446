/** The resources as the API shows them (snake_case, see the contract); made from the graph and the status board. */

export const VNIC_STATUS = ['unplugged', 'waiting', 'building', 'active', 'unplugging', 'error'] as const
export type VnicStatus = (typeof VNIC_STATUS)[number]
export type PortStatus = 'down' | Exclude<VnicStatus, 'unplugged'>

/** One object of a list. Lists are in the order of keys, so a key tells where a page ends. */
export interface Listed<View = object> {
  readonly key: number
  view(): View
}

export const MIGRATION_STATUS = ['preparing', 'prepared', 'error'] as const
export type MigrationStatus = (typeof MIGRATION_STATUS)[number]

export interface MigrationView {
  readonly hypervisor: string
  readonly status: MigrationStatus
  /** With status `error`, and where something is worth saying of `preparing`. */
  readonly status_detail?: string
}

/**
 * A resource as answers show it. Which fields it has, its table says (`resources/field-table.ts`). Only those have a type here that
 * the program itself reads.
 */
interface ResourceView<Status> {
  readonly id: string
  readonly project: string
  readonly status: Status
  readonly status_detail?: string
  readonly [field: string]: unknown
}

export interface VnicView extends ResourceView<VnicStatus> {
  readonly migration: MigrationView | null
}

export type PortView = ResourceView<PortStatus>

export type NetworkView = ResourceView<'active' | 'error'>

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
