/**
 * Actions that choose a link by a hash of the packet (ovs-actions(7), "The bundle and bundle_load actions", "The
 * multipath action").
 */

import { type Bits, bitRange, readBits, refuseLong, writeBits } from '../match/subfield.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { checkList, OpenFlowError } from '../wire/openflow-error.ts'
import { narrow, widen } from '../wire/port-numbers.ts'
import type { Rows } from './nicira-row.ts'

/** nx_hash_fields: the index is the number on the wire. */
export const HASH_FIELDS = [
  'eth_src',
  'symmetric_l4',
  'symmetric_l3l4',
  'symmetric_l3l4+udp',
  'nw_src',
  'nw_dst',
  'symmetric_l3',
] as const
export const MULTIPATH_ALGORITHMS = ['modulo_n', 'hash_threshold', 'hrw', 'iter_hash'] as const
export const BUNDLE_ALGORITHMS = ['active_backup', 'hrw'] as const

type HashFields = (typeof HASH_FIELDS)[number]
type BundleAlgorithm = (typeof BUNDLE_ALGORITHMS)[number]

interface Members {
  readonly fields: HashFields
  readonly basis: number
  readonly algorithm: BundleAlgorithm
  /** Ports, one of which is chosen among those that are up. */
  readonly members: readonly number[]
}

export type HashAction =
  /** Writes the number of a link, from 0 to `links` - 1, to bits of a field. */
  | {
      readonly type: 'multipath'
      readonly fields: HashFields
      readonly basis: number
      readonly algorithm: (typeof MULTIPATH_ALGORITHMS)[number]
      readonly links: number
      readonly arg: number
      readonly dst: Bits
    }
  /** Sends the packet to one of the ports. */
  | ({ readonly type: 'bundle' } & Members)
  /** Writes the number of one of the ports to bits of a field. */
  | ({ readonly type: 'bundle_load'; readonly dst: Bits } & Members)

/** NXM_OF_IN_PORT: the only kind of members. */
const IS_PORT = 0x00000002

function indexOf(names: readonly string[], name: string, what: string): number {
  const index = names.indexOf(name)
  if (index < 0) throw new OpenFlowError('out-of-range', `${what} holds ${name}: it takes ${names.join(', ')}`)
  return index
}

function writeDst(w: Writer, dst: Bits): void {
  refuseLong(dst.field)
  w.u16(bitRange(dst), 'offset')
  writeBits(w, dst)
}

/**
 * nx_action_bundle: algorithm 16 bits, fields 16, basis 16, kind 32, number of members 16, range 16, field, padding 32,
 * members.
 */
function writeMembers(w: Writer, { fields, basis, algorithm, members }: Members, dst: Bits | undefined): void {
  checkList('members', members)
  w.u16(indexOf(BUNDLE_ALGORITHMS, algorithm, 'algorithm'))
    .u16(indexOf(HASH_FIELDS, fields, 'fields'))
    .u16(basis, 'basis')
    .u32(IS_PORT)
    .u16(members.length, 'number of members')
  if (dst) writeDst(w, dst)
  else w.zeros(6)
  w.zeros(4)
  for (const member of members) w.u16(narrow(member), 'member')
}

function readMembers(r: Reader, hasDst: boolean): (Members & { readonly dst?: Bits }) | undefined {
  const algorithm = BUNDLE_ALGORITHMS[r.u16()]
  const fields = HASH_FIELDS[r.u16()]
  const basis = r.u16()
  const kind = r.u32()
  const count = r.u16()
  const range = r.u16()
  const dst = hasDst ? readBits(r, range) : undefined
  const isThere = hasDst ? dst !== undefined : range === 0 && r.u32() === 0
  if (!isThere || algorithm === undefined || fields === undefined || kind !== IS_PORT || r.left < 4 + 2 * count) {
    return undefined
  }
  r.skip(4)
  const members = Array.from({ length: count }, () => widen(r.u16()))
  return { fields, basis, algorithm, members, ...(dst ? { dst } : {}) }
}

export const HASH_ROWS: Rows<HashAction> = {
  // nx_action_multipath: fields 16 bits, basis 16, padding 16, algorithm 16, links minus one 16, arg 32, padding 16,
  // range 16, field.
  multipath: {
    subtypes: [10],
    write(w, { fields, basis, algorithm, links, arg, dst }) {
      w.u16(10)
        .u16(indexOf(HASH_FIELDS, fields, 'fields'))
        .u16(basis, 'basis')
        .zeros(2)
        .u16(indexOf(MULTIPATH_ALGORITHMS, algorithm, 'algorithm'))
        .u16(links - 1, 'links')
        .u32(arg, 'arg')
        .zeros(2)
      writeDst(w, dst)
    },
    read(r) {
      const fields = HASH_FIELDS[r.u16()]
      const basis = r.u16()
      const algorithm = MULTIPATH_ALGORITHMS[r.skip(2).u16()]
      const [links, arg] = [r.u16() + 1, r.u32()]
      const dst = readBits(r, r.skip(2).u16())
      if (!dst || fields === undefined || algorithm === undefined) return undefined
      return { type: 'multipath', fields, basis, algorithm, links, arg, dst }
    },
  },
  bundle: {
    subtypes: [12],
    write: (w, action) => writeMembers(w.u16(12), action, undefined),
    read(r) {
      const found = readMembers(r, false)
      return found && { type: 'bundle', ...found }
    },
  },
  bundle_load: {
    subtypes: [13],
    write: (w, action) => writeMembers(w.u16(13), action, action.dst),
    read(r) {
      const { dst, ...found } = readMembers(r, true) ?? {}
      return dst && { type: 'bundle_load', ...(found as Members), dst }
    },
  },
}
