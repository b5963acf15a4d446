/** A DHCP client for tests: its lease, frames as it sends them, and what it hears. */
import { BROADCAST, BROADCAST_MAC, readUdp4, writeUdp4 } from '../../../src/engines/dhcp/frames.ts'
import { type Message4, OPTION, octet, readMessage4, TYPES, writeMessage4 } from '../../../src/engines/dhcp/message4.ts'
import type { Lease4 } from '../../../src/engines/dhcp/server4.ts'
import { ipv4, mac, printIpv4 } from '../../../src/openflow/index.ts'

export const CLIENT = mac('02:00:00:00:00:05')
export const SERVER = { address: ipv4('10.9.0.1'), mac: mac('02:50:4c:55:47:01') }
export const LEASE: Lease4 = {
  mac: CLIENT,
  address: ipv4('10.9.0.5'),
  prefixLength: 24,
  gateway: ipv4('10.9.0.1'),
  dns: [ipv4('192.0.2.53')],
  routes: [],
  mtu: 1450,
  seconds: 86_400,
  server: SERVER,
}

/** The answer that a client gets: the datagram, the message, and its options in hexadecimal, in order. */
export function heard(frame: Uint8Array | undefined) {
  const datagram = frame && readUdp4(frame)
  const message = datagram && readMessage4(datagram.payload)
  if (!datagram || !message) return undefined
  const hex = (value: Uint8Array) => Buffer.from(value).toString('hex')
  return {
    datagram,
    message,
    to: printIpv4(datagram.to.address),
    your: printIpv4(message.yiaddr),
    options: new Map([...message.options].map(([code, value]) => [code, hex(value)])),
  }
}

export interface Wish {
  readonly type: keyof typeof TYPES
  readonly options?: ReadonlyArray<readonly [number, Uint8Array]>
  readonly message?: Partial<Message4>
  readonly from?: string
}

/** A frame as a client sends it. */
export function asked({ type, options = [], message = {}, from = '0.0.0.0' }: Wish): Uint8Array {
  const whole: Message4 = {
    op: 'request',
    xid: 7,
    broadcast: false,
    ciaddr: 0,
    yiaddr: 0,
    giaddr: 0,
    chaddr: CLIENT,
    options: new Map([[OPTION.type, octet(TYPES[type])], ...options]),
    ...message,
  }
  return writeUdp4({
    from: { mac: CLIENT, address: ipv4(from), port: 68 },
    to: { mac: BROADCAST_MAC, address: BROADCAST, port: 67 },
    payload: writeMessage4(whole),
  })
}
