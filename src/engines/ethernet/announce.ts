/** What a physical network is told of a VNIC that is at a new place, so that its switches send there what is for it. */
import type { Announcement, Domain, Member } from '../../../flows/engines/engine-rules.ts'
import { macOf } from './mac.ts'
import { neighbours } from './neighbours.ts'

const BROADCAST = 0xffffffffffff
/** EtherTypes. */
const [ARP, RARP] = [0x0806, 0x8035]
/** Operations: ARP request (RFC 826), reverse request (RFC 903). */
const [REQUEST, REVERSE_REQUEST] = [1, 3]

/** Where its MAC address is, as QEMU and Xen say it: in RARP, which asks nobody for anything. Then each IPv4 address that it is known to have. */
export function whereItIs(domain: Domain, member: Member): Announcement[] {
  const mac = macOf(member.vnic)
  const target = { to: 'uplink' } as const
  const own = neighbours(member, domain).flatMap((each) => (each.family === 4 ? [each.address] : []))
  return [
    { frame: arp(RARP, REVERSE_REQUEST, mac, 0, mac, 0), target, why: 'where its MAC address is' },
    ...own.map((address) => ({ frame: gratuitousArp(mac, address), target, why: 'who has its address' })),
  ]
}

/** An announcement of ARP (RFC 5227, 2.3), that this address has this MAC address: 32 and 48 bits. */
export const gratuitousArp = (mac: number, address: number): Uint8Array => arp(ARP, REQUEST, mac, address, 0, address)

/** Who has this address? (RFC 826) Asked by one who has the other two. */
export const arpRequest = (mac: number, address: number, target: number): Uint8Array =>
  arp(ARP, REQUEST, mac, address, 0, target)

/** A broadcast of ARP or of its relatives for IPv4 over Ethernet, 60 octets with its padding. */
function arp(
  etherType: number,
  operation: number,
  mac: number,
  address: number,
  targetMac: number,
  targetAddress: number,
): Uint8Array {
  const frame = new DataView(new ArrayBuffer(60))
  const mac48 = (at: number, value: number) => {
    frame.setUint16(at, Math.floor(value / 0x100000000))
    frame.setUint32(at + 2, value % 0x100000000)
  }
  mac48(0, BROADCAST)
  mac48(6, mac)
  frame.setUint16(12, etherType)
  // Ethernet (1) and IPv4 (0x0800), addresses of 6 and 4 octets.
  frame.setUint16(14, 1)
  frame.setUint16(16, 0x0800)
  frame.setUint16(18, 0x0604)
  frame.setUint16(20, operation)
  mac48(22, mac)
  frame.setUint32(28, address)
  mac48(32, targetMac)
  frame.setUint32(38, targetAddress)
  return new Uint8Array(frame.buffer)
}
