/** The IP addresses that a port is known to have, as its engine keeps them. */
import { ipv4, ipv6 } from '../../src/openflow/index.ts'
import type { Member, Neighbour } from '../engine.ts'
import { macOf } from './guard.ts'
import { addressesOf } from './port.ts'

export function neighbours({ port, vnic }: Member): Neighbour[] {
  const addresses = addressesOf(port)
  if (addresses.length === 0) return []
  const mac = macOf(vnic)
  return addresses.map((text) =>
    text.includes(':') ? { family: 6, address: ipv6(text), mac } : { family: 4, address: ipv4(text), mac },
  )
}
