/** Ports: their reserved numbers and their description (OpenFlow 1.5.1, 7.2.1; ofp_port since 1.4). */
import type { Reader, Writer } from './cursor.ts'
import { BAD_LEN, OpenFlowError } from './errors.ts'
import { mac, type Part, pad, struct, text, u16, u32, type Values } from './layout.ts'

/** Reserved port numbers. */
export const PORT = {
  IN_PORT: 0xfffffff8,
  TABLE: 0xfffffff9,
  NORMAL: 0xfffffffa,
  FLOOD: 0xfffffffb,
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  LOCAL: 0xfffffffe,
  ANY: 0xffffffff,
} as const

/** Reserved ports begin here in 16 bits; in 32 bits, 0xffff stands before them. */
const RESERVED = 0xff00
/** A port number in 16 bits, as Nicira's extensions have it, and back. */
export const narrow = (port: number): number => (port >= 0xffff_0000 + RESERVED ? port - 0xffff_0000 : port)
export const widen = (port: number): number => (port >= RESERVED && port <= 0xffff ? port + 0xffff_0000 : port)

/** Bits of `config`. */
export const PORT_CONFIG = { down: 1, noRecv: 4, noForward: 32, noPacketIn: 64 } as const
/** Bits of `state`. */
export const PORT_STATE = { linkDown: 1, blocked: 2, live: 4 } as const

const ETHERNET = {
  pad: pad(4),
  current: u32,
  advertised: u32,
  supported: u32,
  peer: u32,
  /** Kilobits a second. */
  currentSpeed: u32,
  maxSpeed: u32,
}
const ethernet = struct(ETHERNET)

export type PortProperty =
  | ({ readonly type: 'ethernet' } & Values<typeof ETHERNET>)
  | { readonly type: 'unknown'; readonly code: number; readonly body: Uint8Array }

const HEAD = { address: mac, pad2: pad(2), name: text(16), config: u32, state: u32 }
const head = struct(HEAD)
const LENGTH_WITHOUT_PROPERTIES = 40

export interface Port extends Values<typeof HEAD> {
  readonly port: number
  readonly properties: readonly PortProperty[]
}

export const portDescription: Part<Port> = {
  write(w, port) {
    const start = w.length
    w.u32(port.port, 'port').u16(0).zeros(2)
    head.write(w, port, 'port')
    for (const property of port.properties) writeProperty(w, property)
    w.patch16(start + 4, w.length - start, 'port')
  },
  read(r) {
    const offset = r.offset
    const port = r.u32()
    const length = u16.read(r)
    if (length < LENGTH_WITHOUT_PROPERTIES) {
      throw new OpenFlowError('malformed', `a port of ${length} octets: it has 40 at least`, { offset, error: BAD_LEN })
    }
    const body = r.part(length - 6)
    const fields = head.read(body.skip(2))
    const properties: PortProperty[] = []
    while (body.left > 0) properties.push(readProperty(body))
    return { port, ...fields, properties }
  },
}

function writeProperty(w: Writer, property: PortProperty): void {
  const start = w.length
  w.u16(property.type === 'ethernet' ? 0 : property.code, 'code').u16(0)
  if (property.type === 'ethernet') ethernet.write(w, property, 'ethernet')
  else w.bytes(property.body)
  w.patch16(start + 2, w.length - start, 'port property')
  w.align8(start)
}

function readProperty(r: Reader): PortProperty {
  const offset = r.offset
  const code = r.u16()
  const length = r.u16()
  if (length < 4) {
    throw new OpenFlowError('malformed', 'a port property shorter than its head', { offset, error: BAD_LEN })
  }
  const body = r.part(length - 4)
  r.align8(offset)
  return code === 0 && length === 32
    ? { type: 'ethernet', ...ethernet.read(body) }
    : { type: 'unknown', code, body: body.rest() }
}
