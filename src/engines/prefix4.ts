/** IPv4 prefixes as numbers, of text that was checked before. */
import { ipv4, printIpv4 } from '../openflow/index.ts'

export interface Prefix4 {
  readonly text: string
  readonly first: number
  readonly length: number
}

export function prefix4(text: string): Prefix4 {
  const [address = '', length = '32'] = text.split('/')
  return { text, first: ipv4(address), length: Number(length) }
}

/** The address of the network, and that of its broadcast. */
export const endsOf = ({ first, length }: Prefix4): readonly [number, number] => [first, first + 2 ** (32 - length) - 1]

export const addressOf = (value: number): string => printIpv4(value)
