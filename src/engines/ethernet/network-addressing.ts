/** The address attributes of an Ethernet network, and the addresses that the controller answers from. */

import type { Domain, Member, Neighbour } from '../../../flows/engines/engine-rules.ts'
import { ipv4, ipv6, printIpv6 } from '../../openflow/index.ts'
import type { DhcpOption } from './dhcp-options.ts'
import { addressIn, linkLocal } from './interface-id.ts'
import { macOf } from './mac.ts'
import { addressesOf } from './port-addressing.ts'

/** The names of the fields. */
export const IPV4 = 'ipv4'
export const IPV6 = 'ipv6'

/** The IPv4 settings of a network. All addresses are in canonical form. */
export interface Ipv4Network {
  /** `address/length` */
  readonly prefix: string
  readonly gateway_ip: string | null
  readonly dns: readonly string[]
  readonly routes: ReadonlyArray<{ readonly destination: string; readonly next_hop: string }>
  /** DHCP options for boot loaders. Left out: none. */
  readonly dhcp_options?: readonly DhcpOption[]
  /** The addresses for ports that choose none. Both ends are included. */
  readonly pool: ReadonlyArray<{ readonly start: string; readonly end: string }>
}

export const MODES = ['slaac', 'dhcpv6-stateless'] as const

export interface Ipv6Network {
  /** A prefix of 64 bits. */
  readonly prefix: string
  readonly mode: (typeof MODES)[number]
  readonly dns: readonly string[]
}

export const ipv4Of = (domain: Domain): Ipv4Network | null => fieldOf(domain, IPV4) as Ipv4Network | null
export const ipv6Of = (domain: Domain): Ipv6Network | null => fieldOf(domain, IPV6) as Ipv6Network | null

const fieldOf = (domain: Domain, name: string): unknown =>
  ('segment' in domain ? domain.attributes[name] : undefined) ?? null

/** The address part of a prefix of 64 bits: `fd00::` for `fd00::/64`. */
export const prefix6 = (prefix: string): string => prefix.replace('/64', '')

/** The known addresses of a member: those of its port, and the one that it derives from the network's prefix. */
export function knownAddresses({ port, vnic }: Member, domain: Domain): string[] {
  const own = addressesOf(port)
  const network = ipv6Of(domain)
  const made = network && printIpv6(addressIn(ipv6(prefix6(network.prefix)), macOf(vnic)))
  return made === null || own.includes(made) ? own : [...own, made]
}

/** The MAC address that the controller answers from, in every network. No VNIC has it. */
export const CONTROLLER_MAC = 0x02504c554701
/** The link-local address that router advertisements and DHCPv6 answers come from. */
export const CONTROLLER_IPV6 = linkLocal(CONTROLLER_MAC)
/** The address of the DHCP server in a network without a gateway. No host may choose this address by itself (RFC 3927, 2.1). */
const LINK_LOCAL_SERVER = '169.254.0.67'

/**
 * The address of the DHCP server for the members of a network. It is the address of the gateway, to which hosts send directly.
 * So a renewal reaches the switch, which passes it to the controller before the gateway sees it.
 */
export const dhcpServerOf = ({ gateway_ip }: Ipv4Network): number => ipv4(gateway_ip ?? LINK_LOCAL_SERVER)

/** The neighbours that the switches answer for: without a gateway, the address of the DHCP server belongs to no host. */
export function servers(domain: Domain): Neighbour[] {
  const network = ipv4Of(domain)
  if (!network || network.gateway_ip !== null) return []
  return [{ family: 4, address: dhcpServerOf(network), mac: CONTROLLER_MAC }]
}
