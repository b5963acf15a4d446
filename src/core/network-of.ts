/** The addresses that one caller can have. */
import { isIPv6 } from 'node:net'
import { Address6 } from 'ip-address'

/** An IPv4 caller of a socket for both families has the form `::ffff:10.0.0.1`. A port may follow. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '')

/** The first 64 bits of an IPv6 address, since a host has all addresses of such a network; an IPv4 address as it is. */
export function networkOf(address: string): string {
  const [plain = ''] = plainAddress(address).split('%')
  return isIPv6(plain) ? new Address6(plain).canonicalForm().split(':').slice(0, 4).join(':') : plain
}
