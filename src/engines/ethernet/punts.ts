/** The frames of a VNIC that go to the controller: DHCP if its port has an address, router solicitations and DHCPv6. */

import type { Domain, Member, PacketField, Punt } from '../../../flows/engines/engine-rules.ts'
import { ipv6 } from '../../openflow/index.ts'
import { dhcpServerOf, ipv4Of, ipv6Of } from './network-addressing.ts'
import { ipv4AddressOf } from './port-addressing.ts'

const UDP: PacketField = { field: 'ip_proto', value: 17 }
const DHCP: readonly PacketField[] = [{ field: 'eth_type', value: 0x0800 }, UDP, { field: 'udp_dst', value: 67 }]
const ANYBODY = 0xffffffff
const IPV6: PacketField = { field: 'eth_type', value: 0x86dd }
/** All DHCP relay agents and servers (RFC 8415, 7.1). */
const ALL_SERVERS = ipv6('ff02::1:2')
const [ICMPV6, ROUTER_SOLICITATION] = [58, 133]

/** The DHCP frames. None for a port without an address, so that another DHCP server may answer its VM. */
export function dhcpPunts({ port }: Member, domain: Domain): Punt[] {
  const network = ipv4Of(domain)
  if (!network || ipv4AddressOf(port) === undefined) return []
  const to = (address: number, what: string): Punt => ({
    match: [...DHCP, { field: 'ipv4_dst', value: address }],
    what,
  })
  return [to(ANYBODY, 'DHCP'), to(dhcpServerOf(network), 'DHCP that is sent to its server')]
}

export function punts(member: Member, domain: Domain): Punt[] {
  const found = dhcpPunts(member, domain)
  const v6 = ipv6Of(domain)
  if (v6) {
    const solicitation: PacketField = { field: 'icmpv6_type', value: ROUTER_SOLICITATION }
    found.push({ match: [IPV6, { field: 'ip_proto', value: ICMPV6 }, solicitation], what: 'who is a router' })
  }
  if (v6?.mode === 'dhcpv6-stateless') {
    const to: readonly PacketField[] = [
      { field: 'udp_dst', value: 547 },
      { field: 'ipv6_dst', value: ALL_SERVERS },
    ]
    found.push({ match: [IPV6, UDP, ...to], what: 'DHCPv6' })
  }
  return found
}
