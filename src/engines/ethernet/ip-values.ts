/** IP addresses and prefixes as requests say them: parsed here, once, and canonical text or numbers from then on. */
import { isIPv4 } from 'node:net'
import { Address4, Address6 } from 'ip-address'
import { PlugboardError } from '../../core/errors.ts'

/** An address or `address/length`, or null where it is neither. */
export function parseIp(text: string): Address4 | Address6 | null {
  if (isIPv4(text.replace(/\/\d+$/, '')) && Address4.isValid(text)) return new Address4(text)
  return text.includes(':') && !text.includes('%') && Address6.isValid(text) ? new Address6(text) : null
}

/** Unspecified, loopback, broadcast, multicast, or IPv4 in the clothes of IPv6: no host is reached by it. */
export const isNobody = (address: Address4 | Address6): boolean =>
  address.isMulticast() ||
  [...NOBODY_4, ...NOBODY_6].some((range) => range.v4 === address.v4 && address.isInSubnet(range))

const NOBODY_4 = ['0.0.0.0/8', '127.0.0.0/8', '240.0.0.0/4'].map((range) => new Address4(range))
const NOBODY_6 = ['::/128', '::1/128', '::ffff:0:0/96'].map((range) => new Address6(range))

const refuse = (field: string, detail: string): never => {
  throw new PlugboardError('bad-request', detail, { field })
}

/** The address of a host, canonical. @throws PlugboardError `bad-request` */
export function hostAddress(text: string, family: 4 | 6, field: string): string {
  const address = text.includes('/') ? null : parseIp(text)
  if (address && address.v4 === (family === 4) && !isNobody(address)) return address.correctForm()
  return refuse(field, `${field} "${text}" is no unicast address of IPv${family}: it must be like ${EXAMPLES[family]}`)
}

const EXAMPLES = { 4: '10.0.0.5', 6: 'fd00::5' } as const

/**
 * `10.0.0.0/24`, with nothing set behind its length.
 * @param lengths the shortest and the longest that it may have
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
