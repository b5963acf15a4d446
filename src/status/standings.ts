/** Computes the standing of any object from a view of the controller's state. */
import type { Standings } from '../core/standing.ts'
import { networkStanding } from './network-status.ts'
import { portStanding } from './port-status.ts'
import type { StatusView } from './status-view.ts'
import { vnicStanding } from './vnic-status.ts'

export const standingsOf = (view: StatusView): Standings => ({
  vnic: (id) => {
    const vnic = view.graph.vnics.get(id)
    return vnic ? vnicStanding(view, vnic) : { status: 'unplugged' }
  },
  port: (id) => portStanding(view, id),
  network: (id) => networkStanding(view, id),
})
