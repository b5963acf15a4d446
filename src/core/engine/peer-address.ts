/** Addresses of tunnel ends. */
import { isIPv4, isIPv6 } from 'node:net'
import { Address4, Address6 } from 'ip-address'

/** "This network", loopback, and the addresses above multicast: no peer can send to these. */
const NOBODY_4 = ['0.0.0.0/8', '127.0.0.0/8', '240.0.0.0/4'].map((range) => new Address4(range))
/** Unspecified and loopback, IPv4 in other clothes, and addresses that mean something on one link only. */
const NOBODY_6 = ['::/128', '::1/128', '::ffff:0:0/96', 'fe80::/10'].map((range) => new Address6(range))

/** @returns the address in its one canonical form, or null where no peer could send to it */
export function peerAddress(text: string): string | null {
  if (isIPv4(text)) {
    const address = new Address4(text)
    return address.isMulticast() || NOBODY_4.some((range) => address.isInSubnet(range)) ? null : address.correctForm()
  }
  if (!isIPv6(text) || text.includes('%')) return null
  const address = new Address6(text)
  return address.isMulticast() || NOBODY_6.some((range) => address.isInSubnet(range)) ? null : address.correctForm()
}
