/** Requests for flows, and their replies (OpenFlow 1.5.1, 7.3.5.2). */

import type { Match } from '../match/match-fields.ts'
import { readMatch, writeMatch } from '../match/oxm.ts'
import { errorNamed } from '../wire/error-values.ts'
import { type FlowStats, fixedCounts, readStats, writeStats } from '../wire/flow-stats.ts'
import { choice, either, list, type Part, pad, sized, struct, u8, u16, type Values } from '../wire/layout.ts'
import { lacking } from '../wire/openflow-error.ts'
import { V1_5 } from '../wire/versions.ts'
import { ALL_TABLES, type FlowEntry, NONE, readFlowEntry, writeFlowEntry } from './flow-messages.ts'

/** The flows to report. An omitted property is "any". */
export interface FlowRequest {
  readonly table?: number
  readonly outPort?: number
  readonly outGroup?: number
  readonly cookie?: bigint
  readonly cookieMask?: bigint
  readonly match?: Match
}

/** ofp_flow_stats_request. */
export const flowRequest: Part<FlowRequest> = {
  write(w, request) {
    w.u8(request.table ?? ALL_TABLES, 'table')
      .zeros(3)
      .u32(request.outPort ?? NONE, 'outPort')
      .u32(request.outGroup ?? NONE, 'outGroup')
      .zeros(4)
      .u64(request.cookie ?? 0n, 'cookie')
      .u64(request.cookieMask ?? 0n, 'cookieMask')
    writeMatch(w, request.match ?? [])
  },
  read: (r) => ({
    table: r.u8(),
    outPort: r.skip(3).u32(),
    outGroup: r.u32(),
    cookie: r.skip(4).u64(),
    cookieMask: r.u64(),
    match: readMatch(r),
  }),
}

const flowEntry: Part<FlowEntry> = { write: writeFlowEntry, read: readFlowEntry }
export const flowEntries = list(flowEntry)

/** OpenFlow 1.5.1, 7.3.5.4: packets, octets and flows in total. Before 1.5 they are in fixed fields. */
const aggregateFixed: Part<FlowStats> = {
  write(w, { duration, idle, others, flows = 0, ...counts }) {
    if (duration ?? idle ?? others?.length) throw lacking(w.version, 'duration and idle in aggregate statistics')
    fixedCounts.write(w, counts, 'stats')
    w.u32(flows, 'flows').zeros(4)
  },
  read(r) {
    const stats = { ...fixedCounts.read(r), flows: r.u32() }
    r.skip(4)
    return stats
  },
}
const oxs: Part<FlowStats> = { write: writeStats, read: readStats }
export const aggregateStats = either(V1_5, aggregateFixed, oxs)

const match: Part<Match> = { write: writeMatch, read: readMatch }

const COUNTS = {
  length: pad(2),
  pad: pad(2),
  table: u8,
  reason: choice(u8, ['stats_request', 'stat_trigger'] as const, errorNamed('BAD_PROPERTY', 'BAD_VALUE')),
  priority: u16,
  match,
  stats: oxs,
}
/** Statistics of a rule (ofp_flow_stats, 7.3.5.3). */
export type FlowCounts = Values<typeof COUNTS>
export const flowCounts = list(sized(struct(COUNTS), 16))
