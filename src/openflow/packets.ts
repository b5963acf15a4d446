/** Packets that go to the controller and come from it (OpenFlow 1.5.1, 7.3.6 and 7.4.1), and rules that have gone (7.4.2). */
import { type Action, readActions, writeActions } from './actions.ts'
import { BAD_LEN, errorNamed, OpenFlowError } from './errors.ts'
import type { Match } from './fields.ts'
import { NONE } from './flow.ts'
import { choice, type Part, u8 } from './layout.ts'
import { readMatch, writeMatch } from './oxm.ts'
import { type FlowStats, readStats, writeStats } from './stats.ts'

const BAD_VALUE = errorNamed('BAD_PROPERTY', 'BAD_VALUE')

const REASONS = ['table_miss', 'apply_action', 'invalid_ttl', 'action_set', 'group', 'packet_out'] as const
const reason = choice(u8, REASONS, BAD_VALUE)

export interface PacketIn {
  readonly bufferId: number
  /** Length of the whole packet, of which `data` may be the beginning. */
  readonly totalLength: number
  readonly reason: (typeof REASONS)[number]
  readonly table: number
  /** Of the rule that sent it. */
  readonly cookie: bigint
  /** What the pipeline knew of the packet: `in_port`, `metadata`, registers, tunnel key, … */
  readonly match: Match
  readonly data: Uint8Array
}

export const packetIn: Part<PacketIn> = {
  write(w, packet) {
    w.u32(packet.bufferId, 'bufferId').u16(packet.totalLength, 'totalLength')
    reason.write(w, packet.reason, 'reason')
    w.u8(packet.table, 'table').u64(packet.cookie, 'cookie')
    writeMatch(w, packet.match)
    w.zeros(2).bytes(packet.data)
  },
  read: (r) => ({
    bufferId: r.u32(),
    totalLength: r.u16(),
    reason: reason.read(r),
    table: r.u8(),
    cookie: r.u64(),
    match: readMatch(r),
    data: r.skip(2).rest(),
  }),
}

export interface PacketOut {
  readonly bufferId?: number
  /** `in_port` at least; what `resubmit` and the actions see. */
  readonly match: Match
  readonly actions: readonly Action[]
  readonly data: Uint8Array
}

export const packetOut: Part<PacketOut> = {
  write(w, packet) {
    const start = w.length
    w.u32(packet.bufferId ?? NONE, 'bufferId').zeros(4)
    writeMatch(w, packet.match)
    const actions = w.length
    writeActions(w, packet.actions)
    w.patch16(start + 4, w.length - actions, 'actions')
    w.bytes(packet.data)
  },
  read(r) {
    const bufferId = r.u32()
    const { offset } = r
    const length = r.u16()
    const match = readMatch(r.skip(2))
    if (length > r.left) throw new OpenFlowError('malformed', `${length} octets of actions`, { offset, error: BAD_LEN })
    return { bufferId, match, actions: readActions(r.part(length)), data: r.rest() }
  },
}

const REMOVED = ['idle_timeout', 'hard_timeout', 'delete', 'group_delete', 'meter_delete', 'eviction'] as const
/** Why a rule has gone. */
export const removedReason = choice(u8, REMOVED, BAD_VALUE)

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

export const flowRemoved: Part<FlowRemoved> = {
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
