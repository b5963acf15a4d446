/** Tables of the pipeline. A packet only moves to a later table; a packet that no rule of a table matches is dropped there. */

export interface Table {
  /** The number of the OpenFlow table. */
  readonly number: number
  readonly name: string
  /** What it does, for the docs. */
  readonly does: string
  /** Do switches make its rules by themselves (action `learn`)? Then comparisons leave them alone. */
  readonly isLearned?: boolean
}

/** The first and the last table: each packet begins in the one, and whatever leaves does so in the other. */
export const [FIRST_TABLE, LAST_TABLE] = [0, 60] as const

/** Tables in which several stages have rules. The stage that lists one among its tables owns it. */
export const CLASSIFY = {
  number: FIRST_TABLE,
  name: 'classify',
  does: 'Says who a packet is: from the port it came in by (and its VLAN tag or tunnel key, from the fabric) to its network, its source port and whether it comes from the fabric. A tagged frame of a VNIC matches nothing here, unless its port has a trunk with that tag.',
} as const satisfies Table

export const ANSWER = {
  number: 20,
  name: 'answer',
  does: 'Answers a VNIC that asks who has an address (ARP, neighbour solicitation), where the address of a port of its network is known. What the controller answers in its network (DHCP, router solicitations) goes there and nowhere else, at a limited rate. All else goes on. Frames from the fabric do not pass here.',
} as const satisfies Table

export const EGRESS = {
  number: LAST_TABLE,
  name: 'egress',
  does: "Turns a target into an output, if the packet's network may go there: a member of that very network; the fabric with that network's segment, unless the packet came from the fabric; a remote site, unless it came from one. One table for both the check and the output, since a flood may cost one look-up per copy and no more.",
} as const satisfies Table

/** The tables of one engine. */
export interface EngineTables {
  readonly forward: number
  readonly flood: number
}

/** The range of tables in which each engine has its own. The stage with `hasEngineTables` makes the rules there. */
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
