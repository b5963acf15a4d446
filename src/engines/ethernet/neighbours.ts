/** The known IP addresses of a port, read from its attributes. */

import type { Domain, Member, Neighbour } from '../../../flows/engines/engine-rules.ts'
import { ipv4, ipv6 } from '../../openflow/index.ts'
import { macOf } from './mac.ts'
import { knownAddresses } from './network-addressing.ts'

export function neighbours(member: Member, domain: Domain): Neighbour[] {
  const addresses = knownAddresses(member, domain)
  if (addresses.length === 0) return []
  const mac = macOf(member.vnic)
  return addresses.map((text) =>
    text.includes(':') ? { family: 6, address: ipv6(text), mac } : { family: 4, address: ipv4(text), mac },
  )
}
