/** Packets to and from the controller (OpenFlow 1.5.1, 7.3.6 and 7.4.1), and removed rules (7.4.2). */
import { type Action, readActions, writeActions } from '../actions/actions.ts'
import type { Match } from '../match/match-fields.ts'
import { readMatch, writeMatch } from '../match/oxm.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_LEN, errorNamed } from '../wire/error-values.ts'
import { type FlowStats, fixedCounts, fixedStats, readStats, writeDuration, writeStats } from '../wire/flow-stats.ts'
import { choice, either, type Part, u8, u16 } from '../wire/layout.ts'
import { checkList, lacking, OpenFlowError } from '../wire/openflow-error.ts'
import { V1_3, V1_5 } from '../wire/versions.ts'
import { NONE } from './flow-messages.ts'

const BAD_VALUE = errorNamed('BAD_PROPERTY', 'BAD_VALUE')

const REASONS = ['table_miss', 'apply_action', 'invalid_ttl', 'action_set', 'group', 'packet_out'] as const
export type PacketInReason = (typeof REASONS)[number]
/** Why the switch sends a packet. OpenFlow 1.3 has the first three, and calls the first two no_match and action. */
export const packetInReason = choice(u8, REASONS, BAD_VALUE, { [V1_3]: 3 })

/** A packet that the switch sends to the controller (OpenFlow 1.5.1, 7.4.1). `data` is an Ethernet frame. */
export interface PacketIn {
  readonly bufferId: number
  /** Length of the whole packet. `data` may be only its beginning. */
  readonly totalLength: number
  readonly reason: PacketInReason
  readonly table: number
  /** The cookie of the rule that sent it. */
  readonly cookie: bigint
  /** The pipeline fields of the packet: `in_port`, `metadata`, registers, tunnel key, … */
  readonly match: Match
  readonly data: Uint8Array
}

export const packetIn: Part<PacketIn> = {
  write(w, packet) {
    w.u32(packet.bufferId, 'bufferId').u16(packet.totalLength, 'totalLength')
    packetInReason.write(w, packet.reason, 'reason')
    w.u8(packet.table, 'table').u64(packet.cookie, 'cookie')
    writeMatch(w, packet.match)
    w.zeros(2).bytes(packet.data, 'data')
  },
  read: (r) => ({
    bufferId: r.u32(),
    totalLength: r.u16(),
    reason: packetInReason.read(r),
    table: r.u8(),
    cookie: r.u64(),
    match: readMatch(r),
    data: r.skip(2).rest(),
  }),
}

/** A packet that the controller sends through the switch (OpenFlow 1.5.1, 7.3.6). `data` is an Ethernet frame. */
export interface PacketOut {
  readonly bufferId?: number
  /** At least `in_port`: the pipeline fields for `resubmit` and the actions. Before 1.5 only `in_port`. */
  readonly match: Match
  readonly actions: readonly Action[]
  readonly data: Uint8Array
}

/** Before 1.5 (1.4.1, 7.3.7): the port, then the length of the actions. */
function writeInPort(w: Writer, match: Match): void {
  checkList('match', match)
  const [port, other] = match
  if (other) throw lacking(w.version, `${other.field} beside in_port in a packet_out`)
  if (port?.field !== 'in_port' || port.mask !== undefined)
    throw new OpenFlowError('out-of-range', 'the match of a packet_out must be an in_port without a mask')
  w.u32(port.value, 'in_port')
}

export const packetOut: Part<PacketOut> = {
  write(w, packet) {
    w.u32(packet.bufferId ?? NONE, 'bufferId')
    const isFixed = w.version < V1_5
    if (isFixed) writeInPort(w, packet.match)
    const length = w.length
    w.u16(0).zeros(isFixed ? 6 : 2)
    if (!isFixed) writeMatch(w, packet.match)
    const actions = w.length
    writeActions(w, packet.actions)
    w.patch16(length, w.length - actions, 'actions')
    w.bytes(packet.data, 'data')
  },
  read(r) {
    const bufferId = r.u32()
    const isFixed = r.version < V1_5
    const inPort = isFixed ? [{ field: 'in_port', value: r.u32() } as const] : undefined
    const { offset } = r
    const length = r.u16()
    r.skip(isFixed ? 6 : 2)
    const match = inPort ?? readMatch(r)
    if (length > r.left) throw new OpenFlowError('malformed', `${length} octets of actions`, { offset, error: BAD_LEN })
    return { bufferId, match, actions: readActions(r.part(length)), data: r.rest() }
  },
}

const REMOVED = ['idle_timeout', 'hard_timeout', 'delete', 'group_delete', 'meter_delete', 'eviction'] as const
/** Why a rule was removed. The last two reasons came with 1.4. */
export const removedReason = choice(u8, REMOVED, BAD_VALUE, { [V1_3]: 4 })
/** The same in 16 bits. */
export const wideRemovedReason = choice(u16, REMOVED, BAD_VALUE, { [V1_3]: 4 })

/**
 * A removed rule, and why it was removed (OpenFlow 1.5.1, 7.4.2). The switch reports rules with the flag `sendFlowRem`.
 * Timeouts are in seconds.
 */
export interface FlowRemoved {
  readonly table: number
  readonly reason: (typeof REMOVED)[number]
  readonly priority: number
  readonly idleTimeout: number
  readonly hardTimeout: number
  readonly cookie: bigint
  readonly match: Match
  readonly stats: FlowStats
}

const removedFlow: Part<FlowRemoved> = {
  write(w, flow) {
    w.u8(flow.table, 'table')
    removedReason.write(w, flow.reason, 'reason')
    w.u16(flow.priority, 'priority')
      .u16(flow.idleTimeout, 'idleTimeout')
      .u16(flow.hardTimeout, 'hardTimeout')
      .u64(flow.cookie, 'cookie')
    writeMatch(w, flow.match)
    writeStats(w, flow.stats)
  },
  read: (r) => ({
    table: r.u8(),
    reason: removedReason.read(r),
    priority: r.u16(),
    idleTimeout: r.u16(),
    hardTimeout: r.u16(),
    cookie: r.u64(),
    match: readMatch(r),
    stats: readStats(r),
  }),
}

/** 1.3.5 and 1.4.1, 7.4.2: the same in another order, with statistics in fixed fields. */
const removedFlowFixed: Part<FlowRemoved> = {
  write(w, flow) {
    w.u64(flow.cookie, 'cookie').u16(flow.priority, 'priority')
    removedReason.write(w, flow.reason, 'reason')
    w.u8(flow.table, 'table')
    writeDuration(w, flow.stats)
    w.u16(flow.idleTimeout, 'idleTimeout').u16(flow.hardTimeout, 'hardTimeout')
    fixedCounts.write(w, flow.stats, 'stats')
    writeMatch(w, flow.match)
  },
  read(r: Reader) {
    const flow = { cookie: r.u64(), priority: r.u16(), reason: removedReason.read(r), table: r.u8() }
    const duration = { seconds: r.u32(), nanoseconds: r.u32() }
    const timeouts = { idleTimeout: r.u16(), hardTimeout: r.u16() }
    const stats = fixedStats(duration, fixedCounts.read(r))
    return { ...flow, ...timeouts, stats, match: readMatch(r) }
  },
}

export const flowRemoved = either(V1_5, removedFlowFixed, removedFlow)
