/** Tables of the pipeline. A packet only moves to later tables. A packet that matches no rule of a table is dropped there. */

export interface Table {
  /** The number of the OpenFlow table. */
  readonly number: number
  readonly name: string
  /** What it does, for the docs. */
  readonly does: string
  /** Do switches make its rules by themselves (action `learn`)? Then comparisons ignore them. */
  readonly isLearned?: boolean
}

/** The first and the last table: each packet begins in the first one, and leaves from the last one. */
export const [FIRST_TABLE, LAST_TABLE] = [0, 60] as const

/** Tables in which several stages have rules. The owner of a table is the stage that lists it. */
export const CLASSIFY = {
  number: FIRST_TABLE,
  name: 'classify',
  does: 'Finds the network and the source port of a packet, and whether it comes from the fabric, by the port that it came in through and, from the fabric, by its VLAN tag or tunnel key. A tagged frame of a VNIC belongs to no network, unless its port has a trunk with that tag.',
} as const satisfies Table

export const REFUSED = {
  number: 11,
  name: 'refused',
  does: 'Counts, for each VNIC, the frames that it must not send, and drops them. The controller gets some of them, at a limited rate, to say what they show.',
} as const satisfies Table

export const ANSWER = {
  number: 20,
  name: 'answer',
  does: 'Answers requests of a VNIC (ARP, neighbour solicitation) for known addresses of ports in its network, unless another port may send as the address. Frames that the controller answers (DHCP, router solicitations) go only to the controller, at a limited rate. All other frames continue. Frames from the fabric do not pass this table.',
} as const satisfies Table

export const EGRESS = {
  number: LAST_TABLE,
  name: 'egress',
  does: "Turns a target into an output, if packets of the network may go there: a member of the same network; the fabric with the network's segment, unless the packet came from the fabric; a remote site, unless it came from one. One table does both the check and the output, because a flood must not cost more than one look-up per copy.",
} as const satisfies Table

/** The tables of one engine. */
export interface EngineTables {
  readonly forward: number
  readonly flood: number
}

/** The range of tables that the engines share out among themselves. The stage with `hasEngineTables` makes the rules there. */
export const ENGINE_RANGE = {
  first: 30,
  last: 55,
  perEngine: 2,
} as const

/** The number of engines that have tables of their own. */
export const MAX_ENGINES = (ENGINE_RANGE.last - ENGINE_RANGE.first + 1) / ENGINE_RANGE.perEngine

/**
 * The tables of an engine.
 * @param slot the engine's place in the registry, from 0
 * @throws RangeError if there are more engines than tables
 */
export function engineTables(slot: number): EngineTables {
  const forward = ENGINE_RANGE.first + slot * ENGINE_RANGE.perEngine
  if (slot >= MAX_ENGINES) throw new RangeError(`no table range left for engine ${slot + 1}`)
  return { forward, flood: forward + 1 }
}

export const isEngineTable = (table: number): boolean => table >= ENGINE_RANGE.first && table <= ENGINE_RANGE.last
