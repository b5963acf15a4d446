/** Reads the values of the configuration from a file, a variable or a flag. An error says what is allowed. */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { Address4, Address6 } from 'ip-address'
import { quoted } from '../core/quoted.ts'
import type { Range } from '../core/resources/segments.ts'

/** A value that is not allowed. `at` is the position below its key. */
export class Disallowed extends Error {
  readonly at: string
  /** The value in words: `"x"`. */
  readonly holds: string

  constructor(value: unknown, allowed: string, { at = '', holds = quoted(value) } = {}) {
    super(allowed)
    this.name = 'Disallowed'
    this.at = at
    this.holds = holds
  }
}

/** An address to listen on. */
export interface Address {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
}

const PLACE = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:[\]]+)):(?<port>0|[1-9]\d{0,4})$/
/**
 * A name. Its last label must not be a number, decimal or hexadecimal: resolvers take `0x7f.1` and `127.1` for IPv4 addresses.
 */
const HOST_NAME = /^(?!(.*\.)?(\d+|0x[0-9a-f]*)$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i

function parsePlace(text: string): Address | undefined {
  const { ipv6, host = ipv6, port } = PLACE.exec(text)?.groups ?? {}
  if (host === undefined || Number(port) > 65535) return undefined
  const fits = ipv6 === undefined ? isIPv4(host) || HOST_NAME.test(host) : isIPv6(ipv6)
  return fits ? { host, port: Number(port) } : undefined
}

/** `127.0.0.1:9797`, `[::1]:9797` */
export const printAddress = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

export function readAddress(value: unknown): Address {
  const address = typeof value === 'string' ? parsePlace(value) : undefined
  if (!address) throw new Disallowed(value, 'ADDRESS:PORT, such as 127.0.0.1:9797, 0.0.0.0:9797 or "[::1]:9797"')
  return address
}

/** Is the address reachable only from this machine? */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host.toLowerCase() === 'localhost'
  return (isIPv4(host) ? new Address4(host) : new Address6(host)).isLoopback()
}

/** Reads the address that switches connect to, in the notation of OVS. */
export function readTarget(value: unknown): string {
  const [, protocol, text = ''] = typeof value === 'string' ? (/^(tcp|ssl):(.*)$/.exec(value) ?? []) : []
  const place = parsePlace(text)
  if (!place || place.port === 0)
    throw new Disallowed(
      value,
      'tcp:ADDRESS:PORT, such as tcp:192.0.2.1:6653 or "tcp:[2001:db8::1]:6653"; with TLS, ssl:ADDRESS:PORT',
    )
  return `${protocol}:${printAddress(place)}`
}

export function readPath(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    throw new Disallowed(value, 'the path of a directory')
  return value
}

/** Reads the path of a file; undefined: there is none. */
export function readFilePath(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    throw new Disallowed(value, 'the path of a file')
  return value
}

/** Reads ranges such as `100-200,300`: sorts them, and joins adjacent ones. */
export const readRanges =
  (what: string, least: number, most: number) =>
  (value: unknown): readonly Range[] => {
    const allowed = `numbers and ranges such as ${what === 'VLAN' ? '100-200,300' : '5000-5999,7000'}, each ${what} from ${least} to ${most}`
    if (typeof value !== 'string' && typeof value !== 'number') throw new Disallowed(value, allowed)
    const ranges: Range[] = []
    for (const part of String(value).split(',')) {
      const { from, to = from } = /^\s*(?<from>\d+)\s*(?:-\s*(?<to>\d+)\s*)?$/.exec(part)?.groups ?? {}
      const range = { first: Number(from), last: Number(to) }
      if (!(least <= range.first && range.first <= range.last && range.last <= most))
        throw new Disallowed(value, allowed)
      ranges.push(range)
    }
    return merged(ranges)
  }

function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = []
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = result.at(-1)
    if (before && range.first <= before.last + 1) {
      result[result.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
    } else result.push(range)
  }
  return result
}

/** Reads a whole number. In a flag or a variable it is text. */
export const readNumber =
  (least: number, most: number) =>
  (value: unknown): number => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    if (typeof number === 'number' && Number.isInteger(number) && least <= number && number <= most) return number
    throw new Disallowed(value, `a whole number from ${least} to ${most}`)
  }

/** Reads a yes or no. In a flag or a variable it is text. */
export function readBoolean(value: unknown): boolean {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new Disallowed(value, 'true or false')
}

/** Reads a list of names and addresses of hosts, without ports. */
export function readHosts(value: unknown): readonly string[] {
  const form = 'a list of names and addresses without ports, such as [plugboard.example.org]'
  if (!Array.isArray(value)) throw new Disallowed(value, form)
  for (const [index, host] of value.entries()) {
    if (typeof host !== 'string' || !(isIP(host) !== 0 || HOST_NAME.test(host)))
      throw new Disallowed(host, form, { at: `[${index}]` })
  }
  return value as readonly string[]
}

export const readOneOf =
  <T extends string>(words: readonly T[]) =>
  (value: unknown): T => {
    const found = words.find((word) => word === value)
    if (found === undefined) throw new Disallowed(value, `one of ${words.join(', ')}`)
    return found
  }
