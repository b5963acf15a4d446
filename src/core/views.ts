/** The resources as the API shows them (snake_case, see the contract), made from the graph and the standings. */
import type { Severity } from './severity.ts'

export const VNIC_STATUS = ['unplugged', 'waiting', 'building', 'active', 'unplugging', 'error'] as const
export type VnicStatus = (typeof VNIC_STATUS)[number]
export const PORT_STATUS = ['down', 'waiting', 'building', 'active', 'unplugging', 'error'] as const
export type PortStatus = (typeof PORT_STATUS)[number]

/** One object of a list. Lists are in the order of keys, so the last key marks the end of a page. */
export interface Listed<View = object> {
  readonly key: number
  view(): View
}

export const MIGRATION_STATUS = ['preparing', 'prepared', 'error'] as const
export type MigrationStatus = (typeof MIGRATION_STATUS)[number]

export interface MigrationView {
  readonly hypervisor: string
  readonly status: MigrationStatus
  /** The reason for status `error`, or a remark on `preparing`. */
  readonly status_detail?: string
  /** The interface that waits at the target; null: it is not there yet. */
  readonly interface: string | null
  /** Is the VNIC handed over as soon as its interface is there? */
  readonly activate: boolean
}

/**
 * A resource as answers show it. The table of the resource lists its fields (`resources/field-table.ts`). Only the fields that
 * the program itself reads have a type here.
 */
interface ResourceView<Status> {
  readonly id: string
  readonly project: string
  readonly status: Status
  readonly status_detail?: string
  readonly [field: string]: unknown
}

/** What the guard of a VNIC has refused. */
export interface GuardDropsView {
  /** The number of frames. */
  readonly count: number
  /** When counting began, RFC 3339. */
  readonly since: string
  /** What the latest frame that the controller has seen shows, in words; null: it has seen none. */
  readonly example: string | null
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
  /** The number of rules that the switch should have. */
  readonly rules: number
  /** The number of objects whose rules have not been sent yet. */
  readonly backlog: number
  readonly last_error: string | null
  readonly conditions: readonly ConditionView[]
}

export interface ConditionView {
  readonly code: string
  readonly message: string
  readonly severity: Severity
  /** When it was first seen, RFC 3339. The controller forgets it when it stops. */
  readonly since: string
}

/** Rules that nobody but an operator takes away. */
export interface HeldView {
  readonly held: ReadonlyArray<{ readonly flow: string; readonly vnic_id: string | null }>
  /** How many there are; `held` shows the first ones. */
  readonly total: number
}

/** A rule as the API shows it: a line of ovs-ofctl, the object and the reason. */
export interface FlowView {
  readonly flow: string
  readonly why: string
}

export interface FlowsView {
  readonly flows: readonly FlowView[]
  /** The meters that these flows use, as lines of `ovs-ofctl dump-meters`. */
  readonly meters: readonly string[]
  readonly actual?: ReadonlyArray<{ readonly flow: string }>
  readonly missing?: readonly FlowView[]
  readonly extra?: ReadonlyArray<{ readonly flow: string }>
  readonly actual_meters?: readonly string[]
}
