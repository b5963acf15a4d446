/** Says what is wrong with a frame that a guard has refused. It shows numbers of the frame only, never its octets as text. */
import type { Guard, PacketField } from '../../flows/engines/engine-rules.ts'
import { printIpv4, printIpv6, printMac } from '../openflow/index.ts'
import { type FrameFields, readFrame } from './frame-fields.ts'

/** The most values that are named as expected. */
const MAX_EXPECTED = 3

/** A field with an address of the sender. */
interface Sender {
  readonly field: PacketField['field']
  readonly words: string
  /** What is expected if no value is allowed. */
  readonly none: string
  readonly bits: number
  print(value: bigint): string
}

const mac = (value: bigint) => printMac(Number(value))
const ipv4 = (value: bigint) => printIpv4(Number(value))

const MAC: Sender = { field: 'eth_src', words: 'sends as', none: 'no MAC address', bits: 48, print: mac }
const ADDRESSES: readonly Sender[] = [
  { field: 'arp_sha', words: 'sends ARP from', none: 'no ARP', bits: 48, print: mac },
  { field: 'arp_spa', words: 'sends ARP as', none: 'no ARP', bits: 32, print: ipv4 },
  { field: 'ipv4_src', words: 'sends as', none: 'no IPv4', bits: 32, print: ipv4 },
  { field: 'ipv6_src', words: 'sends as', none: 'no IPv6', bits: 128, print: printIpv6 },
]

/**
 * @param octets the frame as the guest sent it; nothing in it is checked
 * @param guards what the guest may send, and what it must not send
 */
export function wordsFor(octets: Uint8Array, guards: readonly Guard[]): string {
  const { tag, fields } = readFrame(octets)
  const source = fields.get('eth_src')
  if (source === undefined) return 'sends a frame that is too short'
  if (tag !== null) return `sends with VLAN tag ${tag}, which its port does not take`
  const passing = guards.filter(({ may }) => may === 'pass')
  if (!passing.some(({ match }) => agrees(match, 'eth_src', source))) return senderWords(MAC, source, passing)
  const never = guards.find(({ may, match }) => may === 'never' && isWithin(fields, match))
  if (never) return `sends ${never.what}${targetWords(fields)}`
  const own = passing.filter(({ match }) => agrees(match, 'eth_src', source))
  for (const sender of ADDRESSES) {
    const value = fields.get(sender.field)
    const isAllowed = value === undefined || valuesOf(sender.field, own).some((each) => meets(each, value))
    if (!isAllowed) return senderWords(sender, value, own)
  }
  return `sends EtherType 0x${(fields.get('eth_type') ?? 0n).toString(16).padStart(4, '0')}, which its port does not allow`
}

function senderWords({ field, words, none, bits, print }: Sender, value: bigint, passing: readonly Guard[]): string {
  const allowed = valuesOf(field, passing).map(({ value, mask }) => {
    const address = print(value)
    return mask === undefined ? address : `${address}/${lengthOf(mask, bits)}`
  })
  const expected = [...new Set(allowed)]
  const more = expected.length > MAX_EXPECTED ? ` or ${expected.length - MAX_EXPECTED} more` : ''
  return `${words} ${print(value)}, expected ${expected.slice(0, MAX_EXPECTED).join(' or ') || none}${more}`
}

function targetWords(fields: FrameFields): string {
  const target = fields.get('nd_target')
  return target === undefined ? '' : `: ${printIpv6(target)}`
}

interface Value {
  readonly value: bigint
  readonly mask: bigint | undefined
}

/** The addresses that the guest may send as. The unspecified address is none: it goes with few kinds of frames. */
const valuesOf = (name: Sender['field'], guards: readonly Guard[]): Value[] =>
  guards.flatMap(({ match }) =>
    match.filter(({ field, value }) => field === name && BigInt(value) !== 0n).map(fieldValue),
  )

const fieldValue = ({ value, mask }: PacketField): Value => ({
  value: BigInt(value),
  mask: mask === undefined ? undefined : BigInt(mask),
})

const meets = ({ value, mask }: Value, other: bigint): boolean => (mask === undefined ? other : other & mask) === value

/** Does a match allow this value of a field? */
const agrees = (match: readonly PacketField[], name: PacketField['field'], value: bigint): boolean =>
  match.every((each) => each.field !== name || meets(fieldValue(each), value))

/** Does the frame have all that a match asks for? */
const isWithin = (fields: FrameFields, match: readonly PacketField[]): boolean =>
  match.every((each) => {
    const value = fields.get(each.field)
    return value !== undefined && meets(fieldValue(each), value)
  })

const lengthOf = (mask: bigint, bits: number): number => bits - (((1n << BigInt(bits)) - 1n) ^ mask).toString(2).length
