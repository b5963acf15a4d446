/** What Ethernet engines share: the address of a VNIC, and the guard that it sends from no other. */
import type { Vnic } from '../../topology/nodes.ts'
import type { PacketField } from '../engine.ts'

/** The group bit of a MAC address (IEEE 802, first octet, lowest bit): set in broadcast and multicast. */
export const GROUP_BIT = 0x010000000000

/** The MAC address of an Ethernet VNIC, 48 bits as a number. */
export function macOf(vnic: Vnic): number {
  const text = vnic.attributes.mac_address
  if (typeof text !== 'string') throw new TypeError(`VNIC ${vnic.id} is no Ethernet VNIC: it has no mac_address`)
  return Number.parseInt(text.replaceAll(':', ''), 16)
}

/** Own source MAC only. An exact address is no group address, so broadcast and multicast sources fail too. */
export const ownAddress = (vnic: Vnic): ReadonlyArray<readonly PacketField[]> => [
  [{ field: 'eth_src', value: macOf(vnic) }],
]
