/** What the board says of a VNIC or a port, and what it said of one in an event. */
import type { HypervisorId } from '../../topology/ids.ts'
import type { MigrationStanding } from '../core/resources/migration.ts'
import type { PortStatus, VnicStatus, VnicView } from '../core/views.ts'

export interface Standing {
  readonly status: VnicStatus
  /** What an operator should know about it. */
  readonly detail?: string
  /** Of a VNIC that is about to move. */
  readonly migration?: MigrationStanding
}

export interface PortStanding {
  readonly status: PortStatus
  readonly detail?: string
}

export const toldOf = <S>({
  status,
  status_detail: detail,
}: {
  readonly status: S
  readonly status_detail?: string
}) => ({
  status,
  ...(detail === undefined ? {} : { detail }),
})

/** The standing of a VNIC as an event told it. */
export function recalled(vnic: VnicView): Standing {
  // Events of older versions have no migration.
  if (!vnic.migration) return toldOf(vnic)
  const { hypervisor, ...known } = vnic.migration
  return { ...toldOf(vnic), migration: { hypervisor: hypervisor as HypervisorId, ...toldOf(known) } }
}

export const alike = (a: Standing, b: Standing | undefined): boolean =>
  a.status === b?.status &&
  a.detail === b.detail &&
  a.migration?.hypervisor === b.migration?.hypervisor &&
  a.migration?.status === b.migration?.status &&
  a.migration?.detail === b.migration?.detail
