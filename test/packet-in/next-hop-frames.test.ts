/** Packets that wait for their next hop: how many, how long, and that they continue when it is found. */
import { mock } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import pino from 'pino'
import t from 'tap'
import { cookieOf } from '../../flows/pipeline/cookie.ts'
import { CLASSIFY } from '../../flows/pipeline/table.ts'
import { HOP } from '../../flows/stages/nat/nat-tables.ts'
import type { Message, PacketIn, Session } from '../../src/openflow/index.ts'
import { readArpReply, readDestination } from '../../src/packet-in/next-hop-frames.ts'
import { NextHops } from '../../src/packet-in/next-hops.ts'
import type { Fleet } from '../../src/switches/fleet.ts'
import type { Key } from '../../topology/ids.ts'
import { graphOf } from '../support/cloud.ts'
import { binding, ENGINES, hypervisor, hypervisorId, natNetwork, natPort, vnic } from '../support/nodes.ts'

const HERE = hypervisorId(0)
const [PORT, NOBODY] = [300 as Key, 999 as Key]
const octets = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

/** A packet from 203.0.113.17 to an address, which is given as four octets in hexadecimal. */
const packetTo = (address: string): Uint8Array =>
  octets(`0e5000000001 0e51cb007111 0800 4500001c 00010000 4011 0000 cb007111 ${address} 1000100000080000`)
/** An ARP reply of 02:00:00:00:00:99, in VLAN 50. */
const replyOf = (address: string): Uint8Array =>
  octets(`0e51cb007111 020000000099 81000032 0806 0001080006040002 020000000099 ${address} 0e51cb007111 cb007111`)
const [NEAR, FAR, ROUTER] = ['cb0071c8', 'c6336401', 'cb007101']

function stage(test: { teardown(stop: () => void): void }) {
  const graph = graphOf({
    hypervisors: [hypervisor(0)],
    networks: [natNetwork(1)],
    ports: [natPort(0, 1, 1)],
    vnics: [vnic(0, 0)],
    bindings: [binding(0, 0)],
  })
  const sent: string[] = []
  const send = (message: Message) => {
    if (message.type !== 'packet_out') throw new Error(`it sends ${message.type}`)
    sent.push(Buffer.from(message.data).toString('hex').slice(0, 84))
  }
  const session = { send } as unknown as Session
  const fleet = { entries: () => [[HERE, { ready: true, session }]] } as unknown as Fleet
  const hops = new NextHops({ graph, rules: ENGINES, fleet, log: pino({ level: 'silent' }) })
  test.teardown(() => hops.close())
  const asked = (table: number, data: Uint8Array, author = PORT, where = HERE) =>
    hops.packetIn(where, session, { table, data, cookie: cookieOf(author) } as PacketIn)
  const waits = (address: string) => asked(HOP.number, packetTo(address))
  const found = (address: string) => asked(CLASSIFY.number, replyOf(address))
  return { sent, asked, waits, found }
}
const question = (address: string): string =>
  `ffffffffffff0e51cb007111080600010800060400010e51cb007111cb007111000000000000${address}`
const isPacket = (hex: string): boolean => hex.slice(24, 28) === '0800'

t.test('a packet waits for its next hop, which is requested once, and continues', async (t) => {
  const { sent, waits, found } = stage(t)
  for (let n = 0; n < 20; n++) waits(NEAR)
  t.same(sent, [question(NEAR)])
  found(FAR)
  t.equal(sent.length, 1, 'an answer that no packet waits for is ignored')
  found(NEAR)
  t.equal(sent.filter(isPacket).length, 8, 'no more packets wait')
  found(NEAR)
  t.equal(sent.length, 9, 'once')
  waits(FAR)
  t.equal(sent.at(-1), question(ROUTER), 'packets to other networks go through the router')
})

t.test(
  'a next hop is requested three times, then waiting packets are dropped, and the next packet starts again',
  async (t) => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    t.teardown(() => mock.timers.reset())
    const { sent, waits, found } = stage(t)
    waits(NEAR)
    for (let second = 0; second < 5; second++) mock.timers.tick(1000)
    t.same(sent, [question(NEAR), question(NEAR), question(NEAR)])
    found(NEAR)
    t.equal(sent.length, 3, 'too late')
    waits(NEAR)
    found(NEAR)
    t.same(sent.slice(3).map(isPacket), [false, true])
  },
)

t.test('routers are asked for every ten seconds', async (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.teardown(() => mock.timers.reset())
  const { sent } = stage(t)
  mock.timers.tick(9_999)
  t.same(sent, [])
  mock.timers.tick(10_001)
  // On a busy machine, the requests of one round may take more than one turn of the event loop.
  while (sent.length < 2) await setImmediate()
  t.same(sent, [question(ROUTER), question(ROUTER)])
})

t.test('a packet from an unknown sender or place is ignored', async (t) => {
  const { sent, asked } = stage(t)
  asked(HOP.number, packetTo(NEAR), NOBODY)
  asked(HOP.number, packetTo(NEAR), PORT, hypervisorId(1))
  asked(HOP.number, octets('00'))
  asked(CLASSIFY.number, octets('00'))
  t.same(sent, [])
})

t.test('frames: destinations and answers, with a tag or without; whatever else is neither', async (t) => {
  t.equal(readDestination(packetTo(NEAR)), 0xcb0071c8)
  t.same(readArpReply(replyOf(NEAR)), { address: 0xcb0071c8, mac: 0x020000000099 })
  const [packet, reply] = [packetTo(NEAR), replyOf(NEAR)]
  for (let length = 0; length < 34; length++) t.equal(readDestination(packet.subarray(0, length)), undefined)
  for (let length = 0; length < 46; length++) t.equal(readArpReply(reply.subarray(0, length)), undefined)
  t.equal(readDestination(reply), undefined)
  t.equal(readArpReply(packet), undefined)
  t.equal(readArpReply(octets(question(NEAR))), undefined, 'a request')
})
