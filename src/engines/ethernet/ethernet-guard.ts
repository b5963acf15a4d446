/**
 * Port security. A VNIC may send only from its own MAC address. If the IP addresses of its port are known, it may send only from
 * these. It may be a client of DHCP and of router discovery, but never a server or a router.
 */

import type { Domain, Guard, Member, PacketField, Punt } from '../../../flows/engines/engine-rules.ts'
import { ARP, IPV4, IPV6, within } from './address-match.ts'
import { linkLocalOf } from './interface-id.ts'
import { macOf } from './mac.ts'
import { knownAddresses } from './network-addressing.ts'
import { isUnguarded, pairsOf } from './port-addressing.ts'
import { dhcpPunts } from './punts.ts'
import { virtualRouters } from './virtual-routers.ts'

/** The group bit of a MAC address (IEEE 802, first octet, lowest bit): set in broadcast and multicast. */
export const GROUP_BIT = 0x010000000000

const UDP: PacketField = { field: 'ip_proto', value: 17 }
const ICMPV6: PacketField = { field: 'ip_proto', value: 58 }
/** Types of ICMPv6 messages (RFC 4861; listener report: RFC 3810). */
const [WHO_ROUTES, ROUTER, SOLICITATION, ADVERTISEMENT, REDIRECT, LISTENER] = [133, 134, 135, 136, 137, 143]
const icmpv6 = (value: number): PacketField[] => [IPV6, ICMPV6, { field: 'icmpv6_type', value }]

const OWN = 'from its own address'

/**
 * Says what the VNIC in this port may send.
 * @param dhcp the DHCP messages that the controller answers
 */
export function ethernetGuard(
  member: Member,
  domain: Domain,
  dhcp: readonly Punt[] = dhcpPunts(member, domain),
): Guard[] {
  const { port, vnic } = member
  const own = macOf(vnic)
  if (isUnguarded(port))
    return [{ may: 'pass', rank: 1, match: [], what: 'whatever it likes: its port security is off' }]
  const known = knownAddresses(member, domain)
  const pairs = pairsOf(port)
  const from = (mac: number): PacketField => ({ field: 'eth_src', value: mac })
  const others = pairs.flatMap(({ mac = own, prefix }) => {
    // If no IP addresses are known, the VNIC may send from its own MAC address with any IP address.
    return known.length === 0 && mac === own ? [] : as(from(mac), mac, prefix)
  })
  others.push(...virtualRouters(own, pairs, known))
  if (known.length === 0) return [{ may: 'pass', rank: 1, match: [from(own)], what: OWN }, ...others]
  return [
    ...known.flatMap((address) => as(from(own), own, address)),
    ...as(from(own), own, linkLocalOf(own)),
    ...asked(from(own), dhcp),
    ...client(from(own), own),
    ...NEVER,
    ...others,
  ]
}

/** Frames that a VNIC sends from its own MAC address. */
export const ownFrames = ({ vnic }: Member): PacketField[] => [{ field: 'eth_src', value: macOf(vnic) }]

/** Lets a VNIC use this address or prefix: in its packets, and in ARP or neighbour discovery. */
function as(source: PacketField, mac: number, prefix: string): Guard[] {
  const what = `as ${prefix}`
  if (!prefix.includes(':')) {
    return [
      { may: 'pass', rank: 1, match: [source, IPV4, within('ipv4_src', prefix)], what },
      {
        may: 'pass',
        rank: 1,
        match: [source, ARP, within('arp_spa', prefix), { field: 'arp_sha', value: mac }],
        what,
      },
    ]
  }
  return [
    { may: 'pass', rank: 1, match: [source, IPV6, within('ipv6_src', prefix)], what },
    {
      may: 'pass',
      rank: 3,
      match: [source, ...icmpv6(ADVERTISEMENT), within('nd_target', prefix)],
      what: `that it has ${prefix}`,
    },
    {
      may: 'pass',
      rank: 1,
      match: [source, ...unspecified(SOLICITATION), within('nd_target', prefix)],
      what: `whether ${prefix} is free`,
    },
  ]
}

const unspecified = (type: number): PacketField[] => [IPV6, { field: 'ipv6_src', value: 0n }, ...icmpv6(type).slice(1)]

const FROM_CLIENT: PacketField = { field: 'udp_src', value: 68 }

/**
 * DHCP messages that the controller answers. They may come from any address, because they are not forwarded. A client may try to
 * renew an address that it has lost, and must get a refusal (RFC 2131, 4.3.2).
 */
function asked(source: PacketField, dhcp: readonly Punt[]): Guard[] {
  const answered = dhcp.map(({ match }) => [source, ...match.filter(({ field }) => field !== 'udp_src'), FROM_CLIENT])
  if (answered.length > 0)
    return answered.map((match) => ({ may: 'pass', rank: 1, match, what: 'as a DHCP client, whatever address it had' }))
  const match: PacketField[] = [
    source,
    IPV4,
    { field: 'ipv4_src', value: 0 },
    UDP,
    FROM_CLIENT,
    { field: 'udp_dst', value: 67 },
  ]
  return [{ may: 'pass', rank: 1, match, what: 'as a DHCP client without an address yet' }]
}

/** Other messages that a host sends before it has an address. */
const client = (source: PacketField, mac: number): Guard[] => [
  {
    may: 'pass',
    rank: 1,
    match: [source, ARP, { field: 'arp_spa', value: 0 }, { field: 'arp_sha', value: mac }],
    what: 'whether an address is free',
  },
  { may: 'pass', rank: 1, match: [source, ...unspecified(LISTENER)], what: 'which multicast it listens to' },
  { may: 'pass', rank: 1, match: [source, ...unspecified(WHO_ROUTES)], what: 'who is a router' },
]

const NEVER: readonly Guard[] = (
  [
    [[IPV4, UDP, { field: 'udp_src', value: 67 }], 'as a DHCP server'],
    [[IPV6, UDP, { field: 'udp_src', value: 547 }], 'as a DHCPv6 server'],
    [icmpv6(ROUTER), 'as a router'],
    [icmpv6(REDIRECT), 'as a router'],
    [icmpv6(ADVERTISEMENT), 'that it has an address of others'],
  ] as ReadonlyArray<readonly [PacketField[], string]>
).map(([match, what]) => ({ may: 'never', rank: 2, match, what }))
