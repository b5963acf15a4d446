/**
 * The pipeline: its tables in order, each with its purpose. A packet only ever moves to a later table; what no rule of a
 * table matches is dropped there, by OpenFlow's own default.
 */

/** One stage. The number is the OpenFlow table. */
export interface Table {
  readonly number: number
  readonly name: string
  readonly does: string
}

export const CLASSIFY = {
  number: 0,
  name: 'classify',
  does: 'Says who a packet is: from the port it came in by (and its VLAN tag or tunnel key, from the fabric) to its network, its source port and whether it comes from the fabric. A tagged frame of a VNIC matches nothing here, unless its port has a trunk with that tag.',
} as const satisfies Table

export const GUARD = {
  number: 10,
  name: 'guard',
  does: 'Lets a VNIC send only what it may: frames from its own address. Frames from the fabric do not pass here.',
} as const satisfies Table

export const ANSWER = {
  number: 20,
  name: 'answer',
  does: 'Answers a VNIC that asks who has an address (ARP, neighbour solicitation), where the address of a port of its network is known. What the controller answers in its network (DHCP, router solicitations) goes there and nowhere else, at a limited rate. All else goes on. Frames from the fabric do not pass here.',
} as const satisfies Table

export const ADVERTISE = {
  number: 21,
  name: 'advertise',
  does: 'Puts the address into a neighbour advertisement that `answer` has made of a solicitation, and sends it back.',
} as const satisfies Table

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

/** Those of networks whose members are each known to a physical network by an address of their own. */
export const ROUTED: readonly Table[] = [NAT_OUT, TRANSLATED, ROUTE, NEIGHBOURS, HOP, NAT_IN, DELIVER]

/** Those whose rules switches make by themselves. */
export const isLearned = (table: number): boolean => table === LEARNED.number || table === NEIGHBOURS.number

export const LEARNED = {
  number: 56,
  name: 'learned',
  does: 'Names the remote site that has an address, as the switch has learned from what came from there. Used where a network is bridged to a site, for addresses that no VNIC has.',
} as const satisfies Table

export const UNKNOWN = {
  number: 57,
  name: 'unknown',
  does: 'Where a frame goes for whose address neither a VNIC nor a remote site is known.',
} as const satisfies Table

export const EGRESS = {
  number: 60,
  name: 'egress',
  does: "Turns a target into an output, if the packet's network may go there: a member of that very network; the fabric with that network's segment, unless the packet came from the fabric; a remote site, unless it came from one. One table for both the check and the output, since a flood may cost one look-up per copy and no more.",
} as const satisfies Table

/** The tables of one engine: a range of its own between guard and learned, reached only after classification. */
export interface EngineTables {
  readonly forward: number
  readonly flood: number
}

export const ENGINES = {
  first: 30,
  last: 55,
  perEngine: 2,
  forward:
    'Where a frame goes within its network: the member or the peer that has its destination address, or all of them.',
  flood: 'Copies of a flood that is too long for one rule.',
} as const

/**
 * The table range of an engine.
 * @param slot the engine's place in the registry, from 0
 */
export function engineTables(slot: number): EngineTables {
  const forward = ENGINES.first + slot * ENGINES.perEngine
  if (forward + ENGINES.perEngine - 1 > ENGINES.last) throw new RangeError(`no table range left for engine ${slot + 1}`)
  return { forward, flood: forward + 1 }
}
