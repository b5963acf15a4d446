/**
 * Reads the fields of a guest's frame that guards look at. It reads as Open vSwitch does: what is cut off or malformed has no fields
 * from there on.
 */
import type { PacketField } from '../../flows/engines/engine-rules.ts'

export type FrameFields = ReadonlyMap<PacketField['field'], bigint>

export interface Frame {
  /** The identifier in its VLAN tag; null: it has no tag. */
  readonly tag: number | null
  /** Empty if it is shorter than its Ethernet header. The fields behind a tag are left out. */
  readonly fields: FrameFields
}

const [IPV4, ARP, IPV6] = [0x0800n, 0x0806n, 0x86ddn]
const TAGS: readonly bigint[] = [0x8100n, 0x88a8n]
const [UDP, ICMPV6] = [17n, 58n]
/** Types of ICMPv6 messages with a target address: neighbour solicitation and advertisement (RFC 4861). */
const WITH_TARGET: readonly bigint[] = [135n, 136n]
const ETHERNET_OCTETS = 14
const IPV6_OCTETS = 40
/** The start of each ARP packet for IPv4 over Ethernet (RFC 826), without the operation. */
const ARP_START = 0x000108000604n
/** The bits of an IPv4 header with the offset of the fragment. */
const FRAGMENT_OFFSET = 0x1fffn

export function readFrame(frame: Uint8Array): Frame {
  const fields = new Map<PacketField['field'], bigint>()
  /** A number in the frame, or undefined behind its end. */
  const at = (offset: number, octets: number): bigint | undefined => {
    if (offset + octets > frame.length) return undefined
    return frame.subarray(offset, offset + octets).reduce((sum, octet) => sum * 256n + BigInt(octet), 0n)
  }
  const note = (field: PacketField['field'], offset: number, octets: number): bigint | undefined => {
    const value = at(offset, octets)
    if (value !== undefined) fields.set(field, value)
    return value
  }
  const type = at(12, 2)
  if (type === undefined) return { tag: null, fields }
  note('eth_dst', 0, 6)
  note('eth_src', 6, 6)
  if (TAGS.includes(type)) return { tag: Number((at(ETHERNET_OCTETS, 2) ?? 0n) & 0xfffn), fields }
  fields.set('eth_type', type)
  const udp = (offset: number) => {
    note('udp_src', offset, 2)
    note('udp_dst', offset + 2, 2)
  }
  const start = ETHERNET_OCTETS
  if (type === ARP && at(start, 6) === ARP_START) {
    note('arp_sha', start + 8, 6)
    note('arp_spa', start + 14, 4)
    note('arp_tpa', start + 24, 4)
  } else if (type === IPV4) {
    note('ipv4_src', start + 12, 4)
    note('ipv4_dst', start + 16, 4)
    const isWhole = ((at(start + 6, 2) ?? 0n) & FRAGMENT_OFFSET) === 0n
    if (note('ip_proto', start + 9, 1) === UDP && isWhole) udp(start + Number((at(start, 1) ?? 0n) & 0xfn) * 4)
  } else if (type === IPV6) {
    note('ipv6_src', start + 8, 16)
    note('ipv6_dst', start + 24, 16)
    const next = note('ip_proto', start + 6, 1)
    if (next === UDP) udp(start + IPV6_OCTETS)
    const message = next === ICMPV6 ? note('icmpv6_type', start + IPV6_OCTETS, 1) : undefined
    if (message !== undefined && WITH_TARGET.includes(message)) note('nd_target', start + IPV6_OCTETS + 8, 16)
  }
  return { tag: null, fields }
}
