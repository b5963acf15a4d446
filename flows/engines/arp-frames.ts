/** Makes ARP and RARP frames for IPv4 over Ethernet, of 60 octets with their padding. Addresses are numbers of 32 and 48 bits. */

const BROADCAST = 0xffffffffffff
const [ETHERTYPE_ARP, ETHERTYPE_RARP] = [0x0806, 0x8035]
/** Operations: request (RFC 826), reverse request (RFC 903). */
const [REQUEST, REVERSE_REQUEST] = [1, 3]
const FRAME_OCTETS = 60

/** A gratuitous ARP frame (RFC 5227, section 2.3). It says that `address` is at `mac`. */
export const gratuitousArp = (mac: number, address: number): Uint8Array =>
  broadcast(ETHERTYPE_ARP, REQUEST, { mac, address }, { mac: 0, address })

/** An ARP request (RFC 826) of a host with `mac` and `address`: who has `target`? */
export const arpRequest = (mac: number, address: number, target: number): Uint8Array =>
  broadcast(ETHERTYPE_ARP, REQUEST, { mac, address }, { mac: 0, address: target })

/** A RARP frame, as QEMU and Xen send it after a migration. It shows where `mac` is, and gets no answer. */
export const reverseArp = (mac: number): Uint8Array =>
  broadcast(ETHERTYPE_RARP, REVERSE_REQUEST, { mac, address: 0 }, { mac, address: 0 })

interface Side {
  readonly mac: number
  readonly address: number
}

function broadcast(etherType: number, operation: number, sender: Side, target: Side): Uint8Array {
  const frame = new DataView(new ArrayBuffer(FRAME_OCTETS))
  const mac48 = (at: number, value: number) => {
    frame.setUint16(at, Math.floor(value / 0x100000000))
    frame.setUint32(at + 2, value % 0x100000000)
  }
  mac48(0, BROADCAST)
  mac48(6, sender.mac)
  frame.setUint16(12, etherType)
  // Ethernet (1) and IPv4 (0x0800), with addresses of 6 and 4 octets.
  frame.setUint16(14, 1)
  frame.setUint16(16, 0x0800)
  frame.setUint16(18, 0x0604)
  frame.setUint16(20, operation)
  mac48(22, sender.mac)
  frame.setUint32(28, sender.address)
  mac48(32, target.mac)
  frame.setUint32(38, target.address)
  return new Uint8Array(frame.buffer)
}
