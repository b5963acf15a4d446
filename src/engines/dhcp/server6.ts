/** A stateless DHCPv6 server, for clients that have an address and ask for other settings (RFC 8415, 18.3.6). */
import { readUdp6, viewOf, writeUdp6 } from './frames.ts'
import type { Settings6 } from './router6.ts'

const [SERVER_PORT, CLIENT_PORT] = [547, 546]
const [INFORMATION_REQUEST, REPLY] = [11, 7]
/** Option codes (RFC 8415, 21; 23: RFC 3646). */
const OPTION = { client: 1, server: 2, addresses: 3, temporary: 4, dns: 23, prefixes: 25, refresh: 32 } as const
/** The time after which clients must ask again. */
const REFRESH_INTERVAL_S = 86_400
/** The length of the message type and the transaction id. */
const HEADER_OCTETS = 4

/** @param frame an unchecked frame of a member @returns undefined if there is no answer */
export function serve6(frame: Uint8Array, settings: Settings6): Uint8Array | undefined {
  const datagram = readUdp6(frame)
  if (datagram?.to.port !== SERVER_PORT || datagram.payload[0] !== INFORMATION_REQUEST) return undefined
  const { payload, from } = datagram
  const options = payload.length < HEADER_OCTETS ? undefined : readOptions(payload.subarray(HEADER_OCTETS))
  const duid = duidOf(settings.server.mac)
  if (!options || !isForUs(options, duid)) return undefined
  const client = options.get(OPTION.client)
  const body = [
    REPLY,
    ...payload.subarray(1, HEADER_OCTETS),
    ...(client ? option(OPTION.client, client) : []),
    ...option(OPTION.server, duid),
    ...(settings.dns.length > 0 ? option(OPTION.dns, addresses(settings.dns)) : []),
    ...option(OPTION.refresh, seconds(REFRESH_INTERVAL_S)),
  ]
  return writeUdp6({
    from: { ...settings.server, port: SERVER_PORT },
    to: { ...from, port: CLIENT_PORT },
    payload: Uint8Array.from(body),
  })
}

/** Is the request for this server, and not for addresses (RFC 8415, 16.12)? */
function isForUs(options: ReadonlyMap<number, Uint8Array>, duid: Uint8Array): boolean {
  const server = options.get(OPTION.server)
  if (server && Buffer.compare(server, duid) !== 0) return false
  return ![OPTION.addresses, OPTION.temporary, OPTION.prefixes].some((code) => options.has(code))
}

function readOptions(octets: Uint8Array): Map<number, Uint8Array> | undefined {
  const view = viewOf(octets)
  const options = new Map<number, Uint8Array>()
  let at = 0
  while (at < octets.length) {
    if (at + 4 > octets.length) return undefined
    const end = at + 4 + view.getUint16(at + 2)
    if (end > octets.length) return undefined
    options.set(view.getUint16(at), octets.subarray(at + 4, end))
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
