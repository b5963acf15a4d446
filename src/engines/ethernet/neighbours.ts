/** The IP addresses of a port's VNIC: the known ones, and those that it may borrow. Read from attributes. */

import type { Borrowed, Domain, Member, Neighbour } from '../../../flows/engines/engine-rules.ts'
import { ipv4, ipv6 } from '../../openflow/index.ts'
import { prefixValue } from './address-match.ts'
import { macOf } from './mac.ts'
import { knownAddresses } from './network-addressing.ts'
import { isUnguarded, pairsOf } from './port-addressing.ts'

export function neighbours(member: Member, domain: Domain): Neighbour[] {
  const addresses = knownAddresses(member, domain)
  if (addresses.length === 0) return []
  const mac = macOf(member.vnic)
  return addresses.map((text) =>
    text.includes(':') ? { family: 6, address: ipv6(text), mac } : { family: 4, address: ipv4(text), mac },
  )
}

/** What a VNIC may send as beside its known addresses: the pairs of its port, or everything without port security. */
export function borrows(member: Member, domain: Domain): Borrowed[] {
  if (isUnguarded(member.port)) {
    return [
      { family: 4, address: 0, mask: 0 },
      { family: 6, address: 0n, mask: 0n },
    ]
  }
  const known = new Set(knownAddresses(member, domain).map((each) => keyOf(prefixValue(each))))
  const own = macOf(member.vnic)
  // A pair with a known address and another MAC address counts: the guest may answer from either.
  return pairsOf(member.port).flatMap(({ mac = own, prefix }) => {
    const addresses = prefixValue(prefix)
    return mac === own && known.has(keyOf(addresses)) ? [] : [addresses]
  })
}

const keyOf = ({ address, mask }: Borrowed): string => `${address}/${mask}`
