/**
 * The text forms of IP addresses and prefixes. Requests, hosts and the configuration are parsed here, once. All other code uses
 * canonical text or numbers.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { Address4, Address6 } from 'ip-address'

/** IPv4 addresses in the form of IPv6 (RFC 4291, 2.5.5.2). No packet has them: each such host has a plain IPv4 address. */
const MAPPED = new Address6('::ffff:0:0/96')

/** The forms in words, by family. */
export const IP_FORMS = {
  4: 'four decimal numbers without leading zeros, like 10.0.0.5',
  6: 'IPv6 without brackets or a zone, like fd00::5, and not an IPv4 address in that form',
} as const

/**
 * Parses an address: IPv4 as four decimal numbers, or IPv6 in any form of RFC 4291, 2.2. A zone (`%eth0`), a length (`/24`) and an
 * IPv4 address in the form of IPv6 (`::ffff:10.0.0.5`) are refused.
 * @returns null for any other text
 */
export function parseIp(text: unknown): Address4 | Address6 | null {
  if (typeof text !== 'string') return null
  if (isIPv4(text)) return new Address4(text)
  if (!isIPv6(text) || text.includes('%')) return null
  // `ip-address` takes an IPv6 address with a dotted end for IPv4, unless it is parsed from its canonical form.
  const address = new Address6(new Address6(text).correctForm())
  return address.isInSubnet(MAPPED) ? null : address
}

/** An address and a length, as they were written: `10.0.0.5/24` is allowed here. */
export interface IpPrefix {
  readonly address: Address4 | Address6
  /** The canonical text of the first address that has the same bits up to the length. */
  readonly first: string
  readonly length: number
}

/** Parses `address/length`. The length is decimal without leading zeros. @returns null for any other text */
export function parseIpPrefix(text: unknown): IpPrefix | null {
  const [, host, length] = (typeof text === 'string' && /^([^/]*)\/(0|[1-9]\d{0,2})$/.exec(text)) || []
  const address = parseIp(host)
  if (!address || Number(length) > (address.v4 ? 32 : 128)) return null
  const canonical = `${address.correctForm()}/${length}`
  const prefix = address.v4 ? new Address4(canonical) : new Address6(canonical)
  return { address, first: prefix.startAddress().correctForm(), length: Number(length) }
}
