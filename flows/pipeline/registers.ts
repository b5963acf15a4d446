/**
 * Named bits that travel with a packet, and the tables each lives through. `slot` makes both the match and the action, so
 * a field cannot leave its register; `test/flows/registers.test.ts` holds that fields which live at once do not overlap.
 */
import type { Action, OxmField } from '../../src/openflow/index.ts'
import { ANSWER, CLASSIFY, EGRESS, ENGINES, HOP, UNKNOWN } from './tables.ts'

export interface Slot {
  readonly name: string
  readonly field: 'reg0' | 'reg1' | 'reg2' | 'reg3' | 'reg6' | 'reg7'
  /** Lowest bit. */
  readonly offset: number
  readonly bits: number
  /** First and last table in which it holds a value. */
  readonly lives: readonly [number, number]
  readonly does: string
}

/** The key of the port that a packet came from; 0 from the fabric. */
export const SOURCE = {
  name: 'source',
  field: 'reg0',
  offset: 0,
  bits: 32,
  lives: [CLASSIFY.number, EGRESS.number],
  does: 'key of the port the packet came from; 0 if it came from the fabric',
} as const satisfies Slot

export const TARGET = {
  name: 'target',
  field: 'reg1',
  offset: 0,
  bits: 32,
  lives: [ANSWER.number, EGRESS.number],
  does: 'where the packet goes: the key of a port, 1 the uplink or wire, 2 one peer, 3 all peers, 4 peers that ask for frames to unknown addresses',
} as const satisfies Slot

export const FROM_FABRIC = {
  name: 'from_fabric',
  field: 'reg2',
  offset: 0,
  bits: 1,
  lives: [CLASSIFY.number, EGRESS.number],
  does: '1 if the packet came from the fabric: it never goes back there',
} as const satisfies Slot

export const FROM_WIRE = {
  name: 'from_wire',
  field: 'reg2',
  offset: 1,
  bits: 1,
  lives: [CLASSIFY.number, EGRESS.number],
  does: '1 if the packet came from a remote site of its network: it goes to no remote site',
} as const satisfies Slot

export const CHUNK = {
  name: 'chunk',
  field: 'reg3',
  offset: 0,
  bits: 16,
  lives: [ENGINES.first, UNKNOWN.number],
  does: 'which part of a long flood list is being worked through',
} as const satisfies Slot

/** Which physical network, and which VLAN of it, a routed packet is on its way to. */
export const VIA = {
  name: 'via',
  field: 'reg6',
  offset: 0,
  bits: 28,
  lives: [CLASSIFY.number, HOP.number],
  does: 'the physical network of a routed packet, or of ARP there: the OpenFlow port that leads there, and 12 bits of VLAN id',
} as const satisfies Slot

export const RESOLVED = {
  name: 'resolved',
  field: 'reg6',
  offset: 28,
  bits: 1,
  lives: [CLASSIFY.number, HOP.number],
  does: '1 if the MAC address of the next hop is known, and in the packet',
} as const satisfies Slot

export const NEXT_HOP = {
  name: 'next_hop',
  field: 'reg7',
  offset: 0,
  bits: 32,
  lives: [CLASSIFY.number, HOP.number],
  does: 'the IPv4 address of the next hop of a routed packet; of ARP, its sender',
} as const satisfies Slot

export const SLOTS: readonly Slot[] = [SOURCE, TARGET, FROM_FABRIC, FROM_WIRE, CHUNK, VIA, RESOLVED, NEXT_HOP]

/** Values of `target` that are not port keys (those begin at FIRST_KEY). */
export const TO_UPLINK = 1
export const TO_PEER = 2
export const TO_PEERS = 3
export const TO_UNKNOWN_FLOODING_PEERS = 4

/** `slot == value`, as a match. */
export function is(slot: Slot, value: number): OxmField {
  return whole(slot)
    ? { field: slot.field, value }
    : { field: slot.field, value: shifted(slot, value), mask: mask(slot) }
}

/** `slot = value`, as an action. */
export function set(slot: Slot, value: number): Action {
  return whole(slot)
    ? { type: 'set_field', field: slot.field, value }
    : { type: 'set_field', field: slot.field, value: shifted(slot, value), mask: mask(slot) }
}

/** The domain of the packet, in `metadata`: set by classify, written by nobody else. */
export const inDomain = (key: number): OxmField => ({ field: 'metadata', value: BigInt(key) })
export const setDomain = (key: number): Action => ({ type: 'set_field', field: 'metadata', value: BigInt(key) })

const whole = (slot: Slot): boolean => slot.bits === 32
const mask = (slot: Slot): number => (2 ** slot.bits - 1) * 2 ** slot.offset

function shifted(slot: Slot, value: number): number {
  if (value < 0 || value >= 2 ** slot.bits)
    throw new RangeError(`${slot.name} has ${slot.bits} bits: ${value} does not fit`)
  return value * 2 ** slot.offset
}
