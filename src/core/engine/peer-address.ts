/** Addresses of tunnel ends. */
import { Address4, Address6 } from 'ip-address'
import { parseIp } from '../ip-text.ts'

/** "This network", loopback, and the addresses above multicast: they cannot be the address of a peer. */
const NOBODY_4 = ['0.0.0.0/8', '127.0.0.0/8', '240.0.0.0/4'].map((range) => new Address4(range))
/** Unspecified, loopback and link-local addresses: they cannot be the address of a peer. */
const NOBODY_6 = ['::/128', '::1/128', 'fe80::/10'].map((range) => new Address6(range))

/** @returns the address in its canonical form, or null if it cannot be the address of a peer */
export function peerAddress(text: string): string | null {
  const address = parseIp(text)
  if (!address || address.isMulticast()) return null
  return (address.v4 ? NOBODY_4 : NOBODY_6).some((range) => address.isInSubnet(range)) ? null : address.correctForm()
}
