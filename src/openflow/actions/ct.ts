/** Connection tracking (ovs-actions(7), "The ct action"): nx_action_conntrack, and nx_action_nat within it. */

import { type Bits, bitRange, readBits, refuseLong, writeBits } from '../match/subfield.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { OpenFlowError, refusal } from '../wire/openflow-error.ts'
import type { Action } from './actions.ts'
import { flag, given, MAX_DEPTH, type Row, type Rows } from './nicira-row.ts'

export interface Range<Value> {
  readonly min: Value
  readonly max?: Value
}

export type CtAction =
  | {
      readonly type: 'ct'
      readonly commit?: true
      readonly force?: true
      /** A number, or the bits of a field that hold it. 0 if absent. */
      readonly zone?: number | Bits
      /** The table in which the tracked packet is looked up again. */
      readonly table?: number
      /** The port of a protocol with related connections: 21 for FTP. */
      readonly alg?: number
      /** `nat`, and actions that set `ct_mark` and `ct_label` of the connection. */
      readonly actions: readonly Action[]
    }
  /** Only within `ct`. Without `to`, the translation that was chosen when the connection was committed. */
  | {
      readonly type: 'nat'
      readonly to?: 'src' | 'dst'
      readonly persistent?: true
      readonly hash?: true
      readonly random?: true
      readonly ipv4?: Range<number>
      readonly ipv6?: Range<bigint>
      readonly ports?: Range<number>
    }
  | { readonly type: 'ct_clear' }

type Ct = Extract<CtAction, { type: 'ct' }>
type Nat = Extract<CtAction, { type: 'nat' }>

const [CT, NAT, CT_CLEAR] = [35, 36, 43]
const [COMMIT, FORCE] = [1, 2]
const NO_TABLE = 0xff

/** nx_action_conntrack: flags 16 bits, zone_src 32, zone or range 16, recirc_table 8, padding 24, alg 16, actions. */
const ct: Row<Ct> = {
  subtypes: [CT],
  write(w, { commit, force, zone = 0, table = NO_TABLE, alg = 0, actions }, nested) {
    w.u16(CT).u16((commit ? COMMIT : 0) | (force ? FORCE : 0))
    if (typeof zone === 'number') w.u32(0).u16(zone, 'zone')
    else {
      refuseLong(zone.field)
      writeBits(w, zone)
      w.u16(bitRange(zone), 'offset')
    }
    w.u8(table, 'table').zeros(3).u16(alg, 'alg')
    nested.write(w, actions)
  },
  read(r, _subtype, nested) {
    if (r.depth > MAX_DEPTH) return undefined
    const flags = r.u16()
    const zone = readZone(r)
    const table = r.u8()
    const alg = r.skip(3).u16()
    if (zone === undefined || flags > (COMMIT | FORCE)) return undefined
    return {
      type: 'ct',
      ...flag('commit', flags & COMMIT),
      ...flag('force', flags & FORCE),
      ...given('zone', zone === 0 ? undefined : zone),
      ...given('table', table === NO_TABLE ? undefined : table),
      ...given('alg', alg === 0 ? undefined : alg),
      actions: nested.read(r),
    }
  },
}

/** Reads a zone. The word after the field header is the zone or the range of bits, so it is read first. */
function readZone(r: Reader): number | Bits | undefined {
  const ahead = r.copy()
  const header = ahead.u32()
  const word = ahead.u16()
  if (header === 0) {
    r.skip(6)
    return word
  }
  const zone = readBits(r.copy(), word)
  r.skip(6)
  return zone
}

/** The shift of the two presence bits of each range: minimum and maximum. */
const [IPV4, IPV6, PORTS] = [0, 2, 4]

/** nx_action_nat: padding 16 bits, flags 16, present ranges 16, then the ranges in this order. */
const nat: Row<Nat> = {
  subtypes: [NAT],
  write(w, { to, persistent, hash, random, ipv4, ipv6, ports }) {
    if (to !== undefined && to !== 'src' && to !== 'dst') throw refusal('to', to, 'src, dst')
    const flags = to === 'src' ? 1 : to === 'dst' ? 2 : 0
    w.u16(NAT)
      .zeros(2)
      .u16(flags | (persistent ? 4 : 0) | (hash ? 8 : 0) | (random ? 16 : 0))
      .u16(parts(ipv4, IPV4) | parts(ipv6, IPV6) | parts(ports, PORTS))
    for (const address of values(ipv4)) w.u32(address, 'ipv4')
    for (const address of values(ipv6)) writeIpv6(w, address)
    for (const port of values(ports)) w.u16(port, 'ports')
  },
  read(r) {
    const flags = r.skip(2).u16()
    const present = r.u16()
    const [ipv4, ipv6, ports] = [IPV4, IPV6, PORTS].map((shift) => (present >> shift) & 3)
    if (flags > 31 || (flags & 3) === 3 || present > 63) return undefined
    // A maximum without a minimum is not valid.
    if (ipv4 === 2 || ipv6 === 2 || ports === 2) return undefined
    const to = (['src', 'dst'] as const)[(flags & 3) - 1]
    return {
      type: 'nat',
      ...given('to', to),
      ...flag('persistent', flags & 4),
      ...flag('hash', flags & 8),
      ...flag('random', flags & 16),
      ...given(
        'ipv4',
        readRange(ipv4, () => r.u32()),
      ),
      ...given(
        'ipv6',
        readRange(ipv6, () => (r.u64() << 64n) | r.u64()),
      ),
      ...given(
        'ports',
        readRange(ports, () => r.u16()),
      ),
    }
  },
}

const parts = (range: Range<unknown> | undefined, shift: number): number =>
  (range === undefined ? 0 : range.max === undefined ? 1 : 3) << shift

const values = <Value>(range: Range<Value> | undefined): readonly Value[] =>
  range === undefined ? [] : range.max === undefined ? [range.min] : [range.min, range.max]

function readRange<Value>(present: number | undefined, read: () => Value): Range<Value> | undefined {
  if (!present) return undefined
  const min = read()
  return present === 3 ? { min, max: read() } : { min }
}

function writeIpv6(w: Writer, address: bigint): void {
  if (typeof address !== 'bigint' || address >> 128n !== 0n) {
    throw new OpenFlowError('out-of-range', `ipv6 holds ${address}: it takes a bigint of 128 bits`)
  }
  w.u64(address >> 64n, 'ipv6').u64(address & 0xffff_ffff_ffff_ffffn, 'ipv6')
}

export const CT_ROWS: Rows<CtAction> = {
  ct,
  nat,
  ct_clear: { subtypes: [CT_CLEAR], write: (w) => void w.u16(CT_CLEAR).zeros(4), read: () => ({ type: 'ct_clear' }) },
}
