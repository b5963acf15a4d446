/**
 * Multipart messages (OpenFlow 1.5.1, 7.3.5): one row per kind, with its place in each version and the layout of
 * request and reply. A message of a kind without a row is kept as octets.
 */

import { type Reader, reader, type Writer } from '../wire/cursor.ts'
import { EXPERIMENTER, NICIRA, ONF } from '../wire/experimenters.ts'
import { list, or, type Part, pad, since, struct, text, u32, type Values } from '../wire/layout.ts'
import { lacking, OpenFlowError, refusal } from '../wire/openflow-error.ts'
import { either, experimental, namesByPlace, type Places, standard } from '../wire/places.ts'
import { V1_0, V1_3, V1_4, V1_5 } from '../wire/versions.ts'
import { bundleFeatures, bundleFeaturesRequest, controllerStatuses } from './controller-messages.ts'
import { NONE } from './flow-messages.ts'
import { flowUpdate, monitorRequest } from './flow-monitor.ts'
import { aggregateStats, flowCounts, flowEntries, flowRequest } from './flow-requests.ts'
import { groupDescRequest, groupDescriptions, groupFeatures, groupStats, groupStatsRequest } from './group-messages.ts'
import { meterConfigs, meterFeatures, meterRequest, meterStats } from './meter-messages.ts'
import { ipfixStats } from './nicira-messages.ts'
import { portDescription } from './port-description.ts'
import { portStats, portStatsRequest } from './port-messages.ts'
import { queueDescriptions, queueRequest, queueStats } from './queue-messages.ts'
import { tableFeatures, tableFeaturesRequest } from './table-features.ts'
import { tableDescriptions, tableStats } from './table-messages.ts'

const nothing = struct({})

/** OpenFlow 1.5.1, 7.3.5.1. */
const DESCRIPTION = {
  manufacturer: text(256),
  hardware: text(256),
  software: text(256),
  serial: text(32),
  datapath: text(256),
}
/** Who made the switch, and what it consists of (OpenFlow 1.5.1, 7.3.5.1). `datapath` is a description for people. */
export type SwitchDescription = Values<typeof DESCRIPTION>

/** OpenFlow 1.5.1, 7.3.5.7. In 1.5 it can ask for one port, in earlier versions only for all. */
const portRequest = struct({ port: since(V1_5, or(u32, NONE)), pad: pad(4, V1_5) })

/** `list` is the property whose parts are joined when a reply has several messages. */
const ROWS = {
  desc: { at: standard(0), request: nothing, reply: struct({ desc: struct(DESCRIPTION) }) },
  /** Flows with their instructions: OFPMP_FLOW_DESC in 1.5, OFPMP_FLOW before. */
  flow: { at: standard(1), request: flowRequest, reply: struct({ flows: flowEntries }), list: 'flows' },
  aggregate: { at: standard(2), request: flowRequest, reply: struct({ stats: aggregateStats }) },
  table: { at: standard(3), request: nothing, reply: tableStats, list: 'tables' },
  port_stats: { at: standard(4), request: portStatsRequest, reply: portStats, list: 'ports' },
  queue_stats: { at: standard(5), request: queueRequest, reply: queueStats, list: 'queues' },
  group_stats: { at: standard(6), request: groupStatsRequest, reply: groupStats, list: 'groups' },
  group_desc: { at: standard(7), request: groupDescRequest, reply: groupDescriptions, list: 'groups' },
  group_features: { at: standard(8), request: nothing, reply: groupFeatures },
  meter_stats: { at: standard(9), request: meterRequest, reply: meterStats, list: 'meters' },
  /** OFPMP_METER_DESC in 1.5. */
  meter_config: { at: standard(10), request: meterRequest, reply: meterConfigs, list: 'meters' },
  meter_features: { at: standard(11), request: nothing, reply: meterFeatures },
  table_features: { at: standard(12), request: tableFeaturesRequest, reply: tableFeatures, list: 'tables' },
  port_desc: { at: standard(13), request: portRequest, reply: struct({ ports: list(portDescription) }), list: 'ports' },
  table_desc: { at: standard(14, V1_4), request: nothing, reply: tableDescriptions, list: 'tables' },
  queue_desc: { at: standard(15, V1_4), request: queueRequest, reply: queueDescriptions, list: 'queues' },
  flow_monitor: {
    at: either(either(standard(16, V1_4), experimental(ONF, 1870, V1_3, V1_3)), experimental(NICIRA, 2, V1_0, V1_0)),
    request: struct({ monitors: list(monitorRequest) }),
    reply: struct({ updates: list(flowUpdate) }),
    list: 'updates',
  },
  ipfix_bridge: { at: experimental(NICIRA, 3), request: nothing, reply: struct({ stats: ipfixStats }) },
  /** Statistics of the collector sets of the action `sample`. */
  ipfix_flow: {
    at: experimental(NICIRA, 4),
    request: nothing,
    reply: struct({ stats: list(ipfixStats) }),
    list: 'stats',
  },
  /** Flows with statistics only. */
  flow_stats: { at: standard(17, V1_5), request: flowRequest, reply: struct({ flows: flowCounts }), list: 'flows' },
  controller_status: { at: standard(18, V1_5), request: nothing, reply: controllerStatuses, list: 'controllers' },
  bundle_features: { at: standard(19, V1_5), request: bundleFeaturesRequest, reply: bundleFeatures },
} as const

type Kind = keyof typeof ROWS

interface Row {
  readonly at: Places
  readonly request: Part<object>
  readonly reply: Part<object>
  readonly list?: string
}

const rowOf = (kind: Kind): Row => ROWS[kind] as Row
const kindAt = namesByPlace<Kind>(ROWS)
export const MULTIPART_KINDS = Object.keys(ROWS) as readonly Kind[]

/** The places of this kind, by wire version. A version without a place does not have it. */
export const multipartPlaces = (kind: Kind): Places => rowOf(kind).at

type ValueOf<P> = P extends Part<infer Value> ? Value : never

interface Unknown {
  readonly multipart: 'unknown'
  readonly code: number
  readonly body: Uint8Array
}

/** Whether more parts follow. */
interface MoreFollows {
  readonly more?: boolean
  /** Other flags. None of them has a meaning. */
  readonly otherFlags?: number
}

type Body<Way extends 'request' | 'reply'> =
  | { [K in Kind]: { readonly multipart: K } & ValueOf<(typeof ROWS)[K][Way]> }[Kind]
  | Unknown

/**
 * The body of a `multipart_request` (OpenFlow 1.5.1, 7.3.5). `more` says that more parts of the request follow. A
 * request of unknown kind is sent as it is given.
 */
export type MultipartRequest = MoreFollows & Body<'request'>
/**
 * The body of a `multipart_reply` to a request of the same kind. `more` says that more parts follow. `Session.request`
 * waits for all parts and joins them. A reply of unknown kind has `code` and `body`.
 */
export type MultipartReply = MoreFollows & Body<'reply'>

export const multipartRequest = multipart<MultipartRequest>('request')
export const multipartReply = multipart<MultipartReply>('reply')

const MORE = 1

function multipart<Value extends MultipartRequest | MultipartReply>(way: 'request' | 'reply'): Part<Value> {
  return {
    write(w: Writer, value: Value): void {
      const { more, otherFlags = 0 } = value
      const flags = more && !(otherFlags & MORE) ? otherFlags + MORE : otherFlags
      if (value.multipart === 'unknown') {
        if (value.code === EXPERIMENTER) refuseCut(value.body, headLength(w.version, value.body))
        writeHead(w, value.code, flags).bytes(value.body, 'body')
        return
      }
      if (!Object.hasOwn(ROWS, value.multipart))
        throw refusal('multipart', value.multipart, `${MULTIPART_KINDS.join(', ')}, unknown`)
      const row = rowOf(value.multipart)
      const place = row.at[w.version]
      if (!place) throw lacking(w.version, `multipart ${value.multipart}`)
      const { code, experimenter } = place
      if (experimenter === undefined) writeHead(w, code, flags)
      else writeHead(w, EXPERIMENTER, flags).u32(experimenter).u32(code).zeros(paddingAfter(w.version))
      row[way].write(w, value, value.multipart)
    },
    read(r: Reader): Value {
      const code = r.u16()
      const flags = r.u16()
      r.skip(paddingBefore(r.version))
      const kind = code === EXPERIMENTER ? experimentersKind(r) : kindAt(r.version, code)
      const body = kind
        ? { multipart: kind, ...rowOf(kind)[way].read(r) }
        : { multipart: 'unknown', code, body: r.rest() }
      const more = flags & MORE ? { more: true } : {}
      const otherFlags = flags & ~MORE ? { otherFlags: flags & ~MORE } : {}
      return { ...body, ...more, ...otherFlags } as Value
    },
  }
}

/**
 * An experimenter's message begins with a header.
 * @throws OpenFlowError `out-of-range` if the body is too short for it
 */
export function refuseCut(body: Uint8Array, head: number): void {
  if (body.length >= head) return
  const message = `the body of an experimenter message has ${body.length} octets: its header alone has ${head}`
  throw new OpenFlowError('out-of-range', message)
}

/**
 * The length of the header that names experimenter and kind. In 1.0 only Nicira's has a kind, followed by padding
 * (nicira-ext.h).
 */
function headLength(version: number, body: Uint8Array): number {
  if (version >= V1_3) return 8
  return body.length >= 4 && reader(version, body).u32() === NICIRA ? 8 + paddingAfter(version) : 4
}

/** OpenFlow 1.0 has no padding after the flags, but some after Nicira's header. */
const paddingBefore = (version: number): number => (version < V1_3 ? 0 : 4)
const paddingAfter = (version: number): number => 4 - paddingBefore(version)

const writeHead = (w: Writer, code: number, flags: number): Writer =>
  w.u16(code, 'code').u16(flags, 'otherFlags').zeros(paddingBefore(w.version))

/**
 * Finds the kind of an experimenter's message and skips its header.
 * @returns undefined if the kind is unknown; then nothing is skipped
 */
function experimentersKind(r: Reader): Kind | undefined {
  const head = r.copy()
  const experimenter = head.u32()
  // In 1.0 each vendor defines what follows, see `headLength`.
  if (r.version < V1_3 && experimenter !== NICIRA) return undefined
  const kind = kindAt(r.version, head.u32(), experimenter)
  head.skip(paddingAfter(r.version))
  if (kind) r.skip(head.offset - r.offset)
  return kind
}

const REPLY = 19

/** Whether these are the octets of a multipart reply, readable or not, that says that more parts follow. */
export const moreFollows = (octets: Uint8Array): boolean => octets[1] === REPLY && ((octets[11] ?? 0) & 1) === 1

/** Joins the parts of a reply. All are of one kind. */
export function gathered(parts: readonly MultipartReply[]): MultipartReply {
  const [first] = parts
  if (!first || parts.length === 1) return first ?? { multipart: 'unknown', code: 0, body: new Uint8Array() }
  if (first.multipart === 'unknown') {
    const bodies = parts.flatMap((part) => (part.multipart === 'unknown' ? [part.body] : []))
    return { multipart: 'unknown', code: first.code, body: Buffer.concat(bodies) }
  }
  const { list: name } = rowOf(first.multipart)
  const { more: _, ...whole } = first
  if (name === undefined) return whole
  const lists: ReadonlyArray<Readonly<Record<string, unknown>>> = parts as readonly object[] as never
  return { ...whole, [name]: lists.flatMap((part) => part[name]) } as MultipartReply
}
