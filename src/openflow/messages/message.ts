/**
 * Messages: one row per type, with its place in each version and the layout of its body (OpenFlow 1.5.1, 7.1.1 and
 * following; "1.3.5" and "1.4.1" name sections of those versions). A message of a type without a row is kept as octets.
 */

import type { Reader, Writer } from '../wire/cursor.ts'
import {
  BAD_ACTION_LEN,
  BAD_INSTRUCTION_LEN,
  BAD_LEN,
  BAD_MATCH_LEN,
  BAD_PROPERTY_LEN,
  BAD_VERSION,
  errorIn,
  errorNamed,
} from '../wire/error-values.ts'
import { NICIRA, ONF } from '../wire/experimenters.ts'
import { choice, or, type Part, pad, rest, struct, u8, u16, u32, u64 } from '../wire/layout.ts'
import type { ErrorValue } from '../wire/openflow-error.ts'
import { lacking, OpenFlowError } from '../wire/openflow-error.ts'
import { either, experimental, namesByPlace, type Places, standard } from '../wire/places.ts'
import { V1_0, V1_3, V1_4, V1_5, VERSIONS, versionName } from '../wire/versions.ts'
import { asyncConfig, asyncMasks, asyncProperties } from './async-config.ts'
import { type BundleAddBody, bundleAdd, bundleControl } from './bundle-messages.ts'
import { controllerStatus } from './controller-messages.ts'
import { error } from './error-message.ts'
import { type FlowModBody, readFlowMod, writeFlowMod } from './flow-messages.ts'
import { monitorCancel } from './flow-monitor.ts'
import { groupMod } from './group-messages.ts'
import { hello } from './hello.ts'
import { meterMod } from './meter-messages.ts'
import { multipartReply, multipartRequest, refuseCut } from './multipart.ts'
import {
  controllerId,
  ctFlush,
  ctFlushZone,
  niciraRole,
  packetInFormat,
  tlvTable,
  tlvTableMod,
} from './nicira-messages.ts'
import { niciraPacketIn, packetIn2 } from './nicira-packet-in.ts'
import { flowRemoved, packetIn, packetOut } from './packet-messages.ts'
import { portDescription } from './port-description.ts'
import { portMod } from './port-messages.ts'
import { queueConfig, queueConfigRequest } from './queue-messages.ts'
import { type ForwardedBody, requestForward } from './request-forward.ts'
import { role, roleStatus } from './role-messages.ts'
import { tableMod, tableStatus } from './table-messages.ts'

const nothing = struct({})
const echo = struct({ data: or(rest, new Uint8Array()) })

const featuresReply = struct({
  datapathId: u64,
  buffers: u32,
  tables: u8,
  auxiliaryId: u8,
  pad: pad(2),
  capabilities: u32,
  reserved: or(u32, 0),
})

const switchConfig = struct({ flags: u16, missSendLength: u16 })

const portReason = choice(u8, ['add', 'delete', 'modify'] as const, errorNamed('BAD_PROPERTY', 'BAD_VALUE'))
const portStatus = struct({ reason: portReason, pad: pad(7), port: portDescription })

const flowMod: Part<FlowModBody> = { write: writeFlowMod, read: readFlowMod }

const bundled: Part<BundleAddBody> = bundleAdd(writeMessage, readMessage)

const forwarded: Part<ForwardedBody> = requestForward(writeMessage, readMessage)

/** The same place in every version, so that a peer that speaks another version can be told. */
const always = (code: number): Places => standard(code, 0, 255)

const V1_3_ONLY = [V1_3, V1_3] as const
const nicira = (code: number): Places => experimental(NICIRA, code)
const onf = (code: number): Places => experimental(ONF, code, ...V1_3_ONLY)
/** A message of Nicira that only OpenFlow 1.0 has. */
const of10 = (code: number): Places => experimental(NICIRA, code, V1_0, V1_0)

const ROWS = {
  hello: { at: always(0), body: hello },
  error: { at: always(1), body: error },
  echo_request: { at: always(2), body: echo },
  echo_reply: { at: always(3), body: echo },
  features_request: { at: standard(5), body: nothing },
  features_reply: { at: standard(6), body: featuresReply },
  get_config_request: { at: standard(7), body: nothing },
  get_config_reply: { at: standard(8), body: switchConfig },
  set_config: { at: standard(9), body: switchConfig },
  packet_in: { at: standard(10), body: packetIn },
  flow_removed: { at: standard(11), body: flowRemoved },
  port_status: { at: standard(12), body: portStatus },
  packet_out: { at: standard(13), body: packetOut },
  flow_mod: { at: standard(14), body: flowMod },
  group_mod: { at: standard(15), body: groupMod },
  port_mod: { at: standard(16), body: portMod },
  table_mod: { at: standard(17), body: tableMod },
  /** In OpenFlow 1.0 only for flow monitors. */
  multipart_request: { at: either(standard(18), standard(16, V1_0, V1_0)), body: multipartRequest },
  multipart_reply: { at: either(standard(19), standard(17, V1_0, V1_0)), body: multipartReply },
  barrier_request: { at: standard(20), body: nothing },
  barrier_reply: { at: standard(21), body: nothing },
  queue_get_config_request: { at: standard(22, ...V1_3_ONLY), body: queueConfigRequest },
  queue_get_config_reply: { at: standard(23, ...V1_3_ONLY), body: queueConfig },
  role_request: { at: standard(24), body: role },
  role_reply: { at: standard(25), body: role },
  get_async_request: { at: standard(26), body: nothing },
  get_async_reply: { at: standard(27), body: asyncConfig },
  set_async: { at: standard(28), body: asyncConfig },
  meter_mod: { at: standard(29), body: meterMod },
  role_status: { at: either(standard(30, V1_4), onf(1911)), body: roleStatus },
  table_status: { at: standard(31, V1_4), body: tableStatus },
  requestforward: { at: either(standard(32, V1_4), onf(2350)), body: forwarded },
  bundle_control: { at: either(standard(33, V1_4), onf(2300)), body: bundleControl },
  bundle_add: { at: either(standard(34, V1_4), onf(2301)), body: bundled },
  controller_status: { at: standard(35, V1_5), body: controllerStatus },
  flow_monitor_cancel: { at: either(onf(1870), of10(21)), body: monitorCancel },
  flow_monitor_paused: { at: either(onf(1871), of10(22)), body: nothing },
  flow_monitor_resumed: { at: either(onf(1872), of10(23)), body: nothing },
  nx_role_request: { at: nicira(10), body: niciraRole },
  nx_role_reply: { at: nicira(11), body: niciraRole },
  set_packet_in_format: { at: nicira(16), body: packetInFormat },
  nx_packet_in: { at: nicira(17), body: niciraPacketIn },
  set_controller_id: { at: nicira(20), body: controllerId },
  tlv_table_mod: { at: nicira(24), body: tlvTableMod },
  tlv_table_request: { at: nicira(25), body: nothing },
  tlv_table_reply: { at: nicira(26), body: tlvTable },
  nx_set_async_masks: { at: nicira(19), body: asyncMasks },
  /** The properties of OpenFlow 1.4, for 1.3. */
  nx_set_async: { at: experimental(NICIRA, 27, ...V1_3_ONLY), body: asyncProperties },
  resume: { at: nicira(28), body: packetIn2 },
  ct_flush_zone: { at: nicira(29), body: ctFlushZone },
  packet_in2: { at: nicira(30), body: packetIn2 },
  ct_flush: { at: nicira(32), body: ctFlush },
} as const

/** The known types of messages. */
export type MessageType = keyof typeof ROWS
export const MESSAGE_TYPES = Object.keys(ROWS) as readonly MessageType[]

/** The places of this type of message, by wire version. A version without a place does not have the message. */
export const placesOf = (type: MessageType): Places => rowOf(type).at

/** The header fields of every message. */
export interface Head {
  /** Wire version. Default: 6, OpenFlow 1.5. */
  readonly version?: number
  /** Transaction id, which connects an answer to its request. A session assigns one; otherwise the default is 0. */
  readonly xid?: number
}

type ValueOf<P> = P extends Part<infer Value> ? Value : never

/** The message of this type: `MessageOf<'packet_in'>`. See `Message` for its properties. */
export type MessageOf<Type extends MessageType> = Type extends MessageType
  ? Head & { readonly type: Type } & ValueOf<(typeof ROWS)[Type]['body']>
  : never

/** A message whose type has no row, or not in this version, kept as it came. */
export type UnknownMessage = Head & { readonly type: 'unknown'; readonly code: number; readonly body: Uint8Array }

/**
 * Any message. Its `type` is the name in the tables of the README. Besides the `type` it has:
 *
 * - `version`, the wire version: 4 is OpenFlow 1.3, 5 is 1.4, and 6 is 1.5, which is the default;
 * - `xid`, which connects an answer to its request; a session assigns one, and otherwise the default is 0;
 * - and the properties shown here. Those of a `multipart_request` and a `multipart_reply` are `MultipartRequest` and
 *   `MultipartReply`. A message of unknown type is an `UnknownMessage`.
 */
export type Message = { [Type in MessageType]: MessageOf<Type> }[MessageType] | UnknownMessage

/** A message as it came: with its version and xid. */
export type Decoded = Message & { readonly version: number; readonly xid: number }

/** The message that adds, changes or deletes rules of a switch. */
export type FlowMod = MessageOf<'flow_mod'>
/** The message that adds, changes or deletes a group. */
export type GroupMod = MessageOf<'group_mod'>
/** The message that adds, changes or deletes a meter. */
export type MeterMod = MessageOf<'meter_mod'>

const EXPERIMENTER = 4
/** Octets of the experimenter and its type. */
const EXPERIMENTERS_HEAD = 8

interface Row {
  readonly at: Places
  readonly body: Part<object>
}

const rowOf = (type: MessageType): Row => ROWS[type] as Row
const typeAt = namesByPlace<MessageType>(ROWS)

/** Writes a message after what was written before. The header (7.1.1): version 8 bits, type 8, length 16, xid 32. */
export function writeMessage(w: Writer, message: Message, xid = message.xid ?? 0): void {
  const start = w.length
  w.xid = xid
  w.u8(w.version, 'version')
  if (message.type === 'unknown') writeUnknown(w, message, xid)
  else {
    const row = Object.hasOwn(ROWS, message.type) ? rowOf(message.type) : undefined
    if (!row) throw new OpenFlowError('out-of-range', `type holds ${message.type}, which is not a type of message`)
    const { at, body } = row
    const place = at[w.version]
    if (!place) throw lackingMessage(w.version, message.type)
    if (place.experimenter === undefined) w.u8(place.code).u16(0).u32(xid, 'xid')
    else w.u8(EXPERIMENTER).u16(0).u32(xid, 'xid').u32(place.experimenter).u32(place.code)
    body.write(w, message, message.type)
  }
  w.patch16(start + 2, w.length - start, message.type)
}

function writeUnknown(w: Writer, { code, body }: UnknownMessage, xid: number): void {
  if (code === EXPERIMENTER) refuseCut(body, EXPERIMENTERS_HEAD)
  w.u8(code, 'code').u16(0).u32(xid, 'xid').bytes(body, 'body')
}

const lackingMessage = (version: number, type: MessageType): OpenFlowError =>
  VERSIONS.includes(version)
    ? lacking(version, `message ${type}`)
    : new OpenFlowError('out-of-range', `version of ${type}: ${versionName(version)} is not supported`)

/** Reads the message that fills the rest of the reader. */
export function readMessage(r: Reader): Decoded {
  const { offset, left } = r
  const version = r.u8()
  const code = r.u8()
  const length = r.u16()
  const xid = r.u32()
  if (length !== left) {
    const message = `the length of the message is ${length} octets, but it has ${left}`
    throw new OpenFlowError('malformed', message, { offset, error: BAD_LEN })
  }
  const type = code === EXPERIMENTER ? experimentersType(r, version) : typeAt(version, code)
  if (!type && !VERSIONS.includes(version)) {
    throw new OpenFlowError('malformed', `${versionName(version)} is not supported`, { offset, error: BAD_VERSION })
  }
  if (r.depth > 0 && (type === 'bundle_add' || type === 'requestforward')) {
    const error = errorNamed('BUNDLE_FAILED', 'MSG_UNSUP')
    throw new OpenFlowError('malformed', `a ${type} within another message`, { offset, error })
  }
  const body = type ? readBody(r, type, length) : { code, body: r.rest() }
  if (r.left > 0) {
    const message = `${r.left} octets are left over at the end of ${type}`
    throw new OpenFlowError('malformed', message, { offset: r.offset, error: BAD_LEN })
  }
  return { version, xid, type: type ?? 'unknown', ...body } as Decoded
}

/** @throws OpenFlowError with the error in the form that the version has */
function readBody(r: Reader, type: MessageType, length: number): object {
  try {
    return rowOf(type).body.read(r)
  } catch (cause) {
    if (!(cause instanceof OpenFlowError) || !cause.error || r.depth > 0) throw cause
    const { message, offset = r.offset, error } = cause
    // If the message was truncated, its length is not a multiple of 8 as all these parts are. Then the message's length
    // is wrong, not the part's.
    const answer = length % 8 !== 0 && PART_LENGTHS.includes(error) ? BAD_LEN : errorIn(r.version, error)
    throw answer === error ? cause : new OpenFlowError('malformed', message, { offset, error: answer, cause })
  }
}

const PART_LENGTHS: readonly ErrorValue[] = [BAD_MATCH_LEN, BAD_ACTION_LEN, BAD_INSTRUCTION_LEN, BAD_PROPERTY_LEN]

/**
 * Finds the type of an experimenter message and skips its header.
 * @returns undefined if the type is unknown; then nothing is skipped
 */
function experimentersType(r: Reader, version: number): MessageType | undefined {
  if (r.left < EXPERIMENTERS_HEAD && !VERSIONS.includes(version)) return undefined
  const head = r.copy()
  const experimenter = head.u32()
  const type = typeAt(version, head.u32(), experimenter)
  if (type) r.skip(8)
  return type
}
