/** Addresses of tunnel ends. */
import { isIPv4, isIPv6 } from 'node:net'
import { Address4, Address6 } from 'ip-address'

/** "This network", loopback, and the addresses above multicast: they cannot be the address of a peer. */
const NOBODY_4 = ['0.0.0.0/8', '127.0.0.0/8', '240.0.0.0/4'].map((range) => new Address4(range))
/** Unspecified, loopback, IPv4-mapped and link-local addresses: they cannot be the address of a peer. */
const NOBODY_6 = ['::/128', '::1/128', '::ffff:0:0/96', 'fe80::/10'].map((range) => new Address6(range))

/** @returns the address in its canonical form, or null if it cannot be the address of a peer */
export function peerAddress(text: string): string | null {
  if (isIPv4(text)) {
    const address = new Address4(text)
    return address.isMulticast() || NOBODY_4.some((range) => address.isInSubnet(range)) ? null : address.correctForm()
  }
  if (!isIPv6(text) || text.includes('%')) return null
  const address = new Address6(text)
  return address.isMulticast() || NOBODY_6.some((range) => address.isInSubnet(range)) ? null : address.correctForm()
}
