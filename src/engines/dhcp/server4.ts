/**
 * A DHCP server that knows what a client is to have before it asks (RFC 2131, 4.3): a function of the question and the lease. So it
 * keeps no record of leases, and whoever answers for a hypervisor answers alike.
 */
import { BROADCAST, BROADCAST_MAC, type Datagram, readUdp4, writeUdp4 } from './frames.ts'
import {
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

/** What one client is to have. Addresses are numbers of 32 bits, times seconds. */
export interface Lease4 {
  /** The client's MAC address: nobody else is answered. */
  readonly mac: number
  readonly address: number
  readonly prefixLength: number
  readonly gateway: number | null
  readonly dns: readonly number[]
  readonly routes: readonly Route4[]
  /** Octets of the largest packet. */
  readonly mtu: number
  readonly seconds: number
  /** Who answers: the server identifier, to which renewals go, and the MAC address that its frames come from. */
  readonly server: { readonly address: number; readonly mac: number }
}

export interface Route4 {
  readonly destination: number
  readonly prefixLength: number
  /** 0: it is on the link (RFC 3442). */
  readonly nextHop: number
}

/** What the client is told, if anything, and what is to be known of it. */
export interface Told {
  readonly frame?: Uint8Array
  readonly note?: string
}

const [SERVER_PORT, CLIENT_PORT] = [67, 68]
/** What every client takes: 576 octets, less IP and UDP (RFC 2131, 2). */
const [USUAL_SIZE, HEADERS] = [576, 28]

/** @param frame from the client, of whatever content */
export function serve4(frame: Uint8Array, lease: Lease4): Told {
  const datagram = readUdp4(frame)
  const message = datagram?.to.port === SERVER_PORT ? readMessage4(datagram.payload) : undefined
  // A VM is no relay: one that comes through it is not the VM's.
  if (!datagram || message?.op !== 'request' || message.giaddr !== 0 || message.chaddr !== lease.mac) return {}
  switch (typeOf(message)) {
    case 'discover':
      return { frame: give('offer', message, datagram, lease) }
    case 'request':
      return request(message, datagram, lease)
    case 'inform':
      return { frame: give('ack', message, datagram, lease) }
    case 'decline':
      return { note: 'a DHCP client says that somebody else has the address that it was given' }
    case 'release':
      return { note: 'a DHCP client gives its address back: the port keeps it' }
    default:
      return {}
  }
}

/** RFC 2131, 4.3.2: selecting an offer, after a reboot, to renew or rebind. */
function request(message: Message4, datagram: Datagram<number>, lease: Lease4): Told {
  const chosen = message.options.has(OPTION.server)
  const wanted = wordOf(message, OPTION.requestedAddress)
  // It has taken another server's offer.
  if (chosen && wordOf(message, OPTION.server) !== lease.server.address) return {}
  const address = wanted ?? (chosen || message.ciaddr === 0 ? undefined : message.ciaddr)
  if (address === undefined) return {}
  return { frame: address === lease.address ? give('ack', message, datagram, lease) : refuse(message, lease) }
}

function give(type: Type, message: Message4, datagram: Datagram<number>, lease: Lease4): Uint8Array {
  const { ciaddr } = message
  const isInform = typeOf(message) === 'inform'
  const reply: Message4 = {
    ...message,
    op: 'reply',
    ciaddr: type === 'ack' ? ciaddr : 0,
    yiaddr: isInform ? 0 : lease.address,
    options: new Map([
      ...about(type, message, lease),
      ...(isInform ? [] : times(lease)),
      ...inOrder(settings(message, lease), message),
    ]),
  }
  const size = Math.max(USUAL_SIZE, sizeOf(message)) - HEADERS
  const payload = writeMessage4(reply, size)
  // To its address where it has one, else as it can hear it (RFC 2131, 4.1).
  const heard = ciaddr !== 0 ? ciaddr : isInform || message.broadcast ? BROADCAST : lease.address
  const mac = heard === BROADCAST ? BROADCAST_MAC : ciaddr !== 0 ? datagram.from.mac : message.chaddr
  return send(payload, lease, heard, mac)
}

/** It must not use that address. Everybody hears of it, in case the client has one by which it cannot be reached. */
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

/** What the message is, whose, and to whom (RFC 6842: the client's identifier comes back). */
function about(type: Type, { options }: Message4, { server }: Lease4): Map<number, Uint8Array> {
  const client = options.get(OPTION.client)
  return new Map([
    [OPTION.type, octet(TYPES[type])],
    [OPTION.server, words(server.address)],
    ...(client ? ([[OPTION.client, client]] as const) : []),
  ])
}

/** It renews after half of the time, and asks anybody after seven eighths (RFC 2131, 4.4.5). */
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
  if (routes.length > 0) found.set(OPTION.routes, Uint8Array.from(routes.flatMap(routeOctets)))
  if (gateway !== null) found.set(OPTION.router, words(gateway))
  if (dns.length > 0) found.set(OPTION.dns, words(...dns))
  found.set(OPTION.mtu, pair(mtu))
  if (options.get(OPTION.parameters)?.includes(OPTION.broadcast))
    found.set(OPTION.broadcast, words((address | ~mask) >>> 0))
  return found
}

/** Those asked for, as the client wants them, then the others. The mask is first, since it must be before the router. */
function inOrder(found: ReadonlyMap<number, Uint8Array>, { options }: Message4): Array<[number, Uint8Array]> {
  const asked = options.get(OPTION.parameters) ?? []
  const codes = new Set<number>([OPTION.mask, ...asked, ...found.keys()])
  return [...codes].flatMap((code): Array<[number, Uint8Array]> => {
    const value = found.get(code)
    return value ? [[code, value]] : []
  })
}

/** Who knows this option does not look at the router's: so the default route is among them (RFC 3442). */
function routesOf({ routes, gateway, server }: Lease4): Route4[] {
  // Without a gateway the server would not be reached to renew.
  const toServer = { destination: server.address, prefixLength: 32, nextHop: 0 }
  const all = [...routes, ...(gateway === null ? [toServer] : [])]
  if (all.length === 0 || gateway === null) return all
  return [...all, { destination: 0, prefixLength: 0, nextHop: gateway }]
}

/** The length of the prefix, as many octets of it as that takes, the next hop. */
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
