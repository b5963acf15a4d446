/** The last reported standings, so that only changes are reported. At start they are read from the event log. */
import type { HypervisorId, PortId, VnicId } from '../../topology/ids.ts'
import type { Event } from '../core/event-log.ts'
import type { PortStanding, Standing } from '../core/standing.ts'
import type { PortView, VnicView } from '../core/views.ts'

export class ToldStandings {
  readonly vnics = new Map<VnicId, Standing>()
  readonly ports = new Map<PortId, PortStanding>()

  /** Reads an event of the log. Call it with the oldest event first. */
  recall({ type, data }: Event): void {
    const isDeleted = type.endsWith('.deleted')
    if (type.startsWith('vnic.')) {
      if (isDeleted) this.vnics.delete(data.id as VnicId)
      else this.vnics.set(data.id as VnicId, vnicStandingIn(data as VnicView))
    } else if (type.startsWith('port.')) {
      if (isDeleted) this.ports.delete(data.id as PortId)
      else this.ports.set(data.id as PortId, standingIn(data as PortView))
    }
  }
}

export const isSamePort = (one: PortStanding, other: PortStanding): boolean =>
  one.status === other.status && one.detail === other.detail

export const isSameVnic = (one: Standing, other: Standing | undefined): boolean =>
  one.status === other?.status &&
  one.detail === other.detail &&
  one.migration?.hypervisor === other.migration?.hypervisor &&
  one.migration?.status === other.migration?.status &&
  one.migration?.detail === other.migration?.detail

function vnicStandingIn(view: VnicView): Standing {
  // Events of older versions have no migration.
  if (!view.migration) return standingIn(view)
  const { hypervisor, ...migration } = view.migration
  return { ...standingIn(view), migration: { hypervisor: hypervisor as HypervisorId, ...standingIn(migration) } }
}

const standingIn = <S>(view: { readonly status: S; readonly status_detail?: string }) => ({
  status: view.status,
  ...(view.status_detail === undefined ? {} : { detail: view.status_detail }),
})
