/** Match fields for IP addresses and prefixes, and the EtherTypes of the packets that contain them. */
import type { Borrowed, PacketField } from '../../../flows/engines/engine-rules.ts'
import { ipv4, ipv6 } from '../../openflow/index.ts'

const etherType = (value: number): PacketField => ({ field: 'eth_type', value })
export const [ARP, IPV4, IPV6] = [etherType(0x0806), etherType(0x0800), etherType(0x86dd)]

/** All addresses of a prefix. @param prefix an address or `address/length` */
export function prefixValue(prefix: string): Borrowed {
  const [text = '', length] = prefix.split('/')
  if (text.includes(':')) {
    const mask = maskOf(128, length)
    return { family: 6, address: ipv6(text) & mask, mask }
  }
  const mask = maskOf(32, length)
  return { family: 4, address: Number(BigInt(ipv4(text)) & mask), mask: Number(mask) }
}

/** The field is this address, or in this prefix. @param prefix an address or `address/length` */
export function within(field: 'ipv4_src' | 'arp_spa' | 'ipv6_src' | 'nd_target', prefix: string): PacketField {
  const { address: value, mask } = prefixValue(prefix)
  const isWhole = mask === 0xffffffff || mask === maskOf(128)
  return { field, value, ...(isWhole ? {} : { mask }) } as PacketField
}

const maskOf = (bits: 32 | 128, length = String(bits)): bigint =>
  ((1n << BigInt(length)) - 1n) << BigInt(bits - Number(length))
