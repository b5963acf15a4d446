/** Tunnels whose ends and key the rules say, packet by packet. Both address families; a host has tunnels of its own family. */
import { type Action, ipv4, ipv6, type OxmField } from '../../src/openflow/index.ts'

const isIpv6 = (address: string): boolean => address.includes(':')

/** Can the one send tunnelled packets to the other? */
export const sameFamily = (one: string, other: string): boolean => isIpv6(one) === isIpv6(other)

export const tunnelTo = (address: string): Action =>
  isIpv6(address)
    ? { type: 'set_field', field: 'tun_ipv6_dst', value: ipv6(address) }
    : { type: 'set_field', field: 'tun_dst', value: ipv4(address) }

export const tunnelFrom = (address: string): OxmField =>
  isIpv6(address) ? { field: 'tun_ipv6_src', value: ipv6(address) } : { field: 'tun_src', value: ipv4(address) }

export const withKey = (key: number): Action => ({ type: 'set_field', field: 'tun_id', value: BigInt(key) })

/**
 * A packet that came in by a tunnel port goes out by it only if it is as if it had come from nowhere: OpenFlow never puts a
 * packet out where it came in, and all tunnels of a type are one port.
 */
export const FROM_NOWHERE: Action = { type: 'set_field', field: 'nxm_in_port', value: 0 }
