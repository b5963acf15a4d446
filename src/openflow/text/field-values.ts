/** Text of field values in a match, and in set_field, which differs in a few fields. */

import { allOnes, FIELDS, type FieldName, type FieldRow, type KnownField, known } from '../match/match-fields.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { narrow } from '../wire/port-numbers.ts'
import { ipv4, ipv6, mac, printIpv4, printIpv6, printMac } from './address-text.ts'
import { bad, bigInteger, integer } from './numbers.ts'
import { parsePort, printNarrowPort, printPort } from './port-names.ts'

type Value = number | bigint

/** Like `%#x` in C: zero has no prefix. */
export const hex = (value: Value): string => (value === 0 || value === 0n ? '0' : `0x${value.toString(16)}`)
export const hexDigits = (value: Value, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`

const BIT_NAMES: Partial<Record<FieldName, readonly string[]>> = {
  ct_state: ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'],
  tcp_flags: ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns', '[200]', '[400]', '[800]'],
  tun_flags: ['oam'],
}

/**
 * FLOW_NW_FRAG: bit 0 is any fragment, bit 1 a later one. Values that ovs-ofctl prints ambiguously are printed as
 * numbers.
 */
const FRAGMENTS: ReadonlyArray<readonly [word: string, value: number, mask: number]> = [
  ['no', 0, 3],
  ['first', 1, 3],
  ['yes', 1, 1],
  ['not_later', 0, 2],
  ['later', 3, 3],
]

/** Prints a value in a match, after `name=`. */
export function printMatchValue({ field, value, mask }: KnownField): string {
  const row: FieldRow = FIELDS[field]
  if (row.format === 'tos') return mask === undefined ? String(Number(value) * 4) : both(hex, value, mask)
  if (row.format === 'flags' && field === 'tun_flags' && mask === undefined) return printBits(field, value, 1)
  if (row.format === 'decimal' && mask !== undefined) return `0x${value.toString(16)}/0x${mask.toString(16)}`
  if (row.format === 'octet' && mask !== undefined) return both((octet) => hexDigits(octet, 2), value, mask)
  if (row.format === 'word') return both((number) => hexDigits(number, 1), value, mask)
  if (row.format === 'label') return both((number) => hexDigits(number, 5), value, mask)
  if (field === 'eth_type') return both((number) => hexDigits(number, 4), value, mask)
  return printValue(field, value, mask)
}

/** Prints a value in set_field. */
export function printValue(field: FieldName, value: Value, mask: Value | undefined): string {
  switch (FIELDS[field].format) {
    case 'mac':
      return both((number) => printMac(Number(number)), value, mask)
    case 'ipv4':
      return printIpv4(Number(value)) + printIpMask(field, mask, (bits) => printIpv4(Number(bits)))
    case 'ipv6':
      return printIpv6(BigInt(value)) + printIpMask(field, mask, (bits) => printIpv6(BigInt(bits)))
    case 'port':
      return both((number) => (FIELDS[field].bits === 16 ? printNarrowPort : printPort)(Number(number)), value, mask)
    case 'flags':
      return printBits(field, value, mask)
    case 'frag':
      return printFragment(Number(value), mask)
    case 'packet_type':
      return both(printPacketType, value, mask)
    case 'label':
    case 'word':
    case 'hex':
      return both(hex, value, mask)
    default:
      return mask === undefined ? String(value) : `${value}/${hex(mask)}`
  }
}

const both = (print: (value: Value) => string, value: Value, mask: Value | undefined): string =>
  mask === undefined ? print(value) : `${print(value)}/${print(mask)}`

function printPacketType(packetType: Value): string {
  const [namespace, type] = [Number(packetType) >>> 16, Number(packetType) & 0xffff]
  return `(${namespace},${type < 10 ? type : hex(type)})`
}

/** Prints a mask. A prefix is printed as its length. */
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
    return (
      known.flatMap(({ name, set, counts }) => (counts ? [`${set ? '+' : '-'}${name}`] : [])).join('') ||
      both(hex, value, mask)
    )
  return known.flatMap(({ name, set }) => (set ? [name] : [])).join('|') || '0'
}

function printFragment(value: number, mask: Value | undefined): string {
  const found = FRAGMENTS.find((row) => row[1] === value && row[2] === Number(mask ?? 3))
  return found?.[0] ?? (mask === undefined ? hex(value) : `${hex(value)}/${hex(mask)}`)
}

/** Parses what both printers print. A list of bits may have the form of a match or of set_field. */
export function parseValue(field: FieldName, text: string): KnownField {
  const { format } = FIELDS[field] as FieldRow
  if (format === 'flags' && /^[+-]/.test(text)) return parseSigned(field, text)
  const fragment = format === 'frag' ? FRAGMENTS.find(([word]) => word === text.toLowerCase()) : undefined
  if (fragment) return fragment[2] === 3 ? known(field, fragment[1]) : known(field, fragment[1], fragment[2])
  const [value = '', mask, ...more] = text.split('/')
  if (more.length > 0) throw new OpenFlowError('bad-text', `${field}=${text}: at most one mask is possible`)
  const bits = mask === undefined ? undefined : parseMask(field, mask)
  return known(field, parseOne(field, value), bits)
}

function parseMask(field: FieldName, text: string): Value {
  const { format, bits } = FIELDS[field]
  if ((format !== 'ipv4' && format !== 'ipv6') || !/^\d+$/.test(text)) return parseOne(field, text)
  const length = integer(text, bits)
  const mask = BigInt(allOnes(field)) & ~((1n << BigInt(bits - length)) - 1n)
  return format === 'ipv4' ? Number(mask) : mask
}

function parseOne(field: FieldName, text: string): Value {
  const { format, width, bits } = FIELDS[field] as FieldRow
  if (format === 'mac') return mac(text)
  if (format === 'ipv4') return ipv4(text)
  if (format === 'ipv6') return ipv6(text)
  if (format === 'packet_type') return parsePacketType(text)
  if (format === 'flags' && !/^\d/.test(text)) return text.split('|').reduce((sum, name) => sum | bitOf(field, name), 0)
  try {
    if (format === 'port') return bits === 16 ? parseNarrowPort(text) : parsePort(text)
    const value = bigInteger(text, bits)
    return width === 'bigint' ? value : Number(value)
  } catch (cause) {
    throw new OpenFlowError('bad-text', `${field}=${text}: expected a whole number of ${bits} bits`, { cause })
  }
}

function parseNarrowPort(text: string): number {
  const port = narrow(parsePort(text))
  if (port > 0xffff) throw bad(text, 'expected a port of 16 bits')
  return port
}

function parsePacketType(text: string): number {
  const found = /^\((\w+),(\w+)\)$/.exec(text)
  if (!found) throw new OpenFlowError('bad-text', `packet_type=${text}: expected (namespace,type)`)
  return integer(found[1] ?? '', 0xffff) * 0x10000 + integer(found[2] ?? '', 0xffff)
}

function bitOf(field: FieldName, name: string): number {
  const names = BIT_NAMES[field] ?? []
  const bit = names.indexOf(name)
  if (bit < 0) throw new OpenFlowError('bad-text', `${field}: "${name}" is not one of ${names.join(', ')}`)
  return 1 << bit
}

/** Parses `+trk-new`: bits that must be set, and bits that must not. */
function parseSigned(field: FieldName, text: string): KnownField {
  let [value, mask] = [0, 0]
  for (const [, sign, name = ''] of text.matchAll(/([+-])([^+-]*)/g)) {
    const bit = bitOf(field, name)
    if ((mask & bit) !== 0) throw new OpenFlowError('bad-text', `${field}=${text}: ${name} is given twice`)
    mask |= bit
    if (sign === '+') value |= bit
  }
  return known(field, value, mask)
}
