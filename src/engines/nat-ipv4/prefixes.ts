/** Parses IPv4 addresses and prefixes of requests and of the configuration. All other code uses numbers. */
import { isIPv4 } from 'node:net'
import { Address4 } from 'ip-address'
import { dotted, maskOf, overlap, type Prefix } from '../../../flows/engines/prefix.ts'
import { ipv4 } from '../../openflow/index.ts'

export { endsOf, isWithin, overlap, printPrefix } from '../../../flows/engines/prefix.ts'

/** An address as a number; null if the text is not an address in canonical form. */
export const parseAddress = (text: unknown): number | null =>
  typeof text === 'string' && isIPv4(text) ? ipv4(new Address4(text).correctForm()) : null

/** Parses a prefix such as `203.0.113.0/24`; null if it is not one. Bits after its length must be zero. */
export function parsePrefix(text: unknown): Prefix | null {
  if (typeof text !== 'string') return null
  const [address = '', length = ''] = text.split('/')
  const first = parseAddress(address)
  if (first === null || !/^\d{1,2}$/.test(length) || Number(length) > 32 || text.split('/').length !== 2) return null
  const prefix = { first, length: Number(length) }
  return (first & maskOf(prefix)) >>> 0 === first ? prefix : null
}

/** "This" network, loopback, multicast and reserved addresses: no host can have them. */
const NOBODY: readonly Prefix[] = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3'].flatMap((text) => parsePrefix(text) ?? [])

/** May hosts have addresses in this prefix? */
export const isUnicast = (prefix: Prefix): boolean => !NOBODY.some((each) => overlap(each, prefix))

/** A range in words: `203.0.113.1 to 203.0.113.62`. */
export const spanOf = ({ first, last }: { readonly first: number; readonly last: number }): string =>
  first === last ? dotted(first) : `${dotted(first)} to ${dotted(last)}`
