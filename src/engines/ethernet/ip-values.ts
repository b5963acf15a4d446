/** Parses IP addresses and prefixes of requests, once. All other code uses canonical text or numbers. */
import { isIPv4 } from 'node:net'
import { Address4, Address6 } from 'ip-address'
import { PlugboardError } from '../../core/errors.ts'

/** Parses an address or `address/length`; null if the text is neither. */
export function parseIp(text: string): Address4 | Address6 | null {
  if (isIPv4(text.replace(/\/\d+$/, '')) && Address4.isValid(text)) return new Address4(text)
  return text.includes(':') && !text.includes('%') && Address6.isValid(text) ? new Address6(text) : null
}

/** Is this an address that no host can have? Unspecified, loopback, broadcast, multicast, or an IPv4-mapped IPv6 address. */
export const isNobody = (address: Address4 | Address6): boolean =>
  address.isMulticast() ||
  [...NOBODY_4, ...NOBODY_6].some((range) => range.v4 === address.v4 && address.isInSubnet(range))

const NOBODY_4 = ['0.0.0.0/8', '127.0.0.0/8', '240.0.0.0/4'].map((range) => new Address4(range))
const NOBODY_6 = ['::/128', '::1/128', '::ffff:0:0/96'].map((range) => new Address6(range))

const refuse = (field: string, detail: string): never => {
  throw new PlugboardError('bad-request', detail, { field })
}

/** Reads the address of a host. @returns it in canonical form @throws PlugboardError `bad-request` */
export function hostAddress(text: string, family: 4 | 6, field: string): string {
  const address = text.includes('/') ? null : parseIp(text)
  if (address && address.v4 === (family === 4) && !isNobody(address)) return address.correctForm()
  return refuse(field, `${field} "${text}" is no unicast address of IPv${family}: it must be like ${EXAMPLES[family]}`)
}

const EXAMPLES = { 4: '10.0.0.5', 6: 'fd00::5' } as const

/**
 * Reads a prefix such as `10.0.0.0/24`. All bits after its length must be zero.
 * @param lengths the shortest and the longest allowed length
 * @throws PlugboardError `bad-request`
 */
export function networkPrefix(text: string, family: 4 | 6, lengths: readonly [number, number], field: string): string {
  const example = family === 4 ? '10.0.0.0/24' : 'fd00::/64'
  const [shortest, longest] = lengths
  const prefix = parseIp(text)
  if (!prefix || prefix.v4 !== (family === 4) || !text.includes('/'))
    return refuse(field, `${field} "${text}" is no prefix of IPv${family}: it must be like ${example}`)
  const { subnetMask: length } = prefix
  if (length < shortest || length > longest) {
    const right = shortest === longest ? `${longest}` : `${shortest} to ${longest}`
    return refuse(field, `${field} ${text} has a length of ${length}: it must be ${right}`)
  }
  const first = prefix.startAddress().correctForm()
  if (first === prefix.correctForm()) return `${first}/${length}`
  return refuse(field, `${field} ${text} has bits set behind its length: the prefix would be ${first}/${length}`)
}
