/**
 * Prerequisites (OpenFlow 1.5.1, 7.2.3.6): a field has a meaning only after the fields that select the packets that
 * have it.
 */
import type { Need } from './field-row.ts'
import {
  FIELD_NAMES,
  FIELDS,
  type FieldRow,
  ICMP,
  ICMPV6,
  type KnownField,
  type Match,
  SCTP,
  TCP,
  UDP,
} from './match-fields.ts'

/** Each prerequisite in words, for error messages. */
const WORDS: { readonly [N in Need]: string } = {
  vlan: 'vlan_vid with its bit 0x1000 set',
  ip: 'eth_type 0x0800 or 0x86dd',
  ipv4: 'eth_type 0x0800',
  ipv6: 'eth_type 0x86dd',
  arp: 'eth_type 0x0806 or 0x8035',
  mpls: 'eth_type 0x8847 or 0x8848',
  pbb: 'eth_type 0x88e7',
  nsh: 'eth_type 0x894f',
  tcp: 'ip_proto 6',
  udp: 'ip_proto 17',
  sctp: 'ip_proto 132',
  icmp: 'eth_type 0x0800 and ip_proto 1',
  icmpv6: 'eth_type 0x86dd and ip_proto 58',
  nd: 'icmpv6_type 135 or 136',
  nd_solicit: 'icmpv6_type 135',
  nd_advert: 'icmpv6_type 136',
}

/** What the fields so far say about the packet. */
interface Said {
  ethType: number
  protocol: number
  icmpv6: number
  tagged: boolean
}

const [IPV4, IPV6, NOTHING] = [0x0800, 0x86dd, -1]

const MEETS: { readonly [N in Need]: (said: Said) => boolean } = {
  vlan: ({ tagged }) => tagged,
  ip: ({ ethType }) => ethType === IPV4 || ethType === IPV6,
  ipv4: ({ ethType }) => ethType === IPV4,
  ipv6: ({ ethType }) => ethType === IPV6,
  arp: ({ ethType }) => ethType === 0x0806 || ethType === 0x8035,
  mpls: ({ ethType }) => ethType === 0x8847 || ethType === 0x8848,
  pbb: ({ ethType }) => ethType === 0x88e7,
  nsh: ({ ethType }) => ethType === 0x894f,
  tcp: ({ protocol }) => protocol === TCP,
  udp: ({ protocol }) => protocol === UDP,
  sctp: ({ protocol }) => protocol === SCTP,
  icmp: ({ ethType, protocol }) => ethType === IPV4 && protocol === ICMP,
  icmpv6: ({ ethType, protocol }) => ethType === IPV6 && protocol === ICMPV6,
  nd: ({ icmpv6 }) => icmpv6 === 135 || icmpv6 === 136,
  nd_solicit: ({ icmpv6 }) => icmpv6 === 135,
  nd_advert: ({ icmpv6 }) => icmpv6 === 136,
}

/** The fields that have a prerequisite or that others require. */
const NEEDS = new Map<string, { readonly meets: ((said: Said) => boolean) | undefined; readonly says: boolean }>()
const SAYING = new Set(['eth_type', 'ip_proto', 'icmpv6_type', 'packet_type', 'vlan_vid', 'vlan_tci'])
for (const name of FIELD_NAMES) {
  const { needs }: FieldRow = FIELDS[name]
  const says = SAYING.has(name)
  if (needs !== undefined || says) NEEDS.set(name, { meets: needs && MEETS[needs], says })
}

export function sayMissing({ field }: KnownField): string {
  const { needs }: FieldRow = FIELDS[field]
  return `${field} has a meaning only after ${needs ? WORDS[needs] : 'others'}`
}

/** The first field whose prerequisite is missing or comes after it. */
export function firstMissing(match: Match): KnownField | undefined {
  let said: Said | undefined
  for (const field of match) {
    const needs = NEEDS.get(field.field)
    if (needs === undefined || field.field === 'unknown') continue
    if (needs.meets && !(said && needs.meets(said))) return field
    if (needs.says) said = learn(said, field)
  }
  return undefined
}

function learn(said: Said | undefined, field: KnownField): Said {
  const now = said ?? { ethType: NOTHING, protocol: NOTHING, icmpv6: NOTHING, tagged: false }
  const [value, mask] = [Number(field.value), field.mask]
  if (field.field === 'vlan_vid' || field.field === 'vlan_tci') {
    now.tagged = (value & Number(mask ?? 0xffff) & 0x1000) !== 0
  } else if (mask !== undefined) return now
  else if (field.field === 'eth_type') now.ethType = value
  else if (field.field === 'ip_proto') now.protocol = value
  else if (field.field === 'icmpv6_type') now.icmpv6 = value
  // Namespace 1: the type is the Ethernet type of the outermost header.
  else if (value >>> 16 === 1) now.ethType = value & 0xffff
  return now
}
