/** Addresses as text and as numbers. MAC and IPv4 addresses are numbers, IPv6 addresses are bigints. */
import { OpenFlowError } from '../wire/openflow-error.ts'

const bad = (kind: string, text: string): OpenFlowError =>
  new OpenFlowError('bad-text', `"${text}" is not a valid ${kind}`)

/**
 * Parses `02:00:00:00:00:01` to a 48-bit number.
 * @throws OpenFlowError `bad-text`
 */
export function mac(text: string): number {
  if (!/^[\da-f]{1,2}(:[\da-f]{1,2}){5}$/i.test(text)) throw bad('MAC address', text)
  return text.split(':').reduce((value, octet) => value * 256 + Number.parseInt(octet, 16), 0)
}

/** Prints a 48-bit number as `02:00:00:00:00:01`. */
export function printMac(value: number): string {
  const digits = value.toString(16).padStart(12, '0')
  return digits.replace(/(..)(?=.)/g, '$1:')
}

/**
 * Parses `10.0.0.1` to a 32-bit number.
 * @throws OpenFlowError `bad-text`
 */
export function ipv4(text: string): number {
  const octets = text.split('.')
  if (octets.length !== 4 || !octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256)) {
    throw bad('IPv4 address', text)
  }
  return octets.reduce((value, octet) => value * 256 + Number(octet), 0)
}

/** Prints a 32-bit number as `10.0.0.1`. */
export const printIpv4 = (value: number): string =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`

/**
 * Parses `fe80::1` to a 128-bit number. The last 32 bits may be written as an IPv4 address.
 * @throws OpenFlowError `bad-text`
 */
export function ipv6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (dotted) {
    const last = ipv4(dotted[2] ?? '')
    return ipv6(`${dotted[1]}${(last >>> 16).toString(16)}:${(last & 0xffff).toString(16)}`)
  }
  const halves = text.split('::')
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const gap = 8 - head.length - tail.length
  const whole = halves.length === 1 ? gap === 0 : halves.length === 2 && gap >= 1
  if (!whole || ![...head, ...tail].every((group) => /^[\da-f]{1,4}$/i.test(group))) throw bad('IPv6 address', text)
  const groups = [...head, ...Array<string>(halves.length === 2 ? gap : 0).fill('0'), ...tail]
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

/** Prints a 128-bit number as `fe80::1`, in the form of inet_ntop(3), which OVS uses, too. */
export function printIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn))
  const { start, length } = longestZeros(groups)
  // IPv4-mapped and IPv4-compatible addresses end in dotted form.
  const mapped = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff))
  if (mapped) return `::${length === 5 ? 'ffff:' : ''}${printIpv4(Number(value & 0xffffffffn))}`
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 0 }
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0
    while (groups[start + length] === 0) length += 1
    if (length > best.length) best = { start, length }
  }
  return best
}
