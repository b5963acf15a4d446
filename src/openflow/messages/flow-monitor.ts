/**
 * Flow monitors: the switch reports changes of its rules (OpenFlow 1.5.1, 7.3.5.19). OpenFlow 1.3 has ONF's extension
 * (EXT-187): Nicira's for 1.0 (see nicira-flow-monitor.ts) with wider port numbers and with instructions.
 */

import { type Instruction, readInstructions, writeInstructions } from '../actions/instructions.ts'
import type { Match, OxmField } from '../match/match-fields.ts'
import { readNxMatch, writeNxMatch } from '../match/nx-match.ts'
import { readMatch, writeMatch } from '../match/oxm.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_LEN, BAD_MATCH_LEN, errorNamed } from '../wire/error-values.ts'
import { choice, either, type Part, struct, u8, u32 } from '../wire/layout.ts'
import { lacking, OpenFlowError, refusal } from '../wire/openflow-error.ts'
import { V1_3, V1_4, versionName } from '../wire/versions.ts'
import { ALL_TABLES, NONE } from './flow-messages.ts'
import { nxRequest, toldByNicira } from './nicira-flow-monitor.ts'
import { removedReason, wideRemovedReason } from './packet-messages.ts'

/** Bits of the `flags` of a flow monitor (ofp_flow_monitor_flags). */
export const MONITOR_FLAGS = {
  /** First report the rules that exist already. */
  initial: 1,
  add: 2,
  removed: 4,
  modify: 8,
  /** Include instructions. */
  instructions: 16,
  /** Report the changes of this connection in full, too. */
  noAbbrev: 32,
  /** Not before 1.4. */
  onlyOwn: 64,
} as const

const COMMANDS = ['add', 'modify', 'delete'] as const
const BAD_FLAGS = errorNamed('FLOW_MONITOR_FAILED', 'BAD_FLAGS')
const command = choice(u8, COMMANDS, errorNamed('FLOW_MONITOR_FAILED', 'BAD_COMMAND'))

/**
 * The changes of rules to report (OpenFlow 1.5.1, 7.3.5.19). `flags` are bits of `MONITOR_FLAGS`. An omitted property
 * is "any".
 */
export interface MonitorRequest {
  readonly monitor: number
  /** Before 1.4 only `add`; there `flow_monitor_cancel` deletes a monitor. */
  readonly command: (typeof COMMANDS)[number]
  readonly flags: number
  readonly table?: number
  readonly match?: Match
  readonly outPort?: number
  readonly outGroup?: number
  /** Only in 1.3: the match has no header, as os-ken reads EXT-187. Open vSwitch requires the header. */
  readonly isBare?: true
}

const CHANGES = MONITOR_FLAGS.add | MONITOR_FLAGS.removed | MONITOR_FLAGS.modify
const ALL_FLAGS = Object.values(MONITOR_FLAGS).reduce((all, flag) => all | flag, 0)

/**
 * Checks the flags of a monitor that is added or modified. Switches refuse one that reports no change, and unknown flags.
 * @throws OpenFlowError `out-of-range`
 */
export function checkMonitorFlags({ command, flags }: MonitorRequest): void {
  if (command === 'delete' || ((flags & CHANGES) !== 0 && (flags & ~ALL_FLAGS) === 0)) return
  throw refusal('flags', flags, 'bits of MONITOR_FLAGS, at least one of add (2), removed (4) and modify (8)')
}

/** Ends a monitor before OpenFlow 1.4. */
export const monitorCancel = struct({ monitor: u32 })

const request: Part<MonitorRequest> = {
  write(w, request) {
    if (request.isBare) throw lacking(w.version, 'isBare of a flow monitor')
    w.u32(request.monitor, 'monitor')
      .u32(request.outPort ?? NONE, 'outPort')
      .u32(request.outGroup ?? NONE, 'outGroup')
      .u16(request.flags, 'flags')
      .u8(request.table ?? ALL_TABLES, 'table')
    command.write(w, request.command, 'command')
    writeMatch(w, request.match ?? [])
  },
  read: (r) => ({
    monitor: r.u32(),
    outPort: r.u32(),
    outGroup: r.u32(),
    flags: r.u16(),
    table: r.u8(),
    command: command.read(r),
    match: readMatch(r),
  }),
}

/** Writes a match whose length, without padding, is also at an earlier position, as in Open vSwitch. */
function writeMeasured(w: Writer, match: Match, at: number): void {
  const start = w.length
  writeMatch(w, match)
  w.patch16(at, w.peek16(start + 2), 'match')
}

function readMeasured(r: Reader, length: number): OxmField[] {
  const { offset } = r
  if (length !== r.copy().skip(2).u16()) {
    throw new OpenFlowError('malformed', `a match whose own length is not ${length} octets`, {
      offset,
      error: BAD_MATCH_LEN,
    })
  }
  return readMatch(r)
}

const OXM = 1

/** Whether the match has no header. A header begins with type and length. */
function isBare(r: Reader, length: number): boolean {
  const head = r.copy()
  return length === 0 || (r.left >= 4 && (head.u16() !== OXM || head.u16() !== length))
}

/** onf_flow_monitor_request: id 32 bits, flags 16, length of the match 16, port 32, table 8, padding 24, match. */
const onfRequest: Part<MonitorRequest> = {
  write(w, request) {
    w.u32(request.monitor, 'monitor').u16(request.flags, 'flags').u16(0)
    const length = w.length - 2
    w.u32(request.outPort ?? NONE, 'outPort')
      .u8(request.table ?? ALL_TABLES, 'table')
      .zeros(3)
    if (request.isBare) writeNxMatch(w, request.match ?? [], length)
    else writeMeasured(w, request.match ?? [], length)
  },
  read(r) {
    const [monitor, flags, length] = [r.u32(), r.u16(), r.u16()]
    const [outPort, table] = [r.u32(), r.u8()]
    const head = { monitor, outPort, outGroup: NONE, flags, table, command: 'add' } as const
    return isBare(r.skip(3), length)
      ? { ...head, match: readNxMatch(r, length), isBare: true }
      : { ...head, match: readMeasured(r, length) }
  },
}

const olderRequest = either(V1_3, nxRequest, onfRequest)

/** Requests of 1.3 and 1.0. What these versions do not have is refused. */
const checkedRequest: Part<MonitorRequest> = {
  write(w, request, name) {
    if (request.command !== 'add') throw lacking(w.version, `command ${request.command} of a flow monitor`)
    if ((request.outGroup ?? NONE) !== NONE) throw lacking(w.version, 'outGroup of a flow monitor')
    if (request.flags & MONITOR_FLAGS.onlyOwn) throw lacking(w.version, 'flag onlyOwn of a flow monitor')
    if (request.isBare && w.version < V1_3) throw lacking(w.version, 'isBare of a flow monitor')
    olderRequest.write(w, request, name)
  },
  read(r) {
    const { offset, version } = r
    const request = olderRequest.read(r)
    if (!(request.flags & MONITOR_FLAGS.onlyOwn)) return request
    const message = `flag onlyOwn of a flow monitor: ${versionName(version)} has none`
    throw new OpenFlowError('malformed', message, { offset, error: BAD_FLAGS })
  },
}

export const monitorRequest = either(V1_4, checkedRequest, request)

const FULL = ['initial', 'added', 'removed', 'modified'] as const

/** A rule that existed already, was added, was removed or was modified. */
export interface FullUpdate {
  /** Before 1.4 a rule that existed already is `added`. */
  readonly event: (typeof FULL)[number]
  readonly table: number
  /** Why the rule was removed. Without meaning for other events. */
  readonly reason: ReturnType<(typeof removedReason)['read']>
  readonly idleTimeout: number
  readonly hardTimeout: number
  readonly priority: number
  readonly cookie: bigint
  readonly match: Match
  readonly instructions: readonly Instruction[]
}

/**
 * An update of a flow monitor: a rule in full, `abbrev` for a change by this session with its xid, or a pause and its
 * end.
 */
export type FlowUpdate =
  | FullUpdate
  /** The message of this connection with that xid changed rules. */
  | { readonly event: 'abbrev'; readonly xid: number }
  /**
   * The switch cannot keep up and omits changes until `resumed`. Before 1.4 these are messages; a session converts them
   * to events.
   */
  | { readonly event: 'paused' }
  | { readonly event: 'resumed' }

const EVENTS = [...FULL, 'abbrev', 'paused', 'resumed'] as const
/** The events before 1.4, in the order of their numbers. */
const ONF_EVENTS = ['added', 'removed', 'modified', 'abbrev'] as const
const eventsIn = (version: number): ReadonlyArray<FlowUpdate['event']> => (version < V1_4 ? ONF_EVENTS : EVENTS)

export const flowUpdate: Part<FlowUpdate> = {
  write(w, update) {
    const start = w.length
    const event = eventsIn(w.version).indexOf(update.event)
    if (event < 0) throw lacking(w.version, `flow update ${update.event}`)
    w.u16(0).u16(event)
    if (update.event === 'abbrev') w.u32(update.xid, 'xid')
    else if (update.event === 'paused' || update.event === 'resumed') w.zeros(4)
    else full.write(w, update, update.event)
    w.patch16(start, w.length - start, 'flow update')
  },
  read(r) {
    const { offset } = r
    const length = r.u16()
    const event = eventsIn(r.version)[r.u16()]
    if (length < 8 || event === undefined) {
      throw new OpenFlowError('malformed', `a flow update of ${length} octets`, { offset, error: BAD_LEN })
    }
    const body = r.part(length - 4)
    const isShort = event === 'abbrev' || event === 'paused' || event === 'resumed'
    if (isShort && length !== 8) {
      throw new OpenFlowError('malformed', `a flow update ${event} of ${length} octets`, { offset, error: BAD_LEN })
    }
    if (event === 'abbrev') return { event, xid: body.u32() }
    if (event === 'paused' || event === 'resumed') return { event }
    return { event, ...full.read(body) }
  },
}

type Told = Omit<FullUpdate, 'event'>

const toldNow: Part<Told> = {
  write(w, update) {
    w.u8(update.table, 'table')
    removedReason.write(w, update.reason, 'reason')
    w.u16(update.idleTimeout, 'idleTimeout')
      .u16(update.hardTimeout, 'hardTimeout')
      .u16(update.priority, 'priority')
      .zeros(4)
      .u64(update.cookie, 'cookie')
    writeMatch(w, update.match)
    writeInstructions(w, update.instructions)
  },
  read: (r) => ({
    table: r.u8(),
    reason: removedReason.read(r),
    idleTimeout: r.u16(),
    hardTimeout: r.u16(),
    priority: r.u16(),
    cookie: r.skip(4).u64(),
    match: readMatch(r),
    instructions: readInstructions(r),
  }),
}

/**
 * onf_flow_update_full: reason 16 bits, priority 16, timeouts 16 and 16, length of the match 16, table 8, padding 8,
 * cookie 64, match, instructions.
 */
const toldByOnf: Part<Told> = {
  write(w, update) {
    wideRemovedReason.write(w, update.reason, 'reason')
    w.u16(update.priority, 'priority')
      .u16(update.idleTimeout, 'idleTimeout')
      .u16(update.hardTimeout, 'hardTimeout')
      .u16(0)
    const length = w.length - 2
    w.u8(update.table, 'table').u8(0).u64(update.cookie, 'cookie')
    writeMeasured(w, update.match, length)
    writeInstructions(w, update.instructions)
  },
  read(r) {
    const reason = wideRemovedReason.read(r)
    const [priority, idleTimeout, hardTimeout, length] = [r.u16(), r.u16(), r.u16(), r.u16()]
    const [table, cookie] = [r.u8(), r.skip(1).u64()]
    const match = readMeasured(r, length)
    return { table, reason, idleTimeout, hardTimeout, priority, cookie, match, instructions: readInstructions(r) }
  },
}

const full = either(V1_3, toldByNicira, either(V1_4, toldByOnf, toldNow))
