/** IPv4 prefixes. Addresses are numbers of 32 bits. */
import { ipv4 } from '../../src/openflow/index.ts'

/** A prefix: `203.0.113.0/24`. */
export interface Prefix {
  /** The first address of the prefix. */
  readonly first: number
  /** The length, 0 to 32. */
  readonly length: number
}

/** Parses a prefix in its canonical form: `203.0.113.0/24`. */
export function prefixOf(text: string): Prefix {
  const [first = '', length = ''] = text.split('/')
  return { first: ipv4(first), length: Number(length) }
}

export const dotted = (address: number): string => [24, 16, 8, 0].map((bits) => (address >>> bits) & 0xff).join('.')

export const printPrefix = ({ first, length }: Prefix): string => `${dotted(first)}/${length}`

/** The number of addresses in the prefix. */
export const sizeOf = ({ length }: Prefix): number => 2 ** (32 - length)

export const maskOf = ({ length }: Prefix): number => 2 ** 32 - 2 ** (32 - length)

export const isWithin = (address: number, prefix: Prefix): boolean =>
  address >= prefix.first && address < prefix.first + sizeOf(prefix)

/** Do the prefixes have a common address? Then one of them contains the other. */
export const overlap = (one: Prefix, other: Prefix): boolean => isWithin(one.first, other) || isWithin(other.first, one)

/** The network address and the broadcast address. */
export const endsOf = (prefix: Prefix): readonly [number, number] => [prefix.first, prefix.first + sizeOf(prefix) - 1]
