/** Answers router solicitations (RFC 4861, 4.2): gives a prefix, and says how to get other settings, but offers no route. */
import { ALL_NODES, ALL_NODES_MAC, readIcmpv6, viewOf, writeIcmpv6 } from './frames.ts'

/** The IPv6 settings for the members of a network. IPv6 addresses are bigints. */
export interface Settings6 {
  /** A prefix of 64 bits. */
  readonly prefix: bigint
  readonly dns: readonly bigint[]
  /** The largest packet, in octets. */
  readonly mtu: number
  /** Does the controller answer DHCPv6 requests for other settings than addresses? */
  readonly stateless: boolean
  /** The link-local address and the MAC address that answers come from. */
  readonly server: { readonly address: bigint; readonly mac: number }
}

const [SOLICITATION, ADVERTISEMENT] = [133, 134]
/** An infinite lifetime, in seconds: the prefix of a network never changes, and advertisements are not repeated. */
const INFINITE_S = 0xffffffff
/** The hop limit of a valid solicitation: a router has not forwarded it (RFC 4861, 6.1.1). */
const HOP_LIMIT = 255

/** @param frame an unchecked frame of a member @returns undefined if the frame is not a router solicitation */
export function advertise6(frame: Uint8Array, settings: Settings6): Uint8Array | undefined {
  const asked = readIcmpv6(frame)
  if (!asked || asked.hopLimit !== HOP_LIMIT || asked.body.length < 8) return undefined
  if (asked.body[0] !== SOLICITATION || asked.body[1] !== 0) return undefined
  const to = asked.from.address === 0n ? { address: ALL_NODES, mac: ALL_NODES_MAC } : asked.from
  return writeIcmpv6({ from: settings.server, to, hopLimit: HOP_LIMIT, body: bodyOf(settings) })
}

/** Flag O: DHCPv6 offers other settings than addresses. */
const OTHER = 0x40
/** Flags L and A: the prefix is on the link, and hosts may make addresses from it. */
const ON_LINK_AND_AUTONOMOUS = 0xc0
/** Lengths in octets: the message without options; the options for prefix, MTU and DNS servers (RFC 8106, 5.1) without addresses. */
const [HEAD, PREFIX, MTU, DNS] = [16, 32, 8, 8]

function bodyOf({ prefix, dns, mtu, stateless }: Settings6): Uint8Array {
  const body = new Uint8Array(HEAD + PREFIX + MTU + (dns.length > 0 ? DNS + 16 * dns.length : 0))
  const view = viewOf(body)
  view.setUint8(0, ADVERTISEMENT)
  // The hop limit for hosts, then flags. The router lifetime stays 0, because the sender is not a router.
  view.setUint8(4, 64)
  view.setUint8(5, stateless ? OTHER : 0)
  view.setUint16(HEAD, 0x0304)
  view.setUint16(HEAD + 2, 64 * 256 + ON_LINK_AND_AUTONOMOUS)
  view.setUint32(HEAD + 4, INFINITE_S)
  view.setUint32(HEAD + 8, INFINITE_S)
  address(view, HEAD + 16, prefix)
  view.setUint16(HEAD + PREFIX, 0x0501)
  view.setUint32(HEAD + PREFIX + 4, mtu)
  if (dns.length === 0) return body
  const at = HEAD + PREFIX + MTU
  view.setUint16(at, 0x1900 + 1 + 2 * dns.length)
  view.setUint32(at + 4, INFINITE_S)
  for (const [index, each] of dns.entries()) address(view, at + DNS + 16 * index, each)
  return body
}

function address(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, value >> 64n)
  view.setBigUint64(at + 8, value & 0xffffffffffffffffn)
}
