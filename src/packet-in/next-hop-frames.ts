/** What is to be known of the frames that a switch sends about next hops. */

const [ETHERNET, TAG] = [14, 4]
const [VLAN, IPV4, ARP] = [0x8100, 0x0800, 0x0806]
const REPLY = 2

/** Where the payload of a frame begins, behind one tag at most, if it is of this EtherType. */
function payloadOf(frame: Uint8Array, etherType: number, length: number): DataView | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const at = frame.length >= ETHERNET + TAG && view.getUint16(12) === VLAN ? ETHERNET + TAG : ETHERNET
  if (frame.length < at + length || view.getUint16(at - 2) !== etherType) return undefined
  return new DataView(frame.buffer, frame.byteOffset + at, frame.length - at)
}

/** The destination of an IPv4 packet (RFC 791), 32 bits. */
export const readDestination = (frame: Uint8Array): number | undefined => payloadOf(frame, IPV4, 20)?.getUint32(16)

/** Who says in ARP (RFC 826) that an address has a MAC address; undefined for anything else. */
export function readArpReply(frame: Uint8Array): { readonly address: number; readonly mac: number } | undefined {
  const arp = payloadOf(frame, ARP, 28)
  if (arp?.getUint16(6) !== REPLY) return undefined
  return { address: arp.getUint32(14), mac: arp.getUint16(8) * 0x100000000 + arp.getUint32(10) }
}
