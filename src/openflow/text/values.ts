/** Values of fields as text: of a match, and of set_field, which differs in a few. */
import { ipv4, ipv6, mac, printIpv4, printIpv6, printMac } from '../addresses.ts'
import { OpenFlowError } from '../errors.ts'
import { allOnes, FIELDS, type FieldName, type FieldRow, type KnownField, known } from '../fields.ts'
import { portNamed, printPort } from './names.ts'

type Value = number | bigint

/** `%#x` of C: zero has no prefix. */
export const hex = (value: Value): string => (value === 0 || value === 0n ? '0' : `0x${value.toString(16)}`)
export const hexDigits = (value: Value, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`

const BIT_NAMES: Partial<Record<FieldName, readonly string[]>> = {
  ct_state: ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'],
  tcp_flags: ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns', '[200]', '[400]', '[800]'],
  tun_flags: ['oam'],
}

/** FLOW_NW_FRAG: bit 0 any fragment, bit 1 a later one. What ovs-ofctl prints as the same word as another is in numbers. */
const FRAGMENTS: ReadonlyArray<readonly [word: string, value: number, mask: number]> = [
  ['no', 0, 1],
  ['first', 1, 3],
  ['yes', 1, 1],
  ['not_later', 0, 2],
  ['later', 2, 2],
]

/** As it stands in a match, after `name=`. */
export function printMatchValue({ field, value, mask }: KnownField): string {
  const row: FieldRow = FIELDS[field]
  if (row.format === 'tos') return mask === undefined ? String(Number(value) * 4) : both(hex, value, mask)
  if (row.format === 'flags' && field === 'tun_flags' && mask === undefined) return printBits(field, value, 1)
  if (row.format === 'decimal' && mask !== undefined) return `0x${value.toString(16)}/0x${mask.toString(16)}`
  if (row.format === 'label') return both((number) => hexDigits(number, 5), value, mask)
  if (field === 'eth_type') return both((number) => hexDigits(number, 4), value, mask)
  return printValue(field, value, mask)
}

/** As it stands in set_field. */
export function printValue(field: FieldName, value: Value, mask: Value | undefined): string {
  switch (FIELDS[field].format) {
    case 'mac':
      return both((number) => printMac(Number(number)), value, mask)
    case 'ipv4':
      return printIpv4(Number(value)) + printIpMask(field, mask, (bits) => printIpv4(Number(bits)))
    case 'ipv6':
      return printIpv6(BigInt(value)) + printIpMask(field, mask, (bits) => printIpv6(BigInt(bits)))
    case 'port':
      return both((number) => printPort(Number(number)), value, mask)
    case 'flags':
      return printBits(field, value, mask)
    case 'frag':
      return printFragment(Number(value), mask)
    case 'packet_type':
      return both((type) => `(${Number(type) >>> 16},${hex(Number(type) & 0xffff)})`, value, mask)
    case 'label':
    case 'hex':
      return both(hex, value, mask)
    default:
      return mask === undefined ? String(value) : `${value}/${hex(mask)}`
  }
}

const both = (print: (value: Value) => string, value: Value, mask: Value | undefined): string =>
  mask === undefined ? print(value) : `${print(value)}/${print(mask)}`

/** A mask that is a prefix prints as its length. */
function printIpMask(field: FieldName, mask: Value | undefined, print: (mask: Value) => string): string {
  if (mask === undefined) return ''
  const { bits } = FIELDS[field]
  const holes = BigInt(allOnes(field)) ^ BigInt(mask)
  const isPrefix = (holes & (holes + 1n)) === 0n
  return isPrefix ? `/${bits - (holes === 0n ? 0 : holes.toString(2).length)}` : `/${print(mask)}`
}

function printBits(field: FieldName, value: Value, mask: Value | undefined): string {
  const names = BIT_NAMES[field] ?? []
  const known = names.map((name, bit) => ({
    name,
    set: (Number(value) >>> bit) & 1,
    counts: (Number(mask ?? 0) >>> bit) & 1,
  }))
  if (mask !== undefined)
    return known.flatMap(({ name, set, counts }) => (counts ? [`${set ? '+' : '-'}${name}`] : [])).join('')
  return known.flatMap(({ name, set }) => (set ? [name] : [])).join('|') || '0'
}

function printFragment(value: number, mask: Value | undefined): string {
  const found = FRAGMENTS.find((row) => row[1] === value && row[2] === Number(mask ?? 3))
  return found?.[0] ?? (mask === undefined ? hex(value) : `${hex(value)}/${hex(mask)}`)
}

/** The reverse of both printers; a bit list may be as in a match or as in set_field. */
export function parseValue(field: FieldName, text: string): KnownField {
  const { format } = FIELDS[field] as FieldRow
  if (format === 'flags') return parseBits(field, text)
  if (format === 'frag') return parseFragment(field, text)
  const [value = '', mask, ...more] = text.split('/')
  if (more.length > 0) throw new OpenFlowError('bad-text', `${field}=${text}: one mask at most`)
  const bits = mask === undefined ? undefined : parseMask(field, mask)
  return known(field, parseOne(field, value), bits)
}

function parseMask(field: FieldName, text: string): Value {
  const { format, bits } = FIELDS[field]
  if ((format !== 'ipv4' && format !== 'ipv6') || !/^\d+$/.test(text)) return parseOne(field, text)
  const length = Number(text)
  if (length > bits) throw new OpenFlowError('bad-text', `/${text}: ${bits} is the most`)
  const mask = BigInt(allOnes(field)) & ~((1n << BigInt(bits - length)) - 1n)
  return format === 'ipv4' ? Number(mask) : mask
}

function parseOne(field: FieldName, text: string): Value {
  const { format, width, limit } = FIELDS[field] as FieldRow
  if (format === 'mac') return mac(text)
  if (format === 'ipv4') return ipv4(text)
  if (format === 'ipv6') return ipv6(text)
  if (format === 'packet_type') return parsePacketType(text)
  const port = format === 'port' ? portNamed(text) : undefined
  const value = port ?? parseNumber(field, text, width)
  if (value >= limit) throw new OpenFlowError('bad-text', `${field}=${text}: it has ${FIELDS[field].bits} bits`)
  return value
}

function parseNumber(field: string, text: string, width: 'number' | 'bigint'): Value {
  if (!/^(0x[\da-f]+|\d+)$/i.test(text)) throw new OpenFlowError('bad-text', `${field}=${text}: no number`)
  return width === 'bigint' ? BigInt(text) : Number(text)
}

function parsePacketType(text: string): number {
  const found = /^\((\d+),(0x[\da-f]+|\d+)\)$/i.exec(text)
  if (!found) throw new OpenFlowError('bad-text', `packet_type=${text}: it is written (namespace,type)`)
  return Number(found[1]) * 0x10000 + Number(found[2])
}

function parseBits(field: FieldName, text: string): KnownField {
  const names = BIT_NAMES[field] ?? []
  const bitOf = (name: string): number => {
    const bit = names.indexOf(name)
    if (bit < 0) throw new OpenFlowError('bad-text', `${field}=${text}: "${name}" is none of ${names.join(', ')}`)
    return 1 << bit
  }
  if (/^[+-]/.test(text)) {
    const signed = text.match(/[+-][^+-]+/g) ?? []
    const sum = (some: readonly string[]): number => some.reduce((bits, word) => bits | bitOf(word.slice(1)), 0)
    return known(field, sum(signed.filter((word) => word.startsWith('+'))), sum(signed))
  }
  const [value = '', mask] = text.split('/')
  if (/^\d/.test(value)) {
    return parseIntegers(field, value, mask)
  }
  return known(
    field,
    value.split('|').reduce((bits, name) => bits | bitOf(name), 0),
  )
}

const parseInteger = (field: FieldName, text: string): number => Number(parseNumber(field, text, 'number'))

function parseFragment(field: FieldName, text: string): KnownField {
  const found = FRAGMENTS.find(([word]) => word === text)
  if (found) return found[2] === 3 ? known(field, found[1]) : known(field, found[1], found[2])
  const [value = '', mask] = text.split('/')
  return parseIntegers(field, value, mask)
}

function parseIntegers(field: FieldName, value: string, mask: string | undefined): KnownField {
  const number = parseInteger(field, value)
  return mask === undefined ? known(field, number) : known(field, number, parseInteger(field, mask))
}
