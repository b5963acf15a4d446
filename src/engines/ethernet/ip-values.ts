/** Reads the IP addresses and prefixes of requests for Ethernet networks and ports. */
import { Address4, Address6 } from 'ip-address'
import { PlugboardError } from '../../core/errors.ts'
import { IP_FORMS, parseIp, parseIpPrefix } from '../../core/ip-text.ts'
import { quoted } from '../../core/quoted.ts'

/** Is this an address that no host can have? Unspecified, loopback, broadcast or multicast. */
export const isNobody = (address: Address4 | Address6): boolean =>
  address.isMulticast() ||
  [...NOBODY_4, ...NOBODY_6].some((range) => range.v4 === address.v4 && address.isInSubnet(range))

const NOBODY_4 = ['0.0.0.0/8', '127.0.0.0/8', '240.0.0.0/4'].map((range) => new Address4(range))
const NOBODY_6 = ['::/128', '::1/128'].map((range) => new Address6(range))

const refuse = (field: string, detail: string): never => {
  throw new PlugboardError('bad-request', detail, { field })
}

/** Reads the address of a host. @returns it in canonical form @throws PlugboardError `bad-request` */
export function hostAddress(text: string, family: 4 | 6, field: string): string {
  const address = parseIp(text)
  if (address && address.v4 === (family === 4) && !isNobody(address)) return address.correctForm()
  const right = `it must be ${IP_FORMS[family]}`
  return refuse(field, `${field} ${quoted(text)} is no unicast address of IPv${family}: ${right}`)
}

/**
 * Reads a prefix such as `10.0.0.0/24`. All bits after its length must be zero.
 * @param lengths the shortest and the longest allowed length
 * @throws PlugboardError `bad-request`
 */
export function networkPrefix(text: string, family: 4 | 6, lengths: readonly [number, number], field: string): string {
  const example = family === 4 ? '10.0.0.0/24' : 'fd00::/64'
  const [shortest, longest] = lengths
  const prefix = parseIpPrefix(text)
  if (!prefix || prefix.address.v4 !== (family === 4))
    return refuse(field, `${field} ${quoted(text)} is no prefix of IPv${family}: it must be like ${example}`)
  const { address, first, length } = prefix
  if (length < shortest || length > longest) {
    const right = shortest === longest ? `${longest}` : `${shortest} to ${longest}`
    return refuse(field, `${field} ${text} has a length of ${length}: it must be ${right}`)
  }
  if (first === address.correctForm()) return `${first}/${length}`
  return refuse(field, `${field} ${text} has bits set behind its length: the prefix would be ${first}/${length}`)
}
