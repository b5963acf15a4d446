/** The tables and registers of stage nat, and the meter for next hops. */
import type { Register } from '../../pipeline/registers.ts'
import { CLASSIFY, type Table } from '../../pipeline/table.ts'
import type { VnicMeter } from '../../pipeline/vnic-meter.ts'

export const NAT_OUT = {
  number: 23,
  name: 'nat-out',
  does: 'Gives what a member of a routed network sends to its gateway the floating address of its port, by connection tracking in a zone of its own.',
} as const satisfies Table

export const TRANSLATED = {
  number: 24,
  name: 'translated',
  does: 'Lets go on what has its floating address now. What has not is dropped: a private address never leaves.',
} as const satisfies Table

export const ROUTE = {
  number: 25,
  name: 'route',
  does: 'Finds the next hop of a translated packet: a member on this switch, a neighbour on the physical network, or its router.',
} as const satisfies Table

export const NEIGHBOURS = {
  number: 26,
  name: 'neighbours',
  does: 'Names the MAC address of a next hop, as the switch has learned it from ARP on the physical network.',
  isLearned: true,
} as const satisfies Table

export const HOP = {
  number: 27,
  name: 'next-hop',
  does: 'Sends a packet to the physical network whose next hop is known. Another one goes to the controller, at a limited rate, which asks for the next hop. From the physical network only ARP comes here, whose sender is learned anew if it is known.',
} as const satisfies Table

export const NAT_IN = {
  number: 28,
  name: 'nat-in',
  does: 'Gives what is for a floating address the private one of its port, by connection tracking in a zone of its own.',
} as const satisfies Table

export const DELIVER = {
  number: 29,
  name: 'deliver',
  does: 'Hands a translated packet to the member whose private address it has now.',
} as const satisfies Table

const UNTIL_HOP = [CLASSIFY.number, HOP.number] as const

/** Which physical network, and which VLAN of it, a routed packet is on its way to. */
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
  limits: 'packets that the controller gets to find their next hop',
}
