/**
 * A stateless DHCP server (RFC 2131, 4.3). The answer is a function of the request and of the lease, which is known before the
 * client asks. So the server keeps no record of leases, and every controller gives the same answer.
 */
import { isIPv4 } from 'node:net'
import { ipv4 } from '../../openflow/index.ts'
import { BROADCAST, BROADCAST_MAC, type Datagram, readUdp4, viewOf, writeUdp4 } from './frames.ts'
import {
  MAX_FILE_OCTETS,
  MAX_SNAME_OCTETS,
  type Message4,
  OPTION,
  octet,
  pair,
  readMessage4,
  TYPES,
  type Type,
  typeOf,
  wordOf,
  words,
  writeMessage4,
} from './message4.ts'

/** The lease of one client. Addresses are numbers of 32 bits; times are in seconds. */
export interface Lease4 {
  /** The client's MAC address. Other clients get no answer. */
  readonly mac: number
  readonly address: number
  readonly prefixLength: number
  readonly gateway: number | null
  readonly dns: readonly number[]
  readonly routes: readonly Route4[]
  /** The largest packet, in octets. */
  readonly mtu: number
  readonly seconds: number
  /** Options for boot loaders; left out: none. */
  readonly boot?: readonly BootOption[]
  /** The server identifier, to which renewals are sent, and the MAC address that answers come from. */
  readonly server: { readonly address: number; readonly mac: number }
}

/** An option for boot loaders. */
export interface BootOption {
  /** null: the server in the header of the message. */
  readonly code: number | null
  readonly octets: Uint8Array
  /** Only for clients of this architecture (option 93); null: for those that no other option with this code is for. */
  readonly architecture: number | null
}

export interface Route4 {
  readonly destination: number
  readonly prefixLength: number
  /** 0 means that the destination is on the link (RFC 3442). */
  readonly nextHop: number
}

/** The answer to the client, if there is one, and a line for the log. */
export interface Told {
  readonly frame?: Uint8Array
  readonly note?: string
}

const [SERVER_PORT, CLIENT_PORT] = [67, 68]
/** Every client accepts packets of 576 octets, including the headers of IP and UDP (RFC 2131, 2). */
const [MIN_PACKET_OCTETS, HEADERS_OCTETS] = [576, 28]

/** @param frame an unchecked frame of the client */
export function serve4(frame: Uint8Array, lease: Lease4): Told {
  const datagram = readUdp4(frame)
  const message = datagram?.to.port === SERVER_PORT ? readMessage4(datagram.payload) : undefined
  // A message with a relay address comes from another client behind the VM. It gets no answer.
  if (!datagram || message?.op !== 'request' || message.giaddr !== 0 || message.chaddr !== lease.mac) return {}
  switch (typeOf(message)) {
    case 'discover':
      return { frame: give('offer', message, datagram, lease) }
    case 'request':
      return request(message, datagram, lease)
    case 'inform':
      return { frame: give('ack', message, datagram, lease) }
    case 'decline':
      return { note: 'a DHCP client declines its address: another host uses it' }
    case 'release':
      return { note: 'a DHCP client releases its address: the port keeps it' }
    default:
      return {}
  }
}

/** Answers a request (RFC 2131, 4.3.2): the client selects an offer, has rebooted, renews or rebinds. */
function request(message: Message4, datagram: Datagram<number>, lease: Lease4): Told {
  const chosen = message.options.has(OPTION.server)
  const wanted = wordOf(message, OPTION.requestedAddress)
  // The client has selected the offer of another server.
  if (chosen && wordOf(message, OPTION.server) !== lease.server.address) return {}
  const address = wanted ?? (chosen || message.ciaddr === 0 ? undefined : message.ciaddr)
  if (address === undefined) return {}
  return { frame: address === lease.address ? give('ack', message, datagram, lease) : refuse(message, lease) }
}

function give(type: Type, message: Message4, datagram: Datagram<number>, lease: Lease4): Uint8Array {
  const { ciaddr } = message
  const isInform = typeOf(message) === 'inform'
  const boot = bootOf(message, lease)
  const reply: Message4 = {
    ...message,
    op: 'reply',
    ciaddr: type === 'ack' ? ciaddr : 0,
    ...headerOf(boot),
    yiaddr: isInform ? 0 : lease.address,
    options: new Map([
      ...about(type, message, lease),
      ...(isInform ? [] : times(lease)),
      ...inOrder(new Map([...settings(message, lease), ...optionsIn(boot)]), message),
    ]),
  }
  const size = Math.max(MIN_PACKET_OCTETS, sizeOf(message)) - HEADERS_OCTETS
  const payload = writeMessage4(reply, size)
  // Sends to the client's current address; if it has none, by broadcast or to its new address (RFC 2131, 4.1).
  const heard = ciaddr !== 0 ? ciaddr : isInform || message.broadcast ? BROADCAST : lease.address
  const mac = heard === BROADCAST ? BROADCAST_MAC : ciaddr !== 0 ? datagram.from.mac : message.chaddr
  return send(payload, lease, heard, mac)
}

/** Tells the client not to use its address. The message is a broadcast: unicast may not reach a client with a wrong address. */
function refuse(message: Message4, lease: Lease4): Uint8Array {
  const reply: Message4 = {
    ...message,
    op: 'reply',
    ciaddr: 0,
    yiaddr: 0,
    broadcast: true,
    options: about('nak', message, lease),
  }
  return send(writeMessage4(reply), lease, BROADCAST, BROADCAST_MAC)
}

const send = (payload: Uint8Array, { server }: Lease4, address: number, mac: number): Uint8Array =>
  writeUdp4({
    from: { ...server, port: SERVER_PORT },
    to: { mac, address, port: CLIENT_PORT },
    payload,
  })

/** What a client of this architecture gets for booting, by code. */
function bootOf({ options }: Message4, { boot = [] }: Lease4): ReadonlyMap<number | null, Uint8Array> {
  const value = options.get(OPTION.architecture) ?? new Uint8Array()
  // A client may name several architectures (RFC 4578, 2.1). The first one is its own.
  const own = value.length < 2 ? null : viewOf(value).getUint16(0)
  const chosen = new Map<number | null, Uint8Array>()
  for (const { code, octets, architecture } of boot) if (architecture === null) chosen.set(code, octets)
  for (const { code, octets, architecture } of boot) {
    if (architecture !== null && architecture === own) chosen.set(code, octets)
  }
  return chosen
}

const optionsIn = (boot: ReadonlyMap<number | null, Uint8Array>): Array<[number, Uint8Array]> =>
  [...boot].flatMap(([code, octets]): Array<[number, Uint8Array]> => (code === null ? [] : [[code, octets]]))

/** The same in the header of the message, where old boot loaders look for it. */
function headerOf(boot: ReadonlyMap<number | null, Uint8Array>): Pick<Message4, 'siaddr' | 'sname' | 'file'> {
  const [name, file] = [boot.get(OPTION.serverName), boot.get(OPTION.bootFile)]
  const server = boot.get(null) ?? boot.get(OPTION.tftpServers) ?? addressIn(name)
  return {
    ...(server && { siaddr: viewOf(server).getUint32(0) }),
    ...(name && name.length <= MAX_SNAME_OCTETS && { sname: name }),
    ...(file && file.length <= MAX_FILE_OCTETS && { file }),
  }
}

/** The address that a server's name is, if it is one. */
function addressIn(name: Uint8Array | undefined): Uint8Array | undefined {
  const text = Buffer.from(name ?? []).toString('latin1')
  return isIPv4(text) ? words(ipv4(text)) : undefined
}

/** The options of every answer: type, server and the client's identifier (RFC 6842). */
function about(type: Type, { options }: Message4, { server }: Lease4): Map<number, Uint8Array> {
  const client = options.get(OPTION.client)
  return new Map([
    [OPTION.type, octet(TYPES[type])],
    [OPTION.server, words(server.address)],
    ...(client ? ([[OPTION.client, client]] as const) : []),
  ])
}

/** The client renews after one half of the lease time, and rebinds after seven eighths (RFC 2131, 4.4.5). */
const times = ({ seconds }: Lease4): Array<[number, Uint8Array]> => [
  [OPTION.leaseTime, words(seconds)],
  [OPTION.renewalTime, words(Math.floor(seconds / 2))],
  [OPTION.rebindingTime, words(Math.floor((seconds * 7) / 8))],
]

function settings({ options }: Message4, lease: Lease4): Map<number, Uint8Array> {
  const { address, prefixLength, gateway, dns, mtu } = lease
  const mask = maskOf(prefixLength)
  const found = new Map<number, Uint8Array>([[OPTION.mask, words(mask)]])
  const routes = routesOf(lease)
  if (routes.length > 0) {
    const octets = Uint8Array.from(routes.flatMap(routeOctets))
    found.set(OPTION.routes, octets)
    if (options.get(OPTION.parameters)?.includes(OPTION.routesOfWindows)) found.set(OPTION.routesOfWindows, octets)
  }
  if (gateway !== null) found.set(OPTION.router, words(gateway))
  if (dns.length > 0) found.set(OPTION.dns, words(...dns))
  found.set(OPTION.mtu, pair(mtu))
  if (options.get(OPTION.parameters)?.includes(OPTION.broadcast))
    found.set(OPTION.broadcast, words((address | ~mask) >>> 0))
  return found
}

/** Orders options: first the requested ones in the client's order, then the others. The mask must come before the router. */
function inOrder(found: ReadonlyMap<number, Uint8Array>, { options }: Message4): Array<[number, Uint8Array]> {
  const asked = options.get(OPTION.parameters) ?? []
  const codes = new Set<number>([OPTION.mask, ...asked, ...found.keys()])
  return [...codes].flatMap((code): Array<[number, Uint8Array]> => {
    const value = found.get(code)
    return value ? [[code, value]] : []
  })
}

/** The routes of option 121. A client that uses it ignores the router option, so the default route is included (RFC 3442). */
function routesOf({ routes, gateway, server }: Lease4): Route4[] {
  // Without a gateway, the client needs this route to reach the server for renewals.
  const toServer = { destination: server.address, prefixLength: 32, nextHop: 0 }
  const all = [...routes, ...(gateway === null ? [toServer] : [])]
  if (all.length === 0 || gateway === null) return all
  return [...all, { destination: 0, prefixLength: 0, nextHop: gateway }]
}

/** The octets of a route: the length of the prefix, its significant octets, the next hop. */
const routeOctets = ({ destination, prefixLength, nextHop }: Route4): number[] => [
  prefixLength,
  ...words(destination).subarray(0, Math.ceil(prefixLength / 8)),
  ...words(nextHop),
]

export const maskOf = (length: number): number => (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0)

function sizeOf({ options }: Message4): number {
  const value = options.get(OPTION.maxSize)
  return value?.length === 2 ? (value[0] ?? 0) * 256 + (value[1] ?? 0) : 0
}
