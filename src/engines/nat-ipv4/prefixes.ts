/** Parses IPv4 addresses and prefixes of requests and of the configuration. All other code uses numbers. */
import { dotted, overlap, type Prefix } from '../../../flows/engines/prefix.ts'
import { parseIp, parseIpPrefix } from '../../core/ip-text.ts'
import { ipv4 } from '../../openflow/index.ts'

export { endsOf, isWithin, overlap, printPrefix } from '../../../flows/engines/prefix.ts'

/** An address as a number; null if the text is no IPv4 address. */
export function parseAddress(text: unknown): number | null {
  const address = parseIp(text)
  return address?.v4 ? ipv4(address.correctForm()) : null
}

/** Parses a prefix such as `203.0.113.0/24`; null if it is not one. Bits after its length must be zero. */
export function parsePrefix(text: unknown): Prefix | null {
  const prefix = parseIpPrefix(text)
  if (!prefix?.address.v4 || prefix.address.correctForm() !== prefix.first) return null
  return { first: ipv4(prefix.first), length: prefix.length }
}

/** "This" network, loopback, multicast and reserved addresses: no host can have them. */
const NOBODY: readonly Prefix[] = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3'].flatMap((text) => parsePrefix(text) ?? [])

/** May hosts have addresses in this prefix? */
export const isUnicast = (prefix: Prefix): boolean => !NOBODY.some((each) => overlap(each, prefix))

/** A range in words: `203.0.113.1 to 203.0.113.62`. */
export const spanOf = ({ first, last }: { readonly first: number; readonly last: number }): string =>
  first === last ? dotted(first) : `${dotted(first)} to ${dotted(last)}`
