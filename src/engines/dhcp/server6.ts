/**
 * A stateless DHCPv6 server: for clients that have an address and ask for other settings (RFC 8415, 18.3.6). Clients that ask for
 * addresses all the same are told that there are none, so that they make their own at once.
 */
import { readUdp6, viewOf, writeUdp6 } from './frames.ts'
import type { Settings6 } from './router6.ts'

const [SERVER_PORT, CLIENT_PORT] = [547, 546]
const [SOLICIT, ADVERTISE, REQUEST, RENEW, REPLY, RELEASE, DECLINE, INFORMATION_REQUEST] = [1, 2, 3, 5, 7, 8, 9, 11]
/** Option codes (RFC 8415, 21; 23: RFC 3646). */
const OPTION = {
  client: 1,
  server: 2,
  addresses: 3,
  temporary: 4,
  requested: 6,
  status: 13,
  dns: 23,
  prefixes: 25,
  refresh: 32,
  maxSolicit: 82,
} as const
/** Status codes (RFC 8415, 21.13). */
const [NO_ADDRESSES, NO_BINDING, NO_PREFIXES] = [2, 3, 6]
/** The time after which clients must ask again. */
const REFRESH_INTERVAL_S = 86_400
/** The longest pause between solicitations that a client may be given (RFC 8415, 21.24): there will be no addresses later, either. */
const MAX_SOLICIT_INTERVAL_S = 86_400
/** The length of the message type and the transaction id. */
const HEADER_OCTETS = 4
/** The most requests for addresses or prefixes in one message that are answered. */
const MAX_ASSOCIATIONS = 16

type Options = ReadonlyArray<readonly [code: number, value: Uint8Array]>

/** A request for addresses or prefixes (IA_NA, IA_TA, IA_PD), and the octets in front of its options: its id, and two times. */
const ASSOCIATIONS = new Map<number, number>([
  [OPTION.addresses, 12],
  [OPTION.temporary, 4],
  [OPTION.prefixes, 12],
])

/** @param frame an unchecked frame of a member @returns undefined if there is no answer */
export function serve6(frame: Uint8Array, settings: Settings6): Uint8Array | undefined {
  const datagram = readUdp6(frame)
  if (datagram?.to.port !== SERVER_PORT) return undefined
  const { payload, from } = datagram
  const options = payload.length < HEADER_OCTETS ? undefined : readOptions(payload.subarray(HEADER_OCTETS))
  const duid = duidOf(settings.server.mac)
  const type = options && answerTo(payload[0], options, duid)
  if (!options || type === undefined) return undefined
  const client = optionOf(options, OPTION.client)
  const body = [
    type,
    ...payload.subarray(1, HEADER_OCTETS),
    ...(client ? option(OPTION.client, client) : []),
    ...option(OPTION.server, duid),
    ...associations(payload[0], options),
    ...(settings.dns.length > 0 ? option(OPTION.dns, addresses(settings.dns)) : []),
    ...(payload[0] === INFORMATION_REQUEST ? option(OPTION.refresh, seconds(REFRESH_INTERVAL_S)) : []),
    ...(type === ADVERTISE && asksFor(options, OPTION.maxSolicit)
      ? option(OPTION.maxSolicit, seconds(MAX_SOLICIT_INTERVAL_S))
      : []),
  ]
  return writeUdp6({
    from: { ...settings.server, port: SERVER_PORT },
    to: { ...from, port: CLIENT_PORT },
    payload: Uint8Array.from(body),
  })
}

/**
 * The type of the answer. Messages that the server must discard get none (RFC 8415, 16): a request for information that asks for
 * addresses, a message for another server, and one without what its type must have.
 */
function answerTo(type: number | undefined, options: Options, duid: Uint8Array): number | undefined {
  const server = optionOf(options, OPTION.server)
  const isForUs = server !== undefined && Buffer.compare(server, duid) === 0
  const hasClient = optionOf(options, OPTION.client) !== undefined
  switch (type) {
    case INFORMATION_REQUEST:
      return (server && !isForUs) || options.some(([code]) => ASSOCIATIONS.has(code)) ? undefined : REPLY
    case SOLICIT:
      return server || !hasClient ? undefined : ADVERTISE
    case REQUEST:
    case RENEW:
    case RELEASE:
    case DECLINE:
      return isForUs && hasClient ? REPLY : undefined
    default:
      return undefined
  }
}

/** Each request for addresses or prefixes, with the status that there are none (18.3.9, 18.3.2), or no such lease (18.3.4 and later). */
function associations(type: number | undefined, options: Options): number[] {
  const isNew = type === SOLICIT || type === REQUEST
  const all = options.filter(([code, value]) => value.length >= (ASSOCIATIONS.get(code) ?? Number.POSITIVE_INFINITY))
  return all.slice(0, MAX_ASSOCIATIONS).flatMap(([code, value]) => {
    const [status, words] = !isNew
      ? [NO_BINDING, 'there is no such lease']
      : code === OPTION.prefixes
        ? [NO_PREFIXES, 'this network gives no prefixes']
        : [NO_ADDRESSES, 'hosts of this network make their addresses']
    // Both times are 0, because nothing is to be renewed.
    const head = new Uint8Array(ASSOCIATIONS.get(code) ?? 0)
    head.set(value.subarray(0, 4))
    const said = Uint8Array.from([0, status, ...Buffer.from(words, 'latin1')])
    return option(code, Uint8Array.from([...head, ...option(OPTION.status, said)]))
  })
}

const optionOf = (options: Options, code: number): Uint8Array | undefined =>
  options.find(([each]) => each === code)?.[1]

/** Does the client request this option? */
function asksFor(options: Options, code: number): boolean {
  const value = optionOf(options, OPTION.requested) ?? new Uint8Array()
  const view = viewOf(value)
  for (let at = 0; at + 1 < value.length; at += 2) if (view.getUint16(at) === code) return true
  return false
}

function readOptions(octets: Uint8Array): Options | undefined {
  const view = viewOf(octets)
  const options: Array<readonly [number, Uint8Array]> = []
  let at = 0
  while (at < octets.length) {
    if (at + 4 > octets.length) return undefined
    const end = at + 4 + view.getUint16(at + 2)
    if (end > octets.length) return undefined
    options.push([view.getUint16(at), octets.subarray(at + 4, end)])
    at = end
  }
  return options
}

const option = (code: number, value: Uint8Array): number[] => [
  0,
  code,
  value.length >>> 8,
  value.length & 0xff,
  ...value,
]

/** The DUID of a MAC address, type DUID-LL (RFC 8415, 11.4). */
function duidOf(mac: number): Uint8Array {
  const duid = new Uint8Array(10)
  const view = viewOf(duid)
  view.setUint32(0, 0x00030001)
  view.setUint16(4, Math.floor(mac / 0x100000000))
  view.setUint32(6, mac % 0x100000000)
  return duid
}

function addresses(all: readonly bigint[]): Uint8Array {
  const octets = new Uint8Array(16 * all.length)
  const view = viewOf(octets)
  for (const [index, address] of all.entries()) {
    view.setBigUint64(16 * index, address >> 64n)
    view.setBigUint64(16 * index + 8, address & 0xffffffffffffffffn)
  }
  return octets
}

function seconds(value: number): Uint8Array {
  const octets = new Uint8Array(4)
  viewOf(octets).setUint32(0, value)
  return octets
}
