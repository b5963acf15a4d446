/** Rules made from packets (ovs-actions(7), "The learn action"): nx_action_learn and nx_action_learn2. */

import { readSubfield, type Subfield, writeSubfield } from '../match/subfield.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { flag, given, type Row, type Rows } from './nicira-row.ts'

/** One part of the new rule, taken from bits of a field of the packet or from a constant. */
export type LearnSpec =
  | { readonly to: 'match' | 'load'; readonly bits: number; readonly from: Subfield | bigint; readonly dst: Subfield }
  | { readonly to: 'output'; readonly bits: number; readonly from: Subfield }

/**
 * Makes a rule from the packet (ovs-actions(7), "The learn action"). Timeouts are in seconds. An omitted timeout is
 * none.
 */
export interface LearnAction {
  readonly type: 'learn'
  /** Table of the new rule. */
  readonly table: number
  readonly priority: number
  readonly cookie: bigint
  readonly idleTimeout?: number
  readonly hardTimeout?: number
  /** Idle timeout in seconds after the end of a TCP connection. */
  readonly finIdleTimeout?: number
  readonly finHardTimeout?: number
  readonly sendFlowRem?: true
  /** Removes the learned rules together with the rule that has this action. */
  readonly deleteLearned?: true
  /** The maximum number of learned rules; 0 is no limit. With `limit` or `result` the action is sent as a learn2. */
  readonly limit?: number
  /** The bit that records whether the rule was made. */
  readonly result?: Subfield
  readonly specs: readonly LearnSpec[]
}

const [LEARN, LEARN2] = [16, 45]
const [SEND_FLOW_REM, DELETE_LEARNED, WRITE_RESULT] = [1, 2, 4]

/**
 * nx_action_learn: idle_timeout 16 bits, hard_timeout 16, priority 16, cookie 64, flags 16, table 8, padding 8,
 * fin_idle 16, fin_hard 16. learn2 adds limit 32, result_offset 16, padding 16, and the field of the result if its flag
 * is set. Then the specs.
 */
const learn: Row<LearnAction> = {
  subtypes: [LEARN, LEARN2],
  write(w, action) {
    const { limit, result, sendFlowRem, deleteLearned } = action
    const long = limit !== undefined || result !== undefined
    w.u16(long ? LEARN2 : LEARN)
      .u16(action.idleTimeout ?? 0, 'idleTimeout')
      .u16(action.hardTimeout ?? 0, 'hardTimeout')
      .u16(action.priority, 'priority')
      .u64(action.cookie, 'cookie')
      .u16((sendFlowRem ? SEND_FLOW_REM : 0) | (deleteLearned ? DELETE_LEARNED : 0) | (result ? WRITE_RESULT : 0))
      .u8(action.table, 'table')
      .zeros(1)
      .u16(action.finIdleTimeout ?? 0, 'finIdleTimeout')
      .u16(action.finHardTimeout ?? 0, 'finHardTimeout')
    if (long)
      w.u32(limit ?? 0, 'limit')
        .u16(result?.offset ?? 0, 'offset')
        .zeros(2)
    if (result) writeSubfield(w, result, 1, 'nicira')
    for (const spec of action.specs) writeSpec(w, spec)
  },
  read(r, subtype) {
    const [idleTimeout, hardTimeout, priority] = [r.u16(), r.u16(), r.u16()]
    const cookie = r.u64()
    const flags = r.u16()
    const table = r.u8()
    const [finIdleTimeout, finHardTimeout] = [r.skip(1).u16(), r.u16()]
    const limit = subtype === LEARN2 ? r.u32() : undefined
    const offset = subtype === LEARN2 ? r.u16() : 0
    const hasResult = (flags & WRITE_RESULT) !== 0
    if (flags > (subtype === LEARN2 ? 7 : 3) || (!hasResult && offset !== 0)) return undefined
    const result = subtype === LEARN2 && hasResult ? readSubfield(r.skip(2), offset, 1, 'nicira') : undefined
    if (hasResult && !result) return undefined
    const specs = readSpecs(subtype === LEARN2 && !hasResult ? r.skip(2) : r)
    if (!specs) return undefined
    return {
      type: 'learn',
      table,
      priority,
      cookie,
      ...given('idleTimeout', idleTimeout || undefined),
      ...given('hardTimeout', hardTimeout || undefined),
      ...given('finIdleTimeout', finIdleTimeout || undefined),
      ...given('finHardTimeout', finHardTimeout || undefined),
      ...flag('sendFlowRem', flags & SEND_FLOW_REM),
      ...flag('deleteLearned', flags & DELETE_LEARNED),
      ...given('limit', limit),
      ...given('result', result),
      specs,
    }
  },
}

/** The header of a spec, 16 bits: 2 zeros, source 1 bit (1 is a constant), destination 2, number of bits 11. */
const [FROM_NUMBER, TO_MATCH, TO_LOAD, TO_OUTPUT] = [0x2000, 0x0000, 0x0800, 0x1000]
const HEADS = { match: TO_MATCH, load: TO_LOAD, output: TO_OUTPUT } as const
const MAX_SPEC_BITS = 0x7ff

/** A constant has as many octets as its bits need, rounded up to an even number. */
const octetsFor = (bits: number): number => 2 * Math.ceil(bits / 16)

function writeSpec(w: Writer, spec: LearnSpec): void {
  const { to, bits, from } = spec
  if (!(bits >= 1 && bits <= MAX_SPEC_BITS)) throw new OpenFlowError('out-of-range', `a spec of ${bits} bits`)
  w.u16(HEADS[to] | (typeof from === 'bigint' ? FROM_NUMBER : 0) | bits)
  if (typeof from === 'bigint') writeNumber(w, from, bits)
  else place(w, from, bits)
  if (spec.to !== 'output') place(w, spec.dst, bits)
}

function writeNumber(w: Writer, value: bigint, bits: number): void {
  if (value >> BigInt(bits) !== 0n) throw new OpenFlowError('out-of-range', `${value} does not fit into ${bits} bits`)
  w.bytes(Buffer.from(value.toString(16).padStart(octetsFor(bits) * 2, '0'), 'hex'))
}

/** Writes a field, then its offset in 16 bits. */
function place(w: Writer, subfield: Subfield, bits: number): void {
  writeSubfield(w, subfield, bits, 'nicira')
  w.u16(subfield.offset, 'offset')
}

/**
 * Reads specs up to the end, or up to a header of zeros.
 * @returns undefined if one is not understood
 */
function readSpecs(r: Reader): LearnSpec[] | undefined {
  const specs: LearnSpec[] = []
  while (r.left >= 2) {
    const head = r.u16()
    if (head === 0) return specs
    const spec = readSpec(r, head)
    if (!spec) return undefined
    specs.push(spec)
  }
  return specs
}

function readSpec(r: Reader, head: number): LearnSpec | undefined {
  const bits = head & MAX_SPEC_BITS
  const to = head & 0x1800
  const isNumber = (head & FROM_NUMBER) !== 0
  if (head > 0x3fff || bits === 0) return undefined
  const from = isNumber ? readNumber(r, bits) : readPlace(r, bits)
  if (from === undefined) return undefined
  if (to === TO_OUTPUT) return typeof from === 'bigint' ? undefined : { to: 'output', bits, from }
  if (to !== TO_MATCH && to !== TO_LOAD) return undefined
  const dst = readPlace(r, bits)
  return dst && { to: to === TO_MATCH ? 'match' : 'load', bits, from, dst }
}

/**
 * Reads a constant.
 * @returns undefined if it has more bits than the spec says
 */
function readNumber(r: Reader, bits: number): bigint | undefined {
  const value = BigInt(`0x${Buffer.from(r.bytes(octetsFor(bits))).toString('hex')}`)
  return value >> BigInt(bits) === 0n ? value : undefined
}

/** Reads a field and its offset. The offset comes after the field, so it is read first. */
function readPlace(r: Reader, bits: number): Subfield | undefined {
  const ahead = r.copy()
  const isLong = ahead.u16() === 0xffff
  const offset = ahead.skip(isLong ? 6 : 2).u16()
  const place = readSubfield(r, offset, bits, 'nicira')
  if (place) r.skip(2)
  return place
}

export const LEARN_ROWS: Rows<LearnAction> = { learn }
