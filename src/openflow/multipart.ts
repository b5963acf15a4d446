/**
 * Multipart messages (OpenFlow 1.5.1, 7.3.5): one row per kind, with its body as it is asked for and as it is answered.
 * A kind without a row is kept as bytes.
 */
import type { Reader, Writer } from './cursor.ts'
import type { Match } from './fields.ts'
import { ALL_TABLES, type FlowEntry, NONE, readFlowEntry, writeFlowEntry } from './flow.ts'
import { list, or, type Part, pad, struct, text, u8, u32, u64, type Values } from './layout.ts'
import { type FlowUpdate, flowUpdate, type MonitorRequest, monitorRequest } from './monitor.ts'
import { readMatch, writeMatch } from './oxm.ts'
import { type Port, portDescription } from './ports.ts'

const DESCRIPTION = {
  manufacturer: text(256),
  hardware: text(256),
  software: text(256),
  serial: text(32),
  datapath: text(256),
}
export type SwitchDescription = Values<typeof DESCRIPTION>

const TABLE = { table: u8, pad: pad(3), active: u32, lookups: u64, matched: u64 }
export type TableStats = Values<typeof TABLE>

const PORT_REQUEST = { port: or(u32, NONE), pad: pad(4) }

/** Which flows to tell of; what is left out is "any". */
export interface FlowRequest {
  readonly table?: number
  readonly outPort?: number
  readonly outGroup?: number
  readonly cookie?: bigint
  readonly cookieMask?: bigint
  readonly match?: Match
}

const flowRequest: Part<FlowRequest> = {
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
const nothing = struct({})

interface Bodies {
  readonly desc: { readonly request: object; readonly reply: { readonly desc: SwitchDescription } }
  /** Flows with their instructions: OFPMP_FLOW_DESC in 1.5, OFPMP_FLOW before. */
  readonly flow: { readonly request: FlowRequest; readonly reply: { readonly flows: readonly FlowEntry[] } }
  readonly table: { readonly request: object; readonly reply: { readonly tables: readonly TableStats[] } }
  readonly port_desc: {
    readonly request: Values<typeof PORT_REQUEST>
    readonly reply: { readonly ports: readonly Port[] }
  }
  readonly flow_monitor: {
    readonly request: { readonly monitors: readonly MonitorRequest[] }
    readonly reply: { readonly updates: readonly FlowUpdate[] }
  }
}
type Kind = keyof Bodies

type RowOf<K extends Kind> = {
  readonly code: number
  readonly request: Part<Bodies[K]['request']>
  readonly reply: Part<Bodies[K]['reply']>
}

const ROWS: { readonly [K in Kind]: RowOf<K> } = {
  desc: { code: 0, request: nothing, reply: struct({ desc: struct(DESCRIPTION) }) },
  flow: { code: 1, request: flowRequest, reply: struct({ flows: list(flowEntry) }) },
  table: { code: 3, request: nothing, reply: struct({ tables: list(struct(TABLE)) }) },
  port_desc: { code: 13, request: struct(PORT_REQUEST), reply: struct({ ports: list(portDescription) }) },
  flow_monitor: {
    code: 16,
    request: struct({ monitors: list(monitorRequest) }),
    reply: struct({ updates: list(flowUpdate) }),
  },
}

const byCode = new Map(Object.entries(ROWS).map(([kind, row]) => [row.code, kind as Kind]))

interface Unknown {
  readonly multipart: 'unknown'
  readonly code: number
  readonly body: Uint8Array
}

/** Further parts follow. */
interface MoreFollows {
  readonly more?: boolean
}

type Body<Way extends 'request' | 'reply'> = { [K in Kind]: { readonly multipart: K } & Bodies[K][Way] }[Kind] | Unknown

export type MultipartRequest = MoreFollows & Body<'request'>
export type MultipartReply = MoreFollows & Body<'reply'>

export const multipartRequest = multipart<MultipartRequest>('request')
export const multipartReply = multipart<MultipartReply>('reply')

function multipart<Value extends MultipartRequest | MultipartReply>(way: 'request' | 'reply'): Part<Value> {
  const bodyOf = (kind: Kind): Part<object> => ROWS[kind][way] as Part<object>
  return {
    write(w: Writer, value: Value): void {
      w.u16(value.multipart === 'unknown' ? value.code : ROWS[value.multipart].code, 'code')
      w.u16(value.more ? 1 : 0).zeros(4)
      if (value.multipart === 'unknown') w.bytes(value.body)
      else bodyOf(value.multipart).write(w, value, value.multipart)
    },
    read(r: Reader): Value {
      const code = r.u16()
      const more = (r.u16() & 1) === 1 ? { more: true } : {}
      r.skip(4)
      const kind = byCode.get(code)
      const body = kind ? { multipart: kind, ...bodyOf(kind).read(r) } : { multipart: 'unknown', code, body: r.rest() }
      return { ...body, ...more } as Value
    },
  }
}

const REPLY = 19

/** Are there octets of a multipart reply, readable or not, of which further parts follow? */
export const moreFollows = (octets: Uint8Array): boolean => octets[1] === REPLY && ((octets[11] ?? 0) & 1) === 1

/** The parts of a reply as one. */
export function gathered(parts: readonly MultipartReply[]): MultipartReply {
  const [first] = parts
  if (!first || parts.length === 1) return first ?? { multipart: 'unknown', code: 0, body: new Uint8Array() }
  switch (first.multipart) {
    case 'flow':
      return { multipart: 'flow', flows: parts.flatMap((part) => (part.multipart === 'flow' ? part.flows : [])) }
    case 'table':
      return { multipart: 'table', tables: parts.flatMap((part) => (part.multipart === 'table' ? part.tables : [])) }
    case 'port_desc':
      return {
        multipart: 'port_desc',
        ports: parts.flatMap((part) => (part.multipart === 'port_desc' ? part.ports : [])),
      }
    case 'flow_monitor':
      return {
        multipart: 'flow_monitor',
        updates: parts.flatMap((part) => (part.multipart === 'flow_monitor' ? part.updates : [])),
      }
    case 'desc':
      return first
    case 'unknown': {
      const bodies = parts.flatMap((part) => (part.multipart === 'unknown' ? [part.body] : []))
      return { multipart: 'unknown', code: first.code, body: Buffer.concat(bodies) }
    }
  }
}
