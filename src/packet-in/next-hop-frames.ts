/** Reads the frames that a switch sends about next hops. */

const [ETHERNET_OCTETS, TAG_OCTETS] = [14, 4]
const ETHER_TYPE = { vlan: 0x8100, ipv4: 0x0800, arp: 0x0806 }
const ARP_REPLY = 2

/** The payload of a frame with this EtherType and at most one VLAN tag. @param octets the least length of the payload */
function payloadOf(frame: Uint8Array, etherType: number, octets: number): DataView | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const tagged = ETHERNET_OCTETS + TAG_OCTETS
  const at = frame.length >= tagged && view.getUint16(12) === ETHER_TYPE.vlan ? tagged : ETHERNET_OCTETS
  if (frame.length < at + octets || view.getUint16(at - 2) !== etherType) return undefined
  return new DataView(frame.buffer, frame.byteOffset + at, frame.length - at)
}

/** The destination address of an IPv4 packet (RFC 791), 32 bits. */
export const readDestination = (frame: Uint8Array): number | undefined =>
  payloadOf(frame, ETHER_TYPE.ipv4, 20)?.getUint32(16)

/** The sender of an ARP reply (RFC 826); undefined for any other packet. */
export function readArpReply(frame: Uint8Array): { readonly address: number; readonly mac: number } | undefined {
  const arp = payloadOf(frame, ETHER_TYPE.arp, 28)
  if (arp?.getUint16(6) !== ARP_REPLY) return undefined
  return { address: arp.getUint32(14), mac: arp.getUint16(8) * 0x100000000 + arp.getUint32(10) }
}
