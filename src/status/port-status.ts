/** The status of a port. It follows from its VNIC, from the trunk that contains it, or from the remote site that it leads to. */
import type { PortId } from '../../topology/ids.ts'
import type { PortStanding, Standing } from '../core/standing.ts'
import { siteStanding } from './site-status.ts'
import type { StatusView } from './status-view.ts'
import { attachedStanding, ownStanding } from './vnic-status.ts'

export function portStanding(view: StatusView, id: PortId): PortStanding {
  const port = view.graph.ports.get(id)
  if (!port?.adminUp) return DOWN
  if (port.hypervisor) return siteStanding(view, port, port.hypervisor)
  const attachment = view.graph.attachmentOf(id)
  if (!attachment) return DOWN
  const { vnic, carrier, tag } = attachment
  if (tag === null) return inPort(ownStanding(view, vnic))
  if (!carrier.adminUp) {
    return { status: 'down', detail: `port ${carrier.id}, whose trunk carries it, is administratively down` }
  }
  const { outstanding } = view
  return inPort(attachedStanding(view, vnic, port, outstanding.port(id) || outstanding.vnic(vnic.id)))
}

/** The status of an unused port. */
export const DOWN: PortStanding = { status: 'down' }

const inPort = ({ status, detail }: Standing): PortStanding => ({
  status: status === 'unplugged' ? 'down' : status,
  ...(detail === undefined ? {} : { detail }),
})
