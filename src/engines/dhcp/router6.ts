/** A router advertisement for who asks (RFC 4861, 4.2): it hands out a prefix and says how to get the rest; it offers no route. */
import { ALL_NODES, ALL_NODES_MAC, readIcmpv6, viewOf, writeIcmpv6 } from './frames.ts'

/** What the members of a network are to have. IPv6 addresses are bigints. */
export interface Settings6 {
  /** Of 64 bits. */
  readonly prefix: bigint
  readonly dns: readonly bigint[]
  /** Octets of the largest packet. */
  readonly mtu: number
  /** Are there answers by DHCPv6 to who asks for more than an address? */
  readonly stateless: boolean
  /** Who says so: a link-local address, and the MAC address that its frames come from. */
  readonly server: { readonly address: bigint; readonly mac: number }
}

const [SOLICITATION, ADVERTISEMENT] = [133, 134]
/** Lifetimes without end: the prefix of a network stays, and what is said is said once. */
const FOREVER = 0xffffffff
/** Hosts, and nothing that was forwarded, may ask (RFC 4861, 6.1.1). */
const HOP_LIMIT = 255

/** @param frame from a member, of whatever content @returns undefined where it is no router solicitation */
export function advertise6(frame: Uint8Array, settings: Settings6): Uint8Array | undefined {
  const asked = readIcmpv6(frame)
  if (!asked || asked.hopLimit !== HOP_LIMIT || asked.body.length < 8) return undefined
  if (asked.body[0] !== SOLICITATION || asked.body[1] !== 0) return undefined
  const to = asked.from.address === 0n ? { address: ALL_NODES, mac: ALL_NODES_MAC } : asked.from
  return writeIcmpv6({ from: settings.server, to, hopLimit: HOP_LIMIT, body: bodyOf(settings) })
}

/** Other things than addresses come by DHCPv6 (O). */
const OTHER = 0x40
/** The prefix is on the link (L), and addresses may be made of it (A). */
const ON_LINK_AND_AUTONOMOUS = 0xc0
/** Octets of the message without options, and of the options: prefix, MTU, DNS servers without the addresses (RFC 8106, 5.1). */
const [HEAD, PREFIX, MTU, DNS] = [16, 32, 8, 8]

function bodyOf({ prefix, dns, mtu, stateless }: Settings6): Uint8Array {
  const body = new Uint8Array(HEAD + PREFIX + MTU + (dns.length > 0 ? DNS + 16 * dns.length : 0))
  const view = viewOf(body)
  view.setUint8(0, ADVERTISEMENT)
  // The hop limit that hosts are to send with; then flags. The lifetime stays 0: this is no router.
  view.setUint8(4, 64)
  view.setUint8(5, stateless ? OTHER : 0)
  view.setUint16(HEAD, 0x0304)
  view.setUint16(HEAD + 2, 64 * 256 + ON_LINK_AND_AUTONOMOUS)
  view.setUint32(HEAD + 4, FOREVER)
  view.setUint32(HEAD + 8, FOREVER)
  address(view, HEAD + 16, prefix)
  view.setUint16(HEAD + PREFIX, 0x0501)
  view.setUint32(HEAD + PREFIX + 4, mtu)
  if (dns.length === 0) return body
  const at = HEAD + PREFIX + MTU
  view.setUint16(at, 0x1900 + 1 + 2 * dns.length)
  view.setUint32(at + 4, FOREVER)
  for (const [index, each] of dns.entries()) address(view, at + DNS + 16 * index, each)
  return body
}

function address(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, value >> 64n)
  view.setBigUint64(at + 8, value & 0xffffffffffffffffn)
}
