/** What an Ethernet engine keeps of a network that hands out addresses, as its request said it, and who answers there. */

import type { Domain, Member, Neighbour } from '../../../flows/engines/engine-rules.ts'
import { ipv4, ipv6, printIpv6 } from '../../openflow/index.ts'
import { addressIn, linkLocal } from './interface-id.ts'
import { macOf } from './mac.ts'
import { addressesOf } from './port-addressing.ts'

/** The names of the fields. */
export const IPV4 = 'ipv4'
export const IPV6 = 'ipv6'

/** All in their canonical form. */
export interface Ipv4Network {
  /** `address/length` */
  readonly prefix: string
  readonly gateway_ip: string | null
  readonly dns: readonly string[]
  readonly routes: ReadonlyArray<{ readonly destination: string; readonly next_hop: string }>
  /** What is given to ports that choose none, both ends included. */
  readonly pool: ReadonlyArray<{ readonly start: string; readonly end: string }>
}

export const MODES = ['slaac', 'dhcpv6-stateless'] as const

export interface Ipv6Network {
  /** Of 64 bits. */
  readonly prefix: string
  readonly mode: (typeof MODES)[number]
  readonly dns: readonly string[]
}

export const ipv4Of = (domain: Domain): Ipv4Network | null => fieldOf(domain, IPV4) as Ipv4Network | null
export const ipv6Of = (domain: Domain): Ipv6Network | null => fieldOf(domain, IPV6) as Ipv6Network | null

const fieldOf = (domain: Domain, name: string): unknown =>
  ('segment' in domain ? domain.attributes[name] : undefined) ?? null

/** The address of a prefix of 64 bits: `fd00::` of `fd00::/64`. */
export const prefix6 = (prefix: string): string => prefix.replace('/64', '')

/** The addresses that a member is known to have: its port's, and the one that it makes of the network's prefix. */
export function knownAddresses({ port, vnic }: Member, domain: Domain): string[] {
  const own = addressesOf(port)
  const network = ipv6Of(domain)
  const made = network && printIpv6(addressIn(ipv6(prefix6(network.prefix)), macOf(vnic)))
  return made === null || own.includes(made) ? own : [...own, made]
}

/** The MAC address that the controller's answers come from, in every network: no VNIC is reached by it. */
export const CONTROLLER_MAC = 0x02504c554701
/** The link-local address that router advertisements and DHCPv6 come from. */
export const CONTROLLER_IPV6 = linkLocal(CONTROLLER_MAC)
/** For a network without a gateway: an address that no host may choose for itself (RFC 3927, 2.1). */
const LINK_LOCAL_SERVER = '169.254.0.67'

/**
 * The address by which its members know the DHCP server. That of the gateway is one that a host sends to directly, so a renewal
 * gets as far as the switch, which has it answered before the gateway sees it.
 */
export const dhcpServerOf = ({ gateway_ip }: Ipv4Network): number => ipv4(gateway_ip ?? LINK_LOCAL_SERVER)

/** Where there is no gateway, nobody else has the server's address. */
export function servers(domain: Domain): Neighbour[] {
  const network = ipv4Of(domain)
  if (!network || network.gateway_ip !== null) return []
  return [{ family: 4, address: dhcpServerOf(network), mac: CONTROLLER_MAC }]
}
