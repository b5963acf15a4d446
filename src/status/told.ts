/** Standings as events told them: read back from the event log at start, and compared with the present ones. */
import type { HypervisorId } from '../../topology/ids.ts'
import type { Standing } from '../core/realisation.ts'
import type { VnicView } from '../core/views.ts'

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
