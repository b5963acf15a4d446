/** Words for kinds of packets, and names whose meaning depends on the kind (ovs-fields(7)). */
import {
  FIELD_NAMES,
  FIELDS,
  type FieldName,
  type FieldRow,
  ICMP,
  ICMPV6,
  type Match,
  SCTP,
  TCP,
  UDP,
} from '../match/match-fields.ts'
import { fieldNamed } from './field-names.ts'

/** Bits of a VLAN tag: its presence, and its id. */
export const PRESENT = 0x1000
export const VID = 0xfff

type Word = readonly [word: string, ethType: number, protocol?: number]

/** Words that stand for an Ethernet type and an IP protocol. */
const WORDS: readonly Word[] = [
  ['ip', 0x0800],
  ['icmp', 0x0800, ICMP],
  ['tcp', 0x0800, TCP],
  ['udp', 0x0800, UDP],
  ['sctp', 0x0800, SCTP],
  ['ipv6', 0x86dd],
  ['icmp6', 0x86dd, ICMPV6],
  ['tcp6', 0x86dd, TCP],
  ['udp6', 0x86dd, UDP],
  ['sctp6', 0x86dd, SCTP],
  ['arp', 0x0806],
  ['rarp', 0x8035],
  ['mpls', 0x8847],
  ['mplsm', 0x8848],
]

/** Words that are parsed but not printed. */
const READ_ONLY: readonly Word[] = [
  ['ipv4', 0x0800],
  ['ip4', 0x0800],
  ['ip6', 0x86dd],
  ['igmp', 0x0800, 2],
]

const words = new Map([...WORDS, ...READ_ONLY].map((row) => [row[0], row]))

export const wordNamed = (name: string): Word | undefined => words.get(name)

export const findWord = (ethType: number | undefined, protocol: number | undefined): Word | undefined =>
  WORDS.find((row) => row[1] === ethType && row[2] === protocol && protocol !== undefined) ??
  WORDS.find((row) => row[1] === ethType && row[2] === undefined)

/** The value of a field that the match has without a mask. */
export const exact = (match: Match, name: FieldName): number | undefined => {
  const field = match.find((one) => one.field === name)
  return field && field.field !== 'unknown' && field.mask === undefined ? Number(field.value) : undefined
}

export const isProtocol = (name: string): boolean => name === 'nw_proto' || name === 'ip_proto'
export const isEthType = (name: string): boolean => name === 'dl_type' || name === 'eth_type'

const ARP_TYPES: ReadonlyArray<number | undefined> = [0x0806, 0x8035]

/** The field that a shared name means for this Ethernet type and protocol. */
export function sharedField(
  name: string,
  ethType: number | undefined,
  protocol: number | undefined,
): FieldName | undefined {
  const isArp = ARP_TYPES.includes(ethType)
  if (isArp && isProtocol(name)) return 'arp_op'
  if (isArp && (name === 'nw_src' || name === 'ip_src')) return 'arp_spa'
  if (isArp && (name === 'nw_dst' || name === 'ip_dst')) return 'arp_tpa'
  return transportField(name, protocol)
}

/** Names whose field depends on the protocol of the match. */
const SHARED = new Set(['tp_src', 'tp_dst', 'icmp_type', 'icmp_code'])

/** Fields by protocol and name. Type and code of ICMP have the names of ports, too. */
const transport = new Map<number, Map<string, FieldName>>()
for (const field of FIELD_NAMES) {
  const { protocol, text = field }: FieldRow = FIELDS[field]
  if (protocol === undefined) continue
  const names = transport.get(protocol) ?? new Map<string, FieldName>()
  if (!names.has(text)) transport.set(protocol, names.set(text, field))
  if (text === 'icmp_type') names.set('tp_src', field)
  if (text === 'icmp_code') names.set('tp_dst', field)
}

function transportField(name: string, protocol: number | undefined): FieldName | undefined {
  if (!SHARED.has(name)) return undefined
  if (protocol === undefined) return name.startsWith('icmp') ? fieldNamed(name) : undefined
  return transport.get(protocol)?.get(name)
}
