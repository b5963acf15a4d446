/** A flow (a rule as data), and the flow_mod message that adds, changes or deletes it (OpenFlow 1.5.1, 7.3.4.2). */

import { wrongInstructions } from '../actions/check-rule.ts'
import { type Instruction, readInstructions, writeInstructions } from '../actions/instructions.ts'
import { refuse, wrongMatch } from '../match/check-match.ts'
import type { Match } from '../match/match-fields.ts'
import { readMatch, writeMatch } from '../match/oxm.ts'
import type { Reader, Writer } from '../wire/cursor.ts'
import { BAD_COMMAND, BAD_LEN } from '../wire/error-values.ts'
import { type FlowStats, fixedCounts, fixedStats, readStats, writeDuration, writeStats } from '../wire/flow-stats.ts'
import { lacking, OpenFlowError, refusal } from '../wire/openflow-error.ts'
import { V1_4, V1_5 } from '../wire/versions.ts'

/**
 * A flow: a rule of the switch. It is identified by table (0 to 254), priority (0 to 65535, the highest first) and
 * match.
 */
export interface Flow {
  readonly table: number
  readonly priority: number
  readonly cookie: bigint
  readonly match: Match
  readonly instructions: readonly Instruction[]
  /** Seconds without a packet after which the rule is removed. 0 or absent: never. */
  readonly idleTimeout?: number
  /** Seconds after which the rule is removed. 0 or absent: never. */
  readonly hardTimeout?: number
  /** The rules of least importance are evicted first when a table is full. */
  readonly importance?: number
  /** Bits of `FLOW_FLAGS`. */
  readonly flags?: number
}

/** A flow as the switch reports it. */
export interface FlowEntry extends Flow {
  readonly stats: FlowStats
}

/** Bits of the `flags` of a flow (ofp_flow_mod_flags, OpenFlow 1.5.1, 7.3.4.2). */
export const FLOW_FLAGS = {
  sendFlowRem: 1,
  checkOverlap: 2,
  resetCounts: 4,
  noPacketCounts: 8,
  noByteCounts: 16,
} as const

const COMMANDS = ['add', 'modify', 'modify_strict', 'delete', 'delete_strict'] as const
/**
 * What a `flow_mod` does. The strict commands apply to the rule with exactly that priority and match, the others to all
 * rules within the match.
 */
export type FlowModCommand = (typeof COMMANDS)[number]

/** An omitted property is 0, or "any". */
export interface FlowModBody {
  readonly command: FlowModCommand
  readonly table: number
  readonly priority: number
  readonly match: Match
  readonly cookie?: bigint
  /** The bits of the cookie that a rule must have to be modified or deleted. */
  readonly cookieMask?: bigint
  readonly instructions?: readonly Instruction[]
  readonly idleTimeout?: number
  readonly hardTimeout?: number
  readonly bufferId?: number
  /** Delete only rules with an output to this port or group. */
  readonly outPort?: number
  readonly outGroup?: number
  readonly flags?: number
  readonly importance?: number
  /**
   * Set if the message came in a form that `checkRule` refuses, as a switch does, for example without a prerequisite.
   * It is sent in that form again, unchecked.
   */
  readonly unchecked?: true
}

/** No buffer, any port, any group. */
export const NONE = 0xffffffff
/** In a deletion or a dump: all tables. */
export const ALL_TABLES = 0xff

export function writeFlowMod(w: Writer, mod: FlowModBody): void {
  w.u64(mod.cookie ?? 0n, 'cookie')
    .u64(mod.cookieMask ?? 0n, 'cookieMask')
    .u8(mod.table, 'table')
    .u8(commandOf(mod.command))
    .u16(mod.idleTimeout ?? 0, 'idleTimeout')
    .u16(mod.hardTimeout ?? 0, 'hardTimeout')
    .u16(mod.priority, 'priority')
    .u32(mod.bufferId ?? NONE, 'bufferId')
    .u32(mod.outPort ?? NONE, 'outPort')
    .u32(mod.outGroup ?? NONE, 'outGroup')
    .u16(mod.flags ?? 0, 'flags')
  writeImportance(w, mod.importance)
  writeMatch(w, mod.match)
  if (!mod.unchecked) refuse(wrongMatch(mod.match))
  if (mod.instructions) writeInstructions(w, mod.instructions, !mod.unchecked)
}

function commandOf(command: FlowModCommand): number {
  const number = COMMANDS.indexOf(command)
  if (number < 0) throw refusal('command', command, COMMANDS.join(', '))
  return number
}

const readImportance = (r: Reader): number => {
  const importance = r.u16()
  return r.version < V1_4 ? 0 : importance
}

export function readFlowMod(r: Reader): FlowModBody {
  const cookie = r.u64()
  const cookieMask = r.u64()
  const table = r.u8()
  const { offset } = r
  const command = COMMANDS[r.u8()]
  if (!command)
    throw new OpenFlowError('malformed', 'a flow_mod with an unknown command', { offset, error: BAD_COMMAND })
  const mod = {
    command,
    table,
    cookie,
    cookieMask,
    idleTimeout: r.u16(),
    hardTimeout: r.u16(),
    priority: r.u16(),
    bufferId: r.u32(),
    outPort: r.u32(),
    outGroup: r.u32(),
    flags: r.u16(),
    importance: readImportance(r),
    match: readMatch(r),
    instructions: readInstructions(r),
  }
  const isWrong = wrongMatch(mod.match) ?? wrongInstructions(mod.instructions)
  return isWrong ? { ...mod, unchecked: true } : mod
}

/** In 1.3 this is padding, and importance reads as 0. */
function writeImportance(w: Writer, importance = 0): void {
  if (importance !== 0 && w.version < V1_4) throw lacking(w.version, 'importance')
  w.u16(importance, 'importance')
}

/** An entry of a flow description (ofp_flow_desc, 7.3.5.2; ofp_flow_stats in 1.3.5 and 1.4.1, 7.3.5.2). */
export function writeFlowEntry(w: Writer, flow: FlowEntry): void {
  const start = w.length
  const isFixed = w.version < V1_5
  w.u16(0)
  if (!isFixed) w.u16(0)
  w.u8(flow.table, 'table').u8(0)
  if (isFixed) writeDuration(w, flow.stats)
  w.u16(flow.priority, 'priority')
    .u16(flow.idleTimeout ?? 0, 'idleTimeout')
    .u16(flow.hardTimeout ?? 0, 'hardTimeout')
    .u16(flow.flags ?? 0, 'flags')
  writeImportance(w, flow.importance)
  if (isFixed) w.zeros(2)
  w.u64(flow.cookie, 'cookie')
  if (isFixed) fixedCounts.write(w, flow.stats, 'stats')
  writeMatch(w, flow.match)
  if (!isFixed) writeStats(w, flow.stats)
  writeInstructions(w, flow.instructions)
  w.patch16(start, w.length - start, 'flow entry')
}

export function readFlowEntry(r: Reader): FlowEntry {
  const offset = r.offset
  const length = r.u16()
  if (length < 32) throw new OpenFlowError('malformed', `a flow entry of ${length} octets`, { offset, error: BAD_LEN })
  if (r.version < V1_5) return readFixedEntry(r.part(length - 2))
  const body = r.part(length - 2).skip(2)
  return {
    table: body.u8(),
    priority: body.skip(1).u16(),
    idleTimeout: body.u16(),
    hardTimeout: body.u16(),
    flags: body.u16(),
    importance: body.u16(),
    cookie: body.u64(),
    match: readMatch(body),
    stats: readStats(body),
    instructions: readInstructions(body),
  }
}

function readFixedEntry(body: Reader): FlowEntry {
  const table = body.u8()
  const duration = { seconds: body.skip(1).u32(), nanoseconds: body.u32() }
  return {
    table,
    priority: body.u16(),
    idleTimeout: body.u16(),
    hardTimeout: body.u16(),
    flags: body.u16(),
    importance: readImportance(body),
    cookie: body.skip(2).u64(),
    stats: fixedStats(duration, fixedCounts.read(body)),
    match: readMatch(body),
    instructions: readInstructions(body),
  }
}
