/**
 * Reads and writes datagrams in Ethernet frames: UDP over IPv4 and IPv6, and ICMPv6. MAC addresses are numbers of 48 bits, IPv4
 * addresses are numbers of 32 bits, IPv6 addresses are bigints.
 */

export interface Datagram<Address> {
  readonly from: { readonly mac: number; readonly address: Address; readonly port: number }
  readonly to: { readonly mac: number; readonly address: Address; readonly port: number }
  readonly payload: Uint8Array
}

/** An ICMPv6 message. `body` begins with the type. */
export interface Icmpv6 {
  readonly from: { readonly mac: number; readonly address: bigint }
  readonly to: { readonly mac: number; readonly address: bigint }
  readonly hopLimit: number
  readonly body: Uint8Array
}

export const BROADCAST_MAC = 0xffffffffffff
export const BROADCAST = 0xffffffff
/** ff02::1, and the destination MAC address of frames to it (RFC 2464, 7). */
export const ALL_NODES = 0xff020000000000000000000000000001n
export const ALL_NODES_MAC = 0x333300000001

const [IPV4, IPV6] = [0x0800, 0x86dd]
const [UDP, ICMPV6] = [17, 58]
/** The lengths of the headers, in octets. */
const [ETHERNET, IPV4_HEADER, IPV6_HEADER, UDP_HEADER] = [14, 20, 40, 8]

/**
 * Reads UDP over IPv4. Checksums are not verified: a guest may leave them to an offload that the frame has not passed. OVS
 * delivers frames undamaged.
 * @returns undefined for any other frame, and for a fragment
 */
export function readUdp4(frame: Uint8Array): Datagram<number> | undefined {
  const view = viewOf(frame)
  if (frame.length < ETHERNET + IPV4_HEADER + UDP_HEADER || view.getUint16(12) !== IPV4) return undefined
  const header = (view.getUint8(ETHERNET) & 0x0f) * 4
  const end = ETHERNET + view.getUint16(ETHERNET + 2)
  const isWhole = (view.getUint16(ETHERNET + 6) & 0x3fff) === 0
  if (view.getUint8(ETHERNET) >> 4 !== 4 || header < IPV4_HEADER || !isWhole) return undefined
  if (view.getUint8(ETHERNET + 9) !== UDP || end > frame.length) return undefined
  const addresses = { from: view.getUint32(ETHERNET + 12), to: view.getUint32(ETHERNET + 16) }
  return udp(frame, ETHERNET + header, end, addresses)
}

/** Reads UDP over IPv6, without extension headers. @returns undefined for any other frame */
export function readUdp6(frame: Uint8Array): Datagram<bigint> | undefined {
  const packet = readIpv6(frame, UDP)
  return packet && udp(frame, ETHERNET + IPV6_HEADER, packet.end, packet)
}

export function readIcmpv6(frame: Uint8Array): Icmpv6 | undefined {
  const packet = readIpv6(frame, ICMPV6)
  if (!packet) return undefined
  const { from, to, hopLimit, end } = packet
  const body = frame.subarray(ETHERNET + IPV6_HEADER, end)
  const view = viewOf(frame)
  return { from: { mac: mac(view, 6), address: from }, to: { mac: mac(view, 0), address: to }, hopLimit, body }
}

function readIpv6(frame: Uint8Array, protocol: number) {
  const view = viewOf(frame)
  if (frame.length < ETHERNET + IPV6_HEADER || view.getUint16(12) !== IPV6) return undefined
  const end = ETHERNET + IPV6_HEADER + view.getUint16(ETHERNET + 4)
  if (view.getUint8(ETHERNET) >> 4 !== 6 || view.getUint8(ETHERNET + 6) !== protocol || end > frame.length)
    return undefined
  const address = (at: number) => (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8)
  return { from: address(ETHERNET + 8), to: address(ETHERNET + 24), hopLimit: view.getUint8(ETHERNET + 7), end }
}

function udp<Address>(frame: Uint8Array, at: number, end: number, { from, to }: { from: Address; to: Address }) {
  const view = viewOf(frame)
  const length = at + UDP_HEADER <= end ? view.getUint16(at + 4) : 0
  if (length < UDP_HEADER || at + length > end) return undefined
  return {
    from: { mac: mac(view, 6), address: from, port: view.getUint16(at) },
    to: { mac: mac(view, 0), address: to, port: view.getUint16(at + 2) },
    payload: frame.subarray(at + UDP_HEADER, at + length),
  }
}

export function writeUdp4({ from, to, payload }: Datagram<number>): Uint8Array {
  const { frame, view } = ethernet(to.mac, from.mac, IPV4, IPV4_HEADER + UDP_HEADER + payload.length)
  view.setUint16(ETHERNET, 0x4500)
  view.setUint16(ETHERNET + 2, IPV4_HEADER + UDP_HEADER + payload.length)
  view.setUint8(ETHERNET + 8, 64)
  view.setUint8(ETHERNET + 9, UDP)
  view.setUint32(ETHERNET + 12, from.address)
  view.setUint32(ETHERNET + 16, to.address)
  view.setUint16(ETHERNET + 10, checksum(frame.subarray(ETHERNET, ETHERNET + IPV4_HEADER)))
  putUdp(frame, ETHERNET + IPV4_HEADER, ETHERNET + 12, from.port, to.port, payload)
  return frame
}

export function writeUdp6({ from, to, payload }: Datagram<bigint>): Uint8Array {
  const frame = ipv6(from, to, UDP, 64, UDP_HEADER + payload.length)
  putUdp(frame, ETHERNET + IPV6_HEADER, ETHERNET + 8, from.port, to.port, payload)
  return frame
}

export function writeIcmpv6({ from, to, hopLimit, body }: Icmpv6): Uint8Array {
  const frame = ipv6(from, to, ICMPV6, hopLimit, body.length)
  const at = ETHERNET + IPV6_HEADER
  frame.set(body, at)
  const view = viewOf(frame)
  view.setUint16(at + 2, 0)
  view.setUint16(at + 2, checksum(frame.subarray(ETHERNET + 8), ICMPV6 + body.length))
  return frame
}

interface End {
  readonly mac: number
  readonly address: bigint
}

function ipv6(from: End, to: End, protocol: number, hopLimit: number, length: number): Uint8Array {
  const { frame, view } = ethernet(to.mac, from.mac, IPV6, IPV6_HEADER + length)
  view.setUint8(ETHERNET, 0x60)
  view.setUint16(ETHERNET + 4, length)
  view.setUint8(ETHERNET + 6, protocol)
  view.setUint8(ETHERNET + 7, hopLimit)
  for (const [at, address] of [
    [8, from.address],
    [24, to.address],
  ] as const) {
    view.setBigUint64(ETHERNET + at, address >> 64n)
    view.setBigUint64(ETHERNET + at + 8, address & 0xffffffffffffffffn)
  }
  return frame
}

/** @param addresses the position of the packet's two addresses, which the checksum includes */
function putUdp(frame: Uint8Array, at: number, addresses: number, from: number, to: number, payload: Uint8Array): void {
  const view = viewOf(frame)
  const length = UDP_HEADER + payload.length
  view.setUint16(at, from)
  view.setUint16(at + 2, to)
  view.setUint16(at + 4, length)
  frame.set(payload, at + UDP_HEADER)
  // A checksum of 0 would mean that there is none (RFC 768).
  view.setUint16(at + 6, checksum(frame.subarray(addresses), UDP + length) || 0xffff)
}

function ethernet(to: number, from: number, etherType: number, length: number) {
  const frame = new Uint8Array(ETHERNET + length)
  const view = viewOf(frame)
  putMac(view, 0, to)
  putMac(view, 6, from)
  view.setUint16(12, etherType)
  return { frame, view }
}

/** The Internet checksum (RFC 1071). @param sum the sum of the pseudo-header */
function checksum(octets: Uint8Array, sum = 0): number {
  const view = viewOf(octets)
  for (let at = 0; at + 1 < octets.length; at += 2) sum += view.getUint16(at)
  if (octets.length % 2 === 1) sum += view.getUint8(octets.length - 1) * 256
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}

const mac = (view: DataView, at: number): number => view.getUint16(at) * 0x100000000 + view.getUint32(at + 2)

function putMac(view: DataView, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / 0x100000000))
  view.setUint32(at + 2, value % 0x100000000)
}

export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)
