/** Messages: one row per type, with its body (OpenFlow 1.5.1, 7.1.1 and on). A type without a row is kept as bytes. */
import { type BundleAddBody, bundleAdd, bundleControl } from './bundle-messages.ts'
import type { Reader, Writer } from './cursor.ts'
import { BAD_LEN, BAD_VERSION, errorNamed, OpenFlowError } from './errors.ts'
import { type FlowModBody, readFlowMod, writeFlowMod } from './flow.ts'
import { error, hello } from './greeting.ts'
import { choice, or, type Part, pad, rest, struct, u8, u16, u32, u64 } from './layout.ts'
import { multipartReply, multipartRequest } from './multipart.ts'
import { flowRemoved, packetIn, packetOut } from './packets.ts'
import { portDescription } from './ports.ts'
import { role, roleStatus } from './roles.ts'

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

/** Those of OpenFlow 1.5. 1.3 and 1.4 get rows of their own where theirs differ. */
const ROWS = {
  hello: { code: 0, body: hello },
  error: { code: 1, body: error },
  echo_request: { code: 2, body: echo },
  echo_reply: { code: 3, body: echo },
  features_request: { code: 5, body: nothing },
  features_reply: { code: 6, body: featuresReply },
  get_config_request: { code: 7, body: nothing },
  get_config_reply: { code: 8, body: switchConfig },
  set_config: { code: 9, body: switchConfig },
  packet_in: { code: 10, body: packetIn },
  flow_removed: { code: 11, body: flowRemoved },
  port_status: { code: 12, body: portStatus },
  packet_out: { code: 13, body: packetOut },
  flow_mod: { code: 14, body: flowMod },
  multipart_request: { code: 18, body: multipartRequest },
  multipart_reply: { code: 19, body: multipartReply },
  barrier_request: { code: 20, body: nothing },
  barrier_reply: { code: 21, body: nothing },
  role_request: { code: 24, body: role },
  role_reply: { code: 25, body: role },
  role_status: { code: 30, body: roleStatus },
  bundle_control: { code: 33, body: bundleControl },
  bundle_add: { code: 34, body: bundled },
} as const

export type MessageType = keyof typeof ROWS
export const MESSAGE_TYPES = Object.keys(ROWS) as readonly MessageType[]

/** What stands at the head of each message. */
export interface Head {
  /** Wire version; 6, OpenFlow 1.5, if it is left out. */
  readonly version?: number
  /** Which answer belongs to which request; a session gives one, and 0 is written without. */
  readonly xid?: number
}

type ValueOf<P> = P extends Part<infer Value> ? Value : never

/** The message of this type. */
export type MessageOf<Type extends MessageType> = Type extends MessageType
  ? Head & { readonly type: Type } & ValueOf<(typeof ROWS)[Type]['body']>
  : never

/** A type of message that has no row, or not in this version: kept as it came. */
export type UnknownMessage = Head & { readonly type: 'unknown'; readonly code: number; readonly body: Uint8Array }

export type Message = { [Type in MessageType]: MessageOf<Type> }[MessageType] | UnknownMessage

/** A message as it came. */
export type Decoded = Message & { readonly version: number; readonly xid: number }

export type FlowMod = MessageOf<'flow_mod'>

/** Wire versions that are spoken here: 6 is OpenFlow 1.5. */
export const VERSIONS: readonly number[] = [6]

/** Types up to this one are read the same in every version, so that a peer of another one can be told. */
const LAST_OF_EVERY_VERSION = 3

interface Row {
  readonly code: number
  readonly body: Part<object>
}

const rowOf = (type: MessageType): Row => ROWS[type] as Row
const byCode = new Map<number, MessageType>(Object.entries(ROWS).map(([type, { code }]) => [code, type as MessageType]))

/** Write a message after what is there. The head (7.1.1): version 8 bits, type 8, length 16, xid 32. */
export function writeMessage(w: Writer, message: Message, xid = message.xid ?? 0): void {
  const start = w.length
  w.xid = xid
  const code = message.type === 'unknown' ? message.code : rowOf(message.type).code
  w.u8(w.version, 'version').u8(code, 'code').u16(0).u32(xid, 'xid')
  if (message.type === 'unknown') w.bytes(message.body)
  else rowOf(message.type).body.write(w, message, message.type)
  w.patch16(start + 2, w.length - start, message.type)
}

/** Read the message that fills what is left. */
export function readMessage(r: Reader): Decoded {
  const { offset, left } = r
  const version = r.u8()
  const code = r.u8()
  const length = r.u16()
  const xid = r.u32()
  if (length !== left) {
    const message = `the message says that it has ${length} octets: it has ${left}`
    throw new OpenFlowError('malformed', message, { offset, error: BAD_LEN })
  }
  if (!VERSIONS.includes(version) && code > LAST_OF_EVERY_VERSION) {
    throw new OpenFlowError('malformed', `wire version ${version} is not spoken here`, { offset, error: BAD_VERSION })
  }
  const type = byCode.get(code)
  const body = type ? rowOf(type).body.read(r) : { code, body: r.rest() }
  if (r.left > 0 && type !== 'hello') {
    const message = `${r.left} octets are left over at the end of ${type}`
    throw new OpenFlowError('malformed', message, { offset: r.offset, error: BAD_LEN })
  }
  return { version, xid, type: type ?? 'unknown', ...body } as Decoded
}
