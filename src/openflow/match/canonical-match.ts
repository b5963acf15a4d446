/** The canonical form of a match: a match that is sent to Open vSwitch and the match in its dump have the same form. */

import { widen } from '../wire/port-numbers.ts'
import { type MetadataName, metadata } from './field-row.ts'
import { allOnes, FIELDS, type FieldName, known, type Match, type OxmField, position } from './match-fields.ts'

/**
 * The fields in the order of printing. Masks that say nothing are dropped, and wide registers are split into 32-bit
 * ones.
 */
export function canonicalMatch(match: Match): readonly OxmField[] {
  if (isCanonical(match)) return match
  return match
    .flatMap(parts)
    .flatMap(trimmed)
    .sort((a, b) => position(a) - position(b))
}

/** Fast path for the common case: known fields without masks, in order, with the usual headers. */
function isCanonical(match: Match): boolean {
  let last = -1
  for (const field of match) {
    const at = position(field)
    if (at <= last || field.field === 'unknown' || field.mask !== undefined || field.header !== undefined) return false
    if (splitters.has(field.field)) return false
    last = at
  }
  return true
}

const withoutMask = new Set<string>()

/** Fields that equal one or more other fields. */
const splitters = new Map<string, (value: bigint, mask: bigint) => OxmField[]>([['vlan_tci', splitTci]])
for (let x = 0; x < 8; x += 1) splitters.set(`xreg${x}`, intoRegisters(x * 2, 2))
for (let xx = 0; xx < 4; xx += 1) splitters.set(`xxreg${xx}`, intoRegisters(xx * 4, 4))
splitters.set('nxm_in_port', (value, mask) => [
  mask === 0xffffn ? known('in_port', widen(Number(value))) : known('nxm_in_port', Number(value), Number(mask)),
])
splitters.set('nxm_ip_tos', (value, mask) => [
  mask === 0xffn ? known('ip_dscp', Number(value) >>> 2) : known('nxm_ip_tos', Number(value), Number(mask)),
])
// Fields of variable size. A mask of 0 matches any packet that has the option.
for (const name of Object.keys(metadata) as MetadataName[]) {
  splitters.set(name, (value, mask) => [mask === allOnes(name) ? known(name, value) : known(name, value & mask, mask)])
}
// Open vSwitch 3.1 reports a different mask for these fields than the one it matches.
for (const name of ['tun_erspan_ver', 'tun_erspan_hwid', 'tun_gtpu_flags', 'tun_gtpu_msgtype'] as const) {
  splitters.set(name, (value, mask) => [known(name, Number(value & mask), mask === 0n ? 0 : undefined)])
  withoutMask.add(name)
}
// Packets are Ethernet frames unless a match says otherwise.
splitters.set('packet_type', (value, mask) => {
  if (value === 0n && mask === 0xffffffffn) return []
  return [known('packet_type', Number(value), Number(mask))]
})

function parts(field: OxmField): OxmField[] {
  if (field.field === 'unknown') return [field]
  const split = splitters.get(field.field)
  if (!split) return field.header === undefined ? [field] : [known(field.field, field.value, field.mask)]
  return split(BigInt(field.value), BigInt(field.mask ?? allOnes(field.field)))
}

/** A wide register equals `count` registers. The first one has the highest bits. */
function intoRegisters(first: number, count: number): (value: bigint, mask: bigint) => OxmField[] {
  return (value, mask) =>
    Array.from({ length: count }, (_, index) => {
      const shift = BigInt(32 * (count - 1 - index))
      const word = (bits: bigint): number => Number((bits >> shift) & 0xffffffffn)
      return known(`reg${first + index}` as FieldName, word(value), word(mask))
    })
}

const VID_AND_PRESENT = 0x1fff
const PRESENT = 0x1000
const PCP = 0xe000

/**
 * Splits a TCI as Open vSwitch reports it: the id with the presence bit, and, if one of these is set, the whole
 * priority if any of its bits counts.
 */
function splitTci(tci: bigint, mask: bigint): OxmField[] {
  const [value, bits] = [Number(tci & mask), Number(mask)]
  const vid = known('vlan_vid', value & VID_AND_PRESENT, bits & VID_AND_PRESENT)
  const hasPriority = vid.value !== 0 && (bits & PCP) !== 0
  return hasPriority ? [vid, known('vlan_pcp', value >>> 13)] : [vid]
}

/** Whether Open vSwitch matches more of this field than it reports. */
export function isToldInPart(field: OxmField): boolean {
  if (field.field === 'unknown') return false
  if (withoutMask.has(field.field)) return field.mask !== undefined
  if (field.field !== 'vlan_tci') return false
  const { value, mask = 0xffff } = field
  return (mask & PCP) !== 0 && ((mask & PCP) !== PCP || (value & mask & PRESENT) === 0)
}

/** The field without a mask that says nothing, and without value bits outside of the mask. */
export function trimmed(field: OxmField): OxmField[] {
  if (field.field === 'unknown' || field.mask === undefined) return [field]
  const { field: name, value, mask } = field
  if (typeof value === 'number' && typeof mask === 'number') {
    const ones = Number(allOnes(name))
    if (mask === 0) return []
    // Bit operations have 32 bits, so wider values use bigints.
    const both = FIELDS[name].bits > 32 ? Number(BigInt(value) & BigInt(mask)) : (value & mask) >>> 0
    return [maskHas(mask, ones) ? known(name, value) : known(name, both, mask)]
  }
  const [bits, ones] = [BigInt(mask), BigInt(allOnes(name))]
  if (bits === 0n) return name in metadata ? [field] : []
  return [bits === ones ? known(name, value) : known(name, BigInt(value) & bits, bits)]
}

const maskHas = (mask: number, ones: number): boolean => (BigInt(mask) & BigInt(ones)) === BigInt(ones)
