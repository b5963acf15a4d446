/** A DHCPv6 server for who has an address already and asks for the rest (RFC 8415, 18.3.6): a function of the question. */
import { readUdp6, viewOf, writeUdp6 } from './frames.ts'
import type { Settings6 } from './router6.ts'

const [SERVER_PORT, CLIENT_PORT] = [547, 546]
const [INFORMATION_REQUEST, REPLY] = [11, 7]
/** Numbers of options (RFC 8415, 21; 23: RFC 3646). */
const OPTION = { client: 1, server: 2, addresses: 3, temporary: 4, dns: 23, prefixes: 25, refresh: 32 } as const
/** Seconds after which to ask again. */
const REFRESH = 86_400
/** Type and transaction. */
const HEAD = 4

/** @param frame from a member, of whatever content @returns undefined where there is nothing to say */
export function serve6(frame: Uint8Array, settings: Settings6): Uint8Array | undefined {
  const datagram = readUdp6(frame)
  if (datagram?.to.port !== SERVER_PORT || datagram.payload[0] !== INFORMATION_REQUEST) return undefined
  const { payload, from } = datagram
  const options = payload.length < HEAD ? undefined : readOptions(payload.subarray(HEAD))
  const duid = duidOf(settings.server.mac)
  if (!options || !isForUs(options, duid)) return undefined
  const client = options.get(OPTION.client)
  const body = [
    REPLY,
    ...payload.subarray(1, HEAD),
    ...(client ? option(OPTION.client, client) : []),
    ...option(OPTION.server, duid),
    ...(settings.dns.length > 0 ? option(OPTION.dns, addresses(settings.dns)) : []),
    ...option(OPTION.refresh, seconds(REFRESH)),
  ]
  return writeUdp6({
    from: { ...settings.server, port: SERVER_PORT },
    to: { ...from, port: CLIENT_PORT },
    payload: Uint8Array.from(body),
  })
}

/** RFC 8415, 16.12: not for another server, and not for addresses. */
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

/** By its link-layer address (RFC 8415, 11.4). */
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
