/**
 * Registers: named bits that travel with a packet. `is` and `set` make the match and the action of a register, so a value
 * cannot leave its bits. `invariants.ts` checks that registers which hold a value in the same tables do not overlap.
 */
import type { Action, OxmField } from '../../src/openflow/index.ts'
import { FIRST_TABLE, LAST_TABLE } from './table.ts'

export interface Register {
  readonly name: string
  readonly field: 'metadata' | 'reg0' | 'reg1' | 'reg2' | 'reg3' | 'reg4' | 'reg5' | 'reg6' | 'reg7'
  /** The lowest bit. */
  readonly offset: number
  readonly bits: number
  /** The first and the last table in which it holds a value. */
  readonly lives: readonly [number, number]
  readonly holds: string
  /** May other stages write it, if they declare that (`writes`)? Otherwise only its owner writes it. */
  readonly isShared?: boolean
}

/** A register that `is` and `set` can use: any but the domain, which has its own functions. */
type Field = Register & { readonly field: Exclude<Register['field'], 'metadata'> }

const THROUGHOUT = [FIRST_TABLE, LAST_TABLE] as const

/** Registers that all stages may read. The owner of a register is the stage that lists it. */
export const DOMAIN = {
  name: 'network',
  field: 'metadata',
  offset: 0,
  bits: 64,
  lives: THROUGHOUT,
  holds: 'key of the network, or of a port that is in none',
  isShared: true,
} as const satisfies Register

export const SOURCE = {
  name: 'source',
  field: 'reg0',
  offset: 0,
  bits: 32,
  lives: THROUGHOUT,
  holds: 'key of the port the packet came from; 0 if it came from the fabric',
} as const satisfies Register

export const TARGET = {
  name: 'target',
  field: 'reg1',
  offset: 0,
  bits: 32,
  lives: [20, LAST_TABLE],
  holds:
    'where the packet goes: the key of a port, 1 the uplink or wire, 2 one peer, 3 all peers, 4 peers that ask for frames to unknown addresses',
  isShared: true,
} as const satisfies Register

/** Values of `TARGET` that are not keys of ports (those begin at FIRST_KEY). */
export const TO_UPLINK = 1
export const TO_PEER = 2
export const TO_PEERS = 3
export const TO_UNKNOWN_FLOODING_PEERS = 4

export const FROM_FABRIC = {
  name: 'from_fabric',
  field: 'reg2',
  offset: 0,
  bits: 1,
  lives: THROUGHOUT,
  holds: '1 if the packet came from the fabric: it never goes back there',
  isShared: true,
} as const satisfies Register

export const FROM_WIRE = {
  name: 'from_wire',
  field: 'reg2',
  offset: 1,
  bits: 1,
  lives: THROUGHOUT,
  holds: '1 if the packet came from a remote site of its network: it goes to no remote site',
} as const satisfies Register

/** `register == value`, as a match. @throws RangeError if the value does not fit */
export function is(register: Field, value: number): OxmField {
  return isWhole(register)
    ? { field: register.field, value }
    : { field: register.field, value: shifted(register, value), mask: maskOf(register) }
}

/** `register = value`, as an action. @throws RangeError if the value does not fit */
export function set(register: Field, value: number): Action {
  return isWhole(register)
    ? { type: 'set_field', field: register.field, value }
    : { type: 'set_field', field: register.field, value: shifted(register, value), mask: maskOf(register) }
}

/** `DOMAIN == key`, as a match. */
export const inDomain = (key: number): OxmField => ({ field: DOMAIN.field, value: BigInt(key) })
/** `DOMAIN = key`, as an action. */
export const setDomain = (key: number): Action => ({ type: 'set_field', field: DOMAIN.field, value: BigInt(key) })

const isWhole = ({ bits }: Register): boolean => bits === 32
const maskOf = ({ bits, offset }: Register): number => (2 ** bits - 1) * 2 ** offset

function shifted({ name, bits, offset }: Register, value: number): number {
  if (value < 0 || value >= 2 ** bits) throw new RangeError(`${name} has ${bits} bits: ${value} does not fit`)
  return value * 2 ** offset
}
