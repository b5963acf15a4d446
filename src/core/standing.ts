/** The standing of an object: its status, and what an operator should know about it. */
import type { HypervisorId, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import type { MigrationStatus, PortStatus, VnicStatus } from './views.ts'

export interface MigrationStanding {
  /** The hypervisor to which the VNIC migrates. */
  readonly hypervisor: HypervisorId
  readonly status: MigrationStatus
  readonly detail?: string
}

export interface Standing {
  readonly status: VnicStatus
  /** What an operator should know about it. */
  readonly detail?: string
  /** Present only for a VNIC that is migrating. */
  readonly migration?: MigrationStanding
}

export interface PortStanding {
  readonly status: PortStatus
  readonly detail?: string
}

export interface NetworkStanding {
  readonly status: 'active' | 'error'
  readonly detail?: string
}

/** The standing of each object, at one moment. */
export interface Standings {
  vnic(id: VnicId): Standing
  port(id: PortId): PortStanding
  network(id: NetworkId): NetworkStanding
}
