/** Flow monitors: the switch tells of changes of its rules (OpenFlow 1.5.1, 7.3.5.19; multipart type 16). */
import type { Reader, Writer } from './cursor.ts'
import { BAD_LEN, errorNamed, OpenFlowError } from './errors.ts'
import type { Match } from './fields.ts'
import { ALL_TABLES, NONE } from './flow.ts'
import { type Instruction, readInstructions, writeInstructions } from './instructions.ts'
import { choice, type Part, u8 } from './layout.ts'
import { readMatch, writeMatch } from './oxm.ts'
import { removedReason } from './packets.ts'

/** ofp_flow_monitor_flags. */
export const MONITOR_FLAGS = {
  /** First tell of the rules that are there. */
  initial: 1,
  add: 2,
  removed: 4,
  modify: 8,
  /** With instructions. */
  instructions: 16,
  /** Changes of this connection in full too. */
  noAbbrev: 32,
  onlyOwn: 64,
} as const

const COMMANDS = ['add', 'modify', 'delete'] as const
const command = choice(u8, COMMANDS, errorNamed('FLOW_MONITOR_FAILED', 'BAD_COMMAND'))

export interface MonitorRequest {
  readonly monitor: number
  readonly command: (typeof COMMANDS)[number]
  readonly flags: number
  readonly table?: number
  readonly match?: Match
  readonly outPort?: number
  readonly outGroup?: number
}

export const monitorRequest: Part<MonitorRequest> = {
  write(w, request) {
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

const FULL = ['initial', 'added', 'removed', 'modified'] as const

/** A rule that was there at first, came, went or changed. */
export interface FullUpdate {
  readonly event: (typeof FULL)[number]
  readonly table: number
  /** Why it was removed; of no meaning else. */
  readonly reason: ReturnType<(typeof removedReason)['read']>
  readonly idleTimeout: number
  readonly hardTimeout: number
  readonly priority: number
  readonly cookie: bigint
  readonly match: Match
  readonly instructions: readonly Instruction[]
}

export type FlowUpdate =
  | FullUpdate
  /** This connection's message with that xid changed rules. */
  | { readonly event: 'abbrev'; readonly xid: number }
  /** The switch cannot keep up and leaves out changes until `resumed`. */
  | { readonly event: 'paused' }
  | { readonly event: 'resumed' }

const EVENTS = [...FULL, 'abbrev', 'paused', 'resumed'] as const

export const flowUpdate: Part<FlowUpdate> = {
  write(w, update) {
    const start = w.length
    w.u16(0).u16(EVENTS.indexOf(update.event), 'event')
    if (update.event === 'abbrev') w.u32(update.xid, 'xid')
    else if (update.event === 'paused' || update.event === 'resumed') w.zeros(4)
    else writeFull(w, update)
    w.patch16(start, w.length - start, 'flow update')
  },
  read(r) {
    const { offset } = r
    const length = r.u16()
    const event = EVENTS[r.u16()]
    if (length < 8 || event === undefined) {
      throw new OpenFlowError('malformed', `a flow update of ${length} octets`, { offset, error: BAD_LEN })
    }
    const body = r.part(length - 4)
    if (event === 'abbrev') return { event, xid: body.u32() }
    if (event === 'paused' || event === 'resumed') return { event }
    return readFull(body, event)
  },
}

function writeFull(w: Writer, update: FullUpdate): void {
  w.u8(update.table, 'table')
  removedReason.write(w, update.reason, 'reason')
  w.u16(update.idleTimeout, 'idleTimeout')
    .u16(update.hardTimeout, 'hardTimeout')
    .u16(update.priority, 'priority')
    .zeros(4)
    .u64(update.cookie, 'cookie')
  writeMatch(w, update.match)
  writeInstructions(w, update.instructions)
}

const readFull = (r: Reader, event: FullUpdate['event']): FullUpdate => ({
  event,
  table: r.u8(),
  reason: removedReason.read(r),
  idleTimeout: r.u16(),
  hardTimeout: r.u16(),
  priority: r.u16(),
  cookie: r.skip(4).u64(),
  match: readMatch(r),
  instructions: readInstructions(r),
})
