/** Test frames. Each one contains a number that is unique in its experiment. */

const magic = Buffer.from('PLUGTEST')

/** An EtherType for local experiments (IEEE 802, 0x88b5). */
const experimental = 0x88b5

export interface Tag {
  /** 0x8100 (802.1Q) or 0x88a8 (802.1ad). */
  readonly type?: number
  readonly vid: number
}

export interface FrameFields {
  readonly source: string
  readonly destination: string
  readonly tags?: readonly Tag[]
  readonly etherType?: number
  readonly payload?: Buffer
}

export const broadcast = 'ff:ff:ff:ff:ff:ff'
/** The address of an IPv4 multicast group that no control protocol uses. */
export const multicast = '01:00:5e:01:02:03'
/** A unicast address that no machine has. */
export const nobody = '02:ff:ff:ff:ff:fe'

/** A frame of at least 60 bytes (without the checksum), with its number in the trailer. */
export function frame(
  number: number,
  { source, destination, tags = [], etherType = experimental, payload }: FrameFields,
): Buffer {
  const head = Buffer.concat([
    mac(destination),
    mac(source),
    ...tags.map(tagBytes),
    u16(etherType),
    payload ?? Buffer.alloc(0),
  ])
  const body = Buffer.concat([head, numbered(number)])
  return body.length >= 60 ? body : Buffer.concat([body, Buffer.alloc(60 - body.length)])
}

/** Adds an outer tag to a frame; null: no tag. */
export const tagged = (bytes: Buffer, vid: number | null): Buffer =>
  vid === null ? bytes : Buffer.concat([bytes.subarray(0, 12), tagBytes({ vid }), bytes.subarray(12)])

/** The mark and number of a test frame, which is also the payload of a test ping. */
export function numbered(number: number): Buffer {
  const bytes = Buffer.alloc(magic.length + 4)
  magic.copy(bytes)
  bytes.writeUInt32BE(number, magic.length)
  return bytes
}

/** An ARP request for an address that no machine has, so that no kernel answers. */
export function arpRequest(number: number, source: string): Buffer {
  const payload = Buffer.concat([
    Buffer.from('0001080006040001', 'hex'),
    mac(source),
    Buffer.from([192, 0, 2, 1]),
    Buffer.alloc(6),
    Buffer.from([192, 0, 2, 2]),
  ])
  return frame(number, { source, destination: broadcast, etherType: 0x0806, payload })
}

/** ICMPv6 of neighbour discovery from fe80::1 to all nodes: type 134 a router advertisement, 135 a neighbour solicitation. */
export function neighbourDiscovery(number: number, source: string, type: 134 | 135): Buffer {
  const from = Buffer.from('fe800000000000000000000000000001', 'hex')
  const to = Buffer.from('ff020000000000000000000000000001', 'hex')
  const advertisement = Buffer.from('86000000400000000000000000000000', 'hex')
  const solicitation = Buffer.from('8700000000000000fe80000000000000000000000000ffff', 'hex')
  // The number is in a nonce option (RFC 3971, 5.3.2). A switch might cut off a number after the packet.
  const nonce = Buffer.concat([Buffer.from([14, 2]), numbered(number), Buffer.alloc(2)])
  const icmp = Buffer.concat([type === 134 ? advertisement : solicitation, nonce])
  const pseudo = Buffer.concat([from, to, Buffer.from([0, 0, 0, icmp.length, 0, 0, 0, 58])])
  icmp.writeUInt16BE(checksum(Buffer.concat([pseudo, icmp])), 2)
  const payload = Buffer.concat([Buffer.from([0x60, 0, 0, 0, 0, icmp.length, 58, 255]), from, to, icmp])
  return Buffer.concat([mac('33:33:00:00:00:01'), mac(source), u16(0x86dd), payload])
}

export interface SeenFrame {
  readonly number: number
  readonly destination: string
  readonly source: string
  /** The VLAN ids, outermost first; 0 is a priority tag. */
  readonly vids: readonly number[]
  readonly etherType: number
  /** The tunnel, for a frame on an underlay. Then addresses, tags and EtherType are those of the outer frame. */
  readonly tunnel?: Tunnel
}

export interface Tunnel {
  readonly type: 'vxlan' | 'geneve' | 'gre'
  /** VNI or GRE key. */
  readonly key: number
}

/** Reads a captured test frame from hexadecimal. */
export function readFrame(hex: string): SeenFrame {
  const bytes = Buffer.from(hex, 'hex')
  const vids: number[] = []
  let at = 12
  for (; bytes.readUInt16BE(at) === 0x8100 || bytes.readUInt16BE(at) === 0x88a8; at += 4) {
    vids.push(bytes.readUInt16BE(at + 2) & 0xfff)
  }
  const etherType = bytes.readUInt16BE(at)
  const number = bytes.readUInt32BE(bytes.indexOf(magic) + magic.length)
  const seen = { number, destination: text(bytes.subarray(0, 6)), source: text(bytes.subarray(6, 12)), vids, etherType }
  const tunnel = tunnelOf(etherType, bytes.subarray(at + 2))
  return tunnel ? { ...seen, tunnel } : seen
}

/** Finds a tunnel by its UDP port or IP protocol. Only IPv4 without options and IPv6 without extension headers. */
function tunnelOf(etherType: number, packet: Buffer): Tunnel | undefined {
  const isIpv6 = etherType === 0x86dd
  if (!isIpv6 && etherType !== 0x0800) return undefined
  const protocol = packet[isIpv6 ? 6 : 9]
  const inside = packet.subarray(isIpv6 ? 40 : 20)
  // GRE with a key and neither checksum nor sequence number (RFC 2890), Ethernet inside.
  if (protocol === 47) return { type: 'gre', key: inside.readUInt16BE(0) & 0x2000 ? inside.readUInt32BE(4) : 0 }
  const type = protocol === 17 ? UDP_TUNNELS[inside.readUInt16BE(2)] : undefined
  return type && { type, key: inside.readUIntBE(12, 3) }
}

const UDP_TUNNELS: Readonly<Record<number, Tunnel['type']>> = { 4789: 'vxlan', 6081: 'geneve' }

function tagBytes({ type = 0x8100, vid }: Tag): Buffer {
  return Buffer.concat([u16(type), u16(vid)])
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

function mac(address: string): Buffer {
  return Buffer.from(address.replaceAll(':', ''), 'hex')
}

function text(bytes: Buffer): string {
  return bytes.toString('hex').replace(/..(?!$)/g, '$&:')
}

function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
