/** The MAC address of an Ethernet VNIC. */

import type { Vnic } from '../../../topology/model.ts'
import { mac } from '../../openflow/index.ts'

/** The MAC address as a number of 48 bits. */
export function macOf(vnic: Vnic): number {
  const text = vnic.attributes.mac_address
  if (typeof text !== 'string') throw new TypeError(`VNIC ${vnic.id} is no Ethernet VNIC: it has no mac_address`)
  return mac(text)
}
