/** IPv6 addresses that are derived from a MAC address (RFC 4291, appendix A). */
import { printIpv6 } from '../../openflow/index.ts'

const LINK_LOCAL = 0xfe80n << 112n

/** @param prefix 64 bits, followed by 64 zero bits @param mac 48 bits */
export function addressIn(prefix: bigint, mac: number): bigint {
  const [high, low] = [BigInt(Math.floor(mac / 0x1000000)), BigInt(mac % 0x1000000)]
  return prefix | ((high ^ 0x020000n) << 40n) | (0xfffen << 24n) | low
}

/** Is the address in this prefix, and derived from a MAC address? */
export const isMade = (prefix: bigint, address: bigint): boolean =>
  address >> 64n === prefix >> 64n && ((address >> 24n) & 0xffffn) === 0xfffen

export const linkLocal = (mac: number): bigint => addressIn(LINK_LOCAL, mac)

/** The link-local address of a MAC address, as text. */
export const linkLocalOf = (mac: number): string => printIpv6(linkLocal(mac))
