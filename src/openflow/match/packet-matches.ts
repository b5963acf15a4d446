/** Matches with their prerequisites: `tcp({ dst: 80 })` is IPv4, TCP, and the port. */
import { ICMP, ICMPV6, type Match, type OxmField, SCTP, TCP, UDP } from './match-fields.ts'

/** The IP version, 4 by default. */
export interface Family {
  readonly family?: 4 | 6
}

/** Transport ports. An omitted port may have any value. */
export interface Ports extends Family {
  readonly src?: number
  readonly dst?: number
}

export interface IcmpFields extends Family {
  readonly type?: number
  readonly code?: number
}

const ethType = (value: number): OxmField => ({ field: 'eth_type', value })
const protocol = (value: number): OxmField => ({ field: 'ip_proto', value })
const ip = (family: 4 | 6 = 4): OxmField => ethType(family === 4 ? 0x0800 : 0x86dd)

/** IPv4 packets, optionally with these addresses (32-bit numbers, see `ipv4`). */
export const ipv4Packets = ({ src, dst }: { readonly src?: number; readonly dst?: number } = {}): Match => [
  ip(4),
  ...given(src, (value) => ({ field: 'ipv4_src', value })),
  ...given(dst, (value) => ({ field: 'ipv4_dst', value })),
]

/** IPv6 packets, optionally with these addresses (128-bit numbers, see `ipv6`). */
export const ipv6Packets = ({ src, dst }: { readonly src?: bigint; readonly dst?: bigint } = {}): Match => [
  ip(6),
  ...given(src, (value) => ({ field: 'ipv6_src', value })),
  ...given(dst, (value) => ({ field: 'ipv6_dst', value })),
]

/** ARP packets, optionally with this operation: 1 is a request, 2 a reply. */
export const arp = ({ op }: { readonly op?: number } = {}): Match => [
  ethType(0x0806),
  ...given(op, (value) => ({ field: 'arp_op', value })),
]

/** TCP over IPv4, or over IPv6 with `family: 6`, optionally with these ports. */
export const tcp = ({ family, src, dst }: Ports = {}): Match => [
  ip(family),
  protocol(TCP),
  ...given(src, (value) => ({ field: 'tcp_src', value })),
  ...given(dst, (value) => ({ field: 'tcp_dst', value })),
]

/** UDP over IPv4, or over IPv6 with `family: 6`, optionally with these ports. */
export const udp = ({ family, src, dst }: Ports = {}): Match => [
  ip(family),
  protocol(UDP),
  ...given(src, (value) => ({ field: 'udp_src', value })),
  ...given(dst, (value) => ({ field: 'udp_dst', value })),
]

/** SCTP over IPv4, or over IPv6 with `family: 6`, optionally with these ports. */
export const sctp = ({ family, src, dst }: Ports = {}): Match => [
  ip(family),
  protocol(SCTP),
  ...given(src, (value) => ({ field: 'sctp_src', value })),
  ...given(dst, (value) => ({ field: 'sctp_dst', value })),
]

/** ICMP, or ICMPv6 with `family: 6`, optionally with this type and code. */
export const icmp = ({ family = 4, type, code }: IcmpFields = {}): Match => [
  ip(family),
  protocol(family === 4 ? ICMP : ICMPV6),
  ...given(type, (value) => ({ field: family === 4 ? 'icmp_type' : 'icmpv6_type', value })),
  ...given(code, (value) => ({ field: family === 4 ? 'icmp_code' : 'icmpv6_code', value })),
]

const given = <Value>(value: Value | undefined, field: (value: Value) => OxmField): OxmField[] =>
  value === undefined ? [] : [field(value)]
