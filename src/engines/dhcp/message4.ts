/** Reads and writes DHCP messages for IPv4 over Ethernet (RFC 2131, 2; options: RFC 2132). */
import { viewOf } from './frames.ts'

/** Message types, the values of option 53 (RFC 2132, 9.6). */
export const TYPES = { discover: 1, offer: 2, request: 3, decline: 4, ack: 5, nak: 6, release: 7, inform: 8 } as const
export type Type = keyof typeof TYPES

/** Option codes (RFC 2132; 121: RFC 3442). */
export const OPTION = {
  mask: 1,
  router: 3,
  dns: 6,
  mtu: 26,
  broadcast: 28,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  type: 53,
  server: 54,
  parameters: 55,
  message: 56,
  maxSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  serverName: 66,
  bootFile: 67,
  client: 61,
  architecture: 93,
  routes: 121,
  tftpServers: 150,
  /** What Windows asks for instead of 121, with the same value. */
  routesOfWindows: 249,
} as const
const [PAD, END] = [0, 255]

export interface Message4 {
  readonly op: 'request' | 'reply'
  readonly xid: number
  /** Does the client ask for broadcast answers, because it cannot receive unicast before it has an address? */
  readonly broadcast: boolean
  /** The current address of the client, if it has one. */
  readonly ciaddr: number
  /** The address that the server gives to the client. */
  readonly yiaddr: number
  /** The server to boot from, and the names of that server and of the boot file: only in answers. */
  readonly siaddr?: number
  readonly sname?: Uint8Array
  readonly file?: Uint8Array
  /** The address of the relay agent. */
  readonly giaddr: number
  /** The client's MAC address, 48 bits. */
  readonly chaddr: number
  /** The options in the order of the message. The parts of a split option are joined (RFC 3396). */
  readonly options: ReadonlyMap<number, Uint8Array>
}

/** The longest names in the header, which end with an octet of zero. */
export const [MAX_SNAME_OCTETS, MAX_FILE_OCTETS] = [63, 127]

/** The length of the fields: op at 0, htype 1, hlen 2, xid 4, flags 10, addresses 12, siaddr 20, chaddr 28, sname 44, file 108, cookie 236. */
const HEAD = 240
const [SNAME, FILE, COOKIE] = [[44, 108], [108, 236], 236] as const
const MAGIC = 0x63825363
const [OP_REQUEST, OP_REPLY] = [1, 2]
const ETHERNET = 1
/** BOOTP relays and clients do not accept shorter messages (RFC 1542, 2.1). */
const MIN_MESSAGE_OCTETS = 300

/** @returns undefined if the octets are not a complete DHCP message */
export function readMessage4(octets: Uint8Array): Message4 | undefined {
  if (octets.length < HEAD) return undefined
  const view = viewOf(octets)
  const op = view.getUint8(0)
  if (op !== OP_REQUEST && op !== OP_REPLY) return undefined
  if (view.getUint16(1) !== ETHERNET * 256 + 6 || view.getUint32(COOKIE) !== MAGIC) return undefined
  const options = new Map<number, Uint8Array>()
  if (!readOptions(octets.subarray(HEAD), options)) return undefined
  const [overload = 0] = options.get(OPTION.overload) ?? []
  // Reads further options from the fields for the names of a server and a file (RFC 2132, 9.3).
  if (overload & 1 && !readOptions(octets.subarray(...FILE), options)) return undefined
  if (overload & 2 && !readOptions(octets.subarray(...SNAME), options)) return undefined
  return {
    op: op === OP_REQUEST ? 'request' : 'reply',
    xid: view.getUint32(4),
    broadcast: (view.getUint8(10) & 0x80) !== 0,
    ciaddr: view.getUint32(12),
    yiaddr: view.getUint32(16),
    giaddr: view.getUint32(24),
    chaddr: view.getUint16(28) * 0x100000000 + view.getUint32(30),
    options,
  }
}

/** @returns false if the options are malformed */
function readOptions(octets: Uint8Array, options: Map<number, Uint8Array>): boolean {
  let at = 0
  while (at < octets.length) {
    const code = octets[at++]
    if (code === PAD) continue
    if (code === END) return true
    const length = octets[at++]
    if (code === undefined || length === undefined || at + length > octets.length) return false
    const part = octets.subarray(at, at + length)
    const before = options.get(code)
    options.set(code, before ? Uint8Array.of(...before, ...part) : part)
    at += length
  }
  // Some clients leave out the end option.
  return true
}

/** @param most the largest message that the client accepts, in octets; the last options are left out if they do not fit */
export function writeMessage4(message: Message4, most = Number.POSITIVE_INFINITY): Uint8Array {
  const { op, xid, broadcast, ciaddr, yiaddr, siaddr = 0, giaddr, chaddr, sname, file } = message
  const options: number[] = []
  for (const [code, value] of message.options) {
    const parts = partsOf(code, value)
    if (HEAD + options.length + parts.length < most) options.push(...parts)
  }
  const octets = new Uint8Array(Math.max(MIN_MESSAGE_OCTETS, HEAD + options.length + 1))
  const view = viewOf(octets)
  view.setUint8(0, op === 'request' ? OP_REQUEST : OP_REPLY)
  view.setUint16(1, ETHERNET * 256 + 6)
  view.setUint32(4, xid)
  view.setUint8(10, broadcast ? 0x80 : 0)
  view.setUint32(12, ciaddr)
  view.setUint32(16, yiaddr)
  view.setUint32(20, siaddr)
  view.setUint32(24, giaddr)
  view.setUint16(28, Math.floor(chaddr / 0x100000000))
  view.setUint32(30, chaddr % 0x100000000)
  if (sname) octets.set(sname, SNAME[0])
  if (file) octets.set(file, FILE[0])
  view.setUint32(COOKIE, MAGIC)
  octets.set(options, HEAD)
  view.setUint8(HEAD + options.length, END)
  return octets
}

/** The octets of an option, split into several parts if it is long. */
function partsOf(code: number, value: Uint8Array): number[] {
  const parts: number[] = []
  for (let at = 0; at === 0 || at < value.length; at += 255) {
    const part = value.subarray(at, at + 255)
    parts.push(code, part.length, ...part)
  }
  return parts
}

export const octet = (value: number): Uint8Array => Uint8Array.of(value)
export const pair = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value & 0xff)
/** The octets of numbers of 32 bits, such as addresses or seconds. */
export const words = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]))

/** Reads an option of 32 bits; undefined if it is missing or has another length. */
export function wordOf({ options }: Message4, code: number): number | undefined {
  const value = options.get(code)
  return value?.length === 4 ? viewOf(value).getUint32(0) : undefined
}

/** The type of a message; undefined if it is missing or unknown. */
export function typeOf({ options }: Message4): Type | undefined {
  const [code] = options.get(OPTION.type) ?? []
  return (Object.keys(TYPES) as Type[]).find((type) => TYPES[type] === code)
}
