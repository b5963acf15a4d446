/** Text of actions on fields: `set_field`, `move`, `load`, `push`, `pop`, `delete_field` (ovs-actions(7)). */
import type { Action, SetField } from '../actions/actions.ts'
import type { BitsAction } from '../actions/field-actions.ts'
import {
  allOnes,
  FIELDS,
  type FieldName,
  type FieldRow,
  type KnownField,
  known,
  SCTP,
  TCP,
  UDP,
} from '../match/match-fields.ts'
import { isLong } from '../match/subfield.ts'
import { ipv4 as parseIpv4, mac as parseMac } from './address-text.ts'
import { actionField, actionName } from './field-names.ts'
import { hex, parseValue, printValue } from './field-values.ts'
import { bad, bigInteger, integer } from './numbers.ts'
import { PRESENT, VID } from './protocols.ts'
import { arrow, parseBits, parseId, printBits, printId, printSubfield, valueOfBits } from './subfields.ts'
import type { Parser, Parsers, Printers } from './text-row.ts'

const VLAN = 0x8100
const PROTOCOLS = [
  ['tcp', TCP],
  ['udp', UDP],
  ['sctp', SCTP],
] as const

/**
 * Prints the value of a set_field as the switch keeps it: without bits outside of the mask, and without a mask of all
 * ones.
 */
export function printSet({ field, value, mask }: KnownField): string {
  if (mask === undefined) return printValue(field, value, undefined)
  const { isNarrow, limit, format }: FieldRow = FIELDS[field]
  const kept = BigInt(value) & BigInt(mask)
  const isWhole = (!isNarrow || format === 'flags') && BigInt(mask) === BigInt(limit) - 1n
  return printValue(field, typeof value === 'number' ? Number(kept) : kept, isWhole ? undefined : mask)
}

const printSetField = (field: KnownField): string => `set_field:${printSet(field)}->${actionName(field.field)}`

export const BITS_PRINTERS: Printers<BitsAction['type'] | 'set_field' | 'reg_move'> = {
  set_field: printSetField,
  reg_load2: printSetField,
  reg_load: (load) => `load:${hex(load.value)}->${printBits(load)}`,
  reg_move: ({ src, dst, bits }) => `move:${printSubfield(src, bits)}->${printSubfield(dst, bits)}`,
  push: (bits) => `push:${printBits(bits)}`,
  pop: (bits) => `pop:${printBits(bits)}`,
  delete_field: (id) => `delete_field:${printId(id)}`,
}

function parseSetField(text: string): Action {
  const [value, name] = arrow(text)
  const field = actionField(name)
  if (!field) throw bad(text, `${name} is not a field`)
  return { type: 'set_field', ...parseValue(field, value) } as SetField
}

function parseMove(text: string): Action {
  const [from, to] = arrow(text)
  const { bits, ...src } = parseBits(from)
  const { bits: there, ...dst } = parseBits(to)
  if (bits !== there) throw bad(text, 'both sides must have the same number of bits')
  return { type: 'reg_move', src, dst, bits }
}

/** Nicira's load action takes 64 bits and a 32-bit header. What needs more becomes a set_field with a mask. */
function parseLoad(text: string): Action {
  const [value, to] = arrow(text)
  const bits = parseBits(to)
  if (bits.bits <= 64 && !isLong(bits.field)) {
    return { type: 'reg_load', ...bits, value: bigInteger(value, bits.bits) }
  }
  const { field, value: set, mask } = valueOfBits(bits, value)
  const { isNarrow, variable }: FieldRow = FIELDS[field]
  const isWhole = mask === allOnes(field) && (!isNarrow || variable)
  return { type: 'set_field', ...known(field, set, isWhole ? undefined : mask) } as SetField
}

/** Actions of OpenFlow 1.0 for which set_field is used now. */
const set =
  (field: FieldName, parse: (text: string) => number): ((text: string) => Action) =>
  (text) =>
    ({ type: 'set_field', ...known(field, parse(text)) }) as SetField

function dscp(text: string): number {
  const tos = integer(text, 252)
  if (tos % 4 !== 0) throw bad(text, 'expected a multiple of 4 up to 252')
  return tos / 4
}

const vid = (text: string): number => PRESENT | integer(text, VID)
const pcp = (text: string): number => integer(text, 7)

/** `mod_vlan_vid` and `mod_vlan_pcp` of OpenFlow 1.0 add a tag to a packet without one. */
const tag =
  (field: FieldName, parse: (text: string) => number): Parser =>
  (text, { packets }) => {
    const action = set(field, parse)(text)
    return packets.isTagged ? action : [{ type: 'push_vlan', ethertype: VLAN }, action]
  }

/** Sets the port of TCP, UDP or SCTP, depending on the match. */
const transport =
  (side: 'src' | 'dst'): Parser =>
  (text, { packets }) => {
    const name = PROTOCOLS.find(([, protocol]) => protocol === packets.protocol)?.[0]
    if (name === undefined) throw bad(`mod_tp_${side}`, 'the match must contain tcp, udp or sctp')
    return set(`${name}_${side}`, (port) => integer(port, 0xffff))(text)
  }

export const BITS_PARSERS: Parsers = [
  ['set_field', parseSetField],
  ['move', parseMove],
  ['load', parseLoad],
  ['push', (text) => ({ type: 'push', ...parseBits(text) })],
  ['pop', (text) => ({ type: 'pop', ...parseBits(text) })],
  ['delete_field', (text) => ({ type: 'delete_field', ...parseId(text) })],
  ['mod_dl_src', set('eth_src', parseMac)],
  ['mod_dl_dst', set('eth_dst', parseMac)],
  ['mod_nw_src', set('ipv4_src', parseIpv4)],
  ['mod_nw_dst', set('ipv4_dst', parseIpv4)],
  ['mod_nw_tos', set('ip_dscp', dscp)],
  ['mod_nw_ecn', set('ip_ecn', (text) => integer(text, 3))],
  ['mod_vlan_vid', tag('vlan_vid', vid)],
  ['mod_vlan_pcp', tag('vlan_pcp', pcp)],
  ['set_vlan_vid', set('vlan_vid', vid)],
  ['set_vlan_pcp', set('vlan_pcp', pcp)],
  ['mod_tp_src', transport('src')],
  ['mod_tp_dst', transport('dst')],
]
