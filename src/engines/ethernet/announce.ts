/** Announces a VNIC on a physical network at its new place, so that the physical switches send its frames there. */
import { gratuitousArp, reverseArp } from '../../../flows/engines/arp-frames.ts'
import type { Announcement, Domain, Member, Neighbour } from '../../../flows/engines/engine-rules.ts'
import { macOf } from './mac.ts'
import { neighbours } from './neighbours.ts'

/** First its MAC address, in RARP. Then each of its known IPv4 addresses that no other guest may hold now, in gratuitous ARP. */
export function whereItIs(
  domain: Domain,
  member: Member,
  isBorrowed: (address: Neighbour) => boolean = () => false,
): Announcement[] {
  const mac = macOf(member.vnic)
  const target = { to: 'uplink' } as const
  const own = neighbours(member, domain).flatMap((each) =>
    each.family === 4 && !isBorrowed(each) ? [each.address] : [],
  )
  return [
    { frame: reverseArp(mac), target, why: 'where its MAC address is' },
    ...own.map((address) => ({ frame: gratuitousArp(mac, address), target, why: 'who has its address' })),
  ]
}
