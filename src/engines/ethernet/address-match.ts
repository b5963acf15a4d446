/** Match fields for IP addresses and prefixes, and the EtherTypes of the packets that contain them. */
import type { PacketField } from '../../../flows/engines/engine-rules.ts'
import { ipv4, ipv6 } from '../../openflow/index.ts'

const etherType = (value: number): PacketField => ({ field: 'eth_type', value })
export const [ARP, IPV4, IPV6] = [etherType(0x0806), etherType(0x0800), etherType(0x86dd)]

/** The field is this address, or in this prefix. @param prefix an address or `address/length` */
export function within(
  field: 'ipv4_src' | 'arp_spa' | 'arp_tpa' | 'ipv6_src' | 'nd_target',
  prefix: string,
): PacketField {
  const [address = '', length] = prefix.split('/')
  const found = address.includes(':')
    ? masked(field, ipv6(address), 128, length)
    : masked(field, ipv4(address), 32, length)
  return found as PacketField
}

function masked(field: string, value: number | bigint, bits: 32 | 128, length = String(bits)) {
  if (Number(length) === bits) return { field, value }
  const wide = ((1n << BigInt(bits)) - 1n) ^ ((1n << BigInt(bits - Number(length))) - 1n)
  return typeof value === 'bigint'
    ? { field, value: value & wide, mask: wide }
    : { field, value: Number(BigInt(value) & wide), mask: Number(wide) }
}
