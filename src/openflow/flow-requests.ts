/** Which flows to tell of, and the flows (OpenFlow 1.5.1, 7.3.5.2). */
import type { Match } from './fields.ts'
import { ALL_TABLES, type FlowEntry, NONE, readFlowEntry, writeFlowEntry } from './flow.ts'
import { list, type Part } from './layout.ts'
import { readMatch, writeMatch } from './oxm.ts'

/** Which flows to tell of; what is left out is "any". */
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
