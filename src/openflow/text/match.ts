/** Matches as ovs-ofctl(8) writes them, and back. */
import { canonicalMatch, isToldInPart, trimmed } from '../canonical.ts'
import { OpenFlowError } from '../errors.ts'
import {
  FIELD_NAMES,
  FIELDS,
  type FieldName,
  type FieldRow,
  ICMP,
  ICMPV6,
  type KnownField,
  known,
  type Match,
  type OxmField,
  position,
  SCTP,
  TCP,
  UDP,
  type UnknownField,
} from '../fields.ts'
import { fieldNamed, nxmName } from './names.ts'
import { bad, integer, octets, onlyOnce } from './numbers.ts'
import { hexDigits, parseValue, printMatchValue } from './values.ts'

/** One word for an Ethernet type, and an IP protocol. */
const WORDS: ReadonlyArray<readonly [word: string, ethType: number, protocol?: number]> = [
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

/** Understood, but not printed. */
const READ_ONLY: typeof WORDS = [['igmp', 0x0800, 2]]

/** The word stands before the registers. */
const WORD_POSITION = position(known('reg0', 0))

const exact = (match: Match, name: FieldName): number | undefined => {
  const field = match.find((one) => one.field === name)
  return field && field.field !== 'unknown' && field.mask === undefined ? Number(field.value) : undefined
}

/** `in_port=5,vlan_tci=0x0000/0x1fff`; nothing, for a match of everything. */
export function printMatch(match: Match): string {
  const fields = canonicalMatch(match)
  const ethType = exact(fields, 'eth_type')
  const protocol = exact(fields, 'ip_proto')
  const [word, , wordProtocol] = findWord(ethType, protocol) ?? []
  const texts: string[] = []
  let spoken = word === undefined
  for (const field of fields) {
    if (!spoken && position(field) >= WORD_POSITION) {
      texts.push(word ?? '')
      spoken = true
    }
    if (word !== undefined && field.field === 'eth_type') continue
    if (wordProtocol !== undefined && field.field === 'ip_proto') continue
    if (field.field === 'vlan_vid') texts.push(...printVlan(field, fields))
    else if (field.field === 'vlan_pcp') texts.push(...printPriority(field, fields))
    else texts.push(printField(field, ethType, protocol))
  }
  return texts.join(',')
}

const findWord = (ethType: number | undefined, protocol: number | undefined) =>
  WORDS.find((row) => row[1] === ethType && row[2] === protocol && protocol !== undefined) ??
  WORDS.find((row) => row[1] === ethType && row[2] === undefined)

function printField(field: OxmField, ethType: number | undefined, protocol: number | undefined): string {
  if (field.field === 'unknown') return printUnknown(field)
  const row: FieldRow = FIELDS[field.field]
  const isOfIt = row.protocol === undefined || row.protocol === protocol
  const name = isOfIt ? (row.text ?? field.field) : field.field
  // Beside this type and protocol the name may be another field's.
  const meant = sharedField(name, ethType, protocol) ?? fieldNamed(name)
  const known = meant === field.field ? name : nxmName(field.field)
  return row.variable && field.mask === 0n ? known : `${known}=${printMatchValue(field)}`
}

const PRESENT = 0x1000
const VID = 0xfff

type VlanVid = Extract<KnownField, { field: 'vlan_vid' }>
type VlanPcp = Extract<KnownField, { field: 'vlan_pcp' }>

/** How a tag is written: its id, its priority, or value and mask of its control information. */
function tagForm({ value, mask = PRESENT | VID }: VlanVid, priority: number | undefined): 'id' | 'priority' | 'tci' {
  const present = (value & mask & PRESENT) !== 0
  if (present && (mask & VID) === VID) return 'id'
  return present && (mask & VID) === 0 && priority !== undefined ? 'priority' : 'tci'
}

function printVlan(vid: VlanVid, fields: Match): string[] {
  const { value, mask = PRESENT | VID } = vid
  const priority = exact(fields, 'vlan_pcp')
  switch (tagForm(vid, priority)) {
    case 'id':
      return [`dl_vlan=${value & VID}`]
    case 'priority':
      return []
    case 'tci': {
      const [tci, bits] = hasOneTci(vid, fields) ? [value | (Number(priority) << 13), mask | 0xe000] : [value, mask]
      return [`vlan_tci=${hexDigits(tci, 4)}/${hexDigits(bits, 4)}`]
    }
  }
}

/** Are id and priority of one tag that is there for sure? */
const hasOneTci = ({ value, mask = PRESENT | VID }: VlanVid, fields: Match): boolean =>
  (value & mask & PRESENT) !== 0 && exact(fields, 'vlan_pcp') !== undefined

function printPriority(field: VlanPcp, fields: Match): string[] {
  const vid = fields.find((one): one is VlanVid => one.field === 'vlan_vid')
  if (!vid || !hasOneTci(vid, fields)) return [`vlan_pcp=${printMatchValue(field)}`]
  return tagForm(vid, field.value) === 'tci' ? [] : [`dl_vlan_pcp=${field.value}`]
}

const UNKNOWN = 'oxm'

/** `oxm(class,type,mask or -,octets)`: not of ovs-ofctl, which has no text for what it does not know. */
function printUnknown({ class: cls, type, hasMask, experimenter, body }: UnknownField): string {
  const code = experimenter === undefined ? hexDigits(cls, 4) : `${hexDigits(cls, 4)}.${hexDigits(experimenter, 8)}`
  return `${UNKNOWN}(${code},${type},${hasMask ? 'mask' : '-'},${Buffer.from(body).toString('hex')})`
}

function parseUnknown(text: string): UnknownField {
  const found = /^oxm\((0x[\da-f]+)(?:\.(0x[\da-f]+))?,(\d+),(mask|-),([\da-f]*)\)$/.exec(text)
  if (!found) throw bad(text, 'it is written oxm(class,type,mask or -,octets)')
  const [, cls = '', experimenter, type = '', mask, body = ''] = found
  return {
    field: 'unknown',
    class: integer(cls, 0xffff),
    type: integer(type, 0x7f),
    hasMask: mask === 'mask',
    ...(experimenter === undefined ? {} : { experimenter: integer(experimenter) }),
    body: octets(body),
  }
}

/** Read a match; names of OpenFlow and the older ones of OVS are understood. @throws OpenFlowError `bad-text` */
export const parseMatch = (text: string): Match => matchOf(splitCommas(text))

const isProtocol = (name: string): boolean => name === 'nw_proto' || name === 'ip_proto'
const isEthType = (name: string): boolean => name === 'dl_type' || name === 'eth_type'

/** The name alone: the option is there, whatever it says. */
const IS_THERE = /^tun_metadata([0-9]|[1-5][0-9]|6[0-3])$/

/** The match that the words of it stand for. What other words mean depends on Ethernet type and protocol: they come first. */
export function matchOf(words: readonly string[]): Match {
  const fields: OxmField[] = []
  const named: Array<[name: string, value: string]> = []
  for (const word of words) {
    const shorthand = [...WORDS, ...READ_ONLY].find(([name]) => name === word)
    const equals = word.indexOf('=')
    if (shorthand) {
      fields.push(known('eth_type', shorthand[1]))
      if (shorthand[2] !== undefined) fields.push(known('ip_proto', shorthand[2]))
    } else if (word.startsWith(`${UNKNOWN}(`)) fields.push(parseUnknown(word))
    else if (equals < 0 && IS_THERE.test(word)) fields.push(known(word as FieldName, 0n, 0n))
    else if (equals < 0) throw new OpenFlowError('bad-text', `"${word}" is no field`)
    else named.push([word.slice(0, equals), word.slice(equals + 1)])
  }
  const rank = ([name]: [string, string]): number => (isEthType(name) ? 0 : isProtocol(name) ? 1 : 2)
  for (const [name, value] of named.toSorted((a, b) => rank(a) - rank(b))) {
    fields.push(parseField(name, value, fields))
  }
  const names = named.map(([name]) => name)
  const tagged = names.some((name) => /^(dl_vlan|vlan_vid|vlan_tci)$/.test(name))
  if (names.includes('dl_vlan_pcp') && !tagged) fields.push(known('vlan_vid', PRESENT, PRESENT))
  // What the switch will tell of it only in part is sent as it was written.
  const told = canonicalMatch(fields.filter((field) => !isToldInPart(field)))
  const match = [...told, ...fields.filter(isToldInPart).flatMap(trimmed)]
  if (hasTci(match) && match.some(({ field }) => TAG.test(field))) {
    throw bad('vlan_tci', 'it is given beside a part of it')
  }
  for (const some of [fields, match]) onlyOnce(some.flatMap(({ field }) => (field === 'unknown' ? [] : [field])))
  return match
}

const TAG = /^vlan_(vid|pcp)$/
const hasTci = (match: Match): boolean => match.some(({ field }) => field === 'vlan_tci')

function parseField(name: string, value: string, fields: Match): OxmField {
  // OFP_VLAN_NONE of OpenFlow 1.0: no tag.
  if (name === 'dl_vlan') return known('vlan_vid', value === '0xffff' ? 0 : PRESENT | integer(value, VID))
  if (name === 'nw_tos') return parseTos(value)
  const field = sharedField(name, exact(fields, 'eth_type'), exact(fields, 'ip_proto')) ?? fieldNamed(name)
  if (!field) throw new OpenFlowError('bad-text', `"${name}" is no field`)
  return parseValue(field, value)
}

function parseTos(value: string): OxmField {
  if (value.includes('/')) return parseValue('ip_dscp', value)
  const tos = integer(value, 252)
  if (tos % 4 !== 0) throw bad(`nw_tos=${value}`, 'a multiple of 4 up to 252')
  return known('ip_dscp', tos / 4)
}

const ARP_TYPES: ReadonlyArray<number | undefined> = [0x0806, 0x8035]

/** The field of a name that stands for several. */
function sharedField(name: string, ethType: number | undefined, protocol: number | undefined): FieldName | undefined {
  const isArp = ARP_TYPES.includes(ethType)
  if (isArp && isProtocol(name)) return 'arp_op'
  if (isArp && (name === 'nw_src' || name === 'ip_src')) return 'arp_spa'
  if (isArp && (name === 'nw_dst' || name === 'ip_dst')) return 'arp_tpa'
  return transportField(name, protocol)
}

/** `tp_src`, `tp_dst`, `icmp_type` and `icmp_code` are of the protocol of the match. */
const SHARED = new Set(['tp_src', 'tp_dst', 'icmp_type', 'icmp_code'])

/** By protocol, then by the name in a match. */
const transport = new Map<number, Map<string, FieldName>>()
for (const field of FIELD_NAMES) {
  const { protocol, text = field }: FieldRow = FIELDS[field]
  if (protocol === undefined) continue
  const names = transport.get(protocol) ?? new Map<string, FieldName>()
  if (!names.has(text)) transport.set(protocol, names.set(text, field))
}

function transportField(name: string, protocol: number | undefined): FieldName | undefined {
  if (!SHARED.has(name)) return undefined
  if (protocol === undefined) return name.startsWith('icmp') ? fieldNamed(name) : undefined
  return transport.get(protocol)?.get(name)
}

/** The parts between commas (or blanks) that stand in no parentheses. */
export function splitCommas(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const char of text) {
    if (char === '(') depth += 1
    if (char === ')') depth -= 1
    if (depth === 0 && (char === ',' || char === ' ')) {
      if (part !== '') parts.push(part)
      part = ''
    } else part += char
  }
  if (depth !== 0) throw new OpenFlowError('bad-text', `${text}: a parenthesis is left open`)
  return part === '' ? parts : [...parts, part]
}
