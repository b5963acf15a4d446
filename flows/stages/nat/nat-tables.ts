/** The tables and registers of stage nat, and the meter for next hops. */
import type { Register } from '../../pipeline/registers.ts'
import { CLASSIFY, type Table } from '../../pipeline/table.ts'
import type { VnicMeter } from '../../pipeline/vnic-meter.ts'

export const NAT_OUT = {
  number: 23,
  name: 'nat-out',
  does: 'Translates the source address of packets that a member of a routed network sends to its gateway into the floating address of its port, by connection tracking in a zone of the port.',
} as const satisfies Table

export const TRANSLATED = {
  number: 24,
  name: 'translated',
  does: 'Passes packets that now have their floating address as the source, and drops all others, so that a private address never leaves.',
} as const satisfies Table

export const ROUTE = {
  number: 25,
  name: 'route',
  does: 'Finds the next hop of a translated packet: a member on this switch, a neighbour on the physical network, or its router.',
} as const satisfies Table

export const NEIGHBOURS = {
  number: 26,
  name: 'neighbours',
  does: 'Holds the MAC addresses of next hops that the switch has learned from ARP on the physical network.',
  isLearned: true,
} as const satisfies Table

export const HOP = {
  number: 27,
  name: 'next-hop',
  does: 'Sends packets with a known next hop to the physical network. Other packets go to the controller at a limited rate, and the controller sends an ARP request for the next hop. From the physical network only ARP packets get here; a sender that is known is learned again.',
} as const satisfies Table

export const NAT_IN = {
  number: 28,
  name: 'nat-in',
  does: 'Translates the destination of packets for a floating address into the private address of its port, by connection tracking in a zone of the port.',
} as const satisfies Table

export const DELIVER = {
  number: 29,
  name: 'deliver',
  does: 'Passes a translated packet to the member with its private address.',
} as const satisfies Table

const UNTIL_HOP = [CLASSIFY.number, HOP.number] as const

/** The physical network, and its VLAN, that a routed packet is going to. */
export const VIA = {
  name: 'via',
  field: 'reg6',
  offset: 0,
  bits: 28,
  lives: UNTIL_HOP,
  holds:
    'the physical network of a routed packet, or of ARP there: the OpenFlow port that leads there, and 12 bits of VLAN id',
} as const satisfies Register

export const RESOLVED = {
  name: 'resolved',
  field: 'reg6',
  offset: 28,
  bits: 1,
  lives: UNTIL_HOP,
  holds: '1 if the MAC address of the next hop is known, and in the packet',
} as const satisfies Register

export const NEXT_HOP = {
  name: 'next_hop',
  field: 'reg7',
  offset: 0,
  bits: 32,
  lives: UNTIL_HOP,
  holds: 'the IPv4 address of the next hop of a routed packet; of ARP, its sender',
} as const satisfies Register

export const NEXT_HOP_METER: VnicMeter = {
  name: 'next-hops',
  slot: 3,
  limits: 'packets that the controller gets in order to find their next hops',
}
