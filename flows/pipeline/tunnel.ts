/** Tunnels whose remote end and key the rules set for each packet. The tunnels of a host have one address family. */
import { type Action, ipv4, ipv6, type OxmField } from '../../src/openflow/index.ts'

const isIpv6 = (address: string): boolean => address.includes(':')

/** Can hosts with these tunnel addresses send packets to each other? */
export const sameFamily = (one: string, other: string): boolean => isIpv6(one) === isIpv6(other)

export const tunnelTo = (address: string): Action =>
  isIpv6(address)
    ? { type: 'set_field', field: 'tun_ipv6_dst', value: ipv6(address) }
    : { type: 'set_field', field: 'tun_dst', value: ipv4(address) }

export const tunnelFrom = (address: string): OxmField =>
  isIpv6(address) ? { field: 'tun_ipv6_src', value: ipv6(address) } : { field: 'tun_src', value: ipv4(address) }

export const withKey = (key: number): Action => ({ type: 'set_field', field: 'tun_id', value: BigInt(key) })

/**
 * Clears in_port. OpenFlow never outputs a packet to the port that it came in through. All tunnels of a type are one port, so a
 * packet from one tunnel must lose its in_port before it goes into another tunnel.
 */
export const FROM_NOWHERE: Action = { type: 'set_field', field: 'nxm_in_port', value: 0 }
