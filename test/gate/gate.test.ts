/** The gate of a listener, with real sockets: who gets in, who pays for it, and when. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { networkOf } from '../../src/core/network-of.ts'
import { apiConnectionsFor, connectionsFor } from '../../src/gate/descriptors.ts'
import { Gate, type GateLimits } from '../../src/gate/gate.ts'
import { stopClock } from '../support/stopped-clock.ts'

const WIDE: GateLimits = { maxConnections: 100, maxUnknown: 100, maxUnknownPerAddress: 100, joinSeconds: 30 }

/** A server behind a gate. `call` connects from an address, and resolves when the server has accepted or refused the socket. */
async function gated(t: Test, limits: Partial<GateLimits>) {
  const refused: string[] = []
  const gate = new Gate({ ...WIDE, ...limits }, (address, reason) => refused.push(`${address}: ${reason}`))
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.on('connection', (socket) => gate.enter(socket))
  const call = async (from: string) => {
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const socket = connect({ host: '127.0.0.1', port, localAddress: from })
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    const [there] = await accepted
    const name = `${there.remoteAddress}:${there.remotePort}`
    return { socket, name, there, isOpen: () => !there.destroyed }
  }
  return { gate, refused, call }
}

t.test(
  'B104: of one address, the oldest unknown connection makes room; other addresses are not concerned',
  async (t) => {
    const { gate, refused, call } = await gated(t, { maxUnknownPerAddress: 2 })
    const other = await call('127.0.0.9')
    const mine = [await call('127.0.0.8'), await call('127.0.0.8'), await call('127.0.0.8')]
    t.strictSame(
      mine.map(({ isOpen }) => isOpen()),
      [false, true, true],
    )
    t.ok(other.isOpen())
    t.match(refused, [/^127\.0\.0\.8: its address has too many connections/])
    t.strictSame([gate.unknown, gate.known, gate.refusals], [3, 0, 1])
  },
)

t.test(
  'B104: when too many are unknown, the address with the most of them pays, and nobody who is known',
  async (t) => {
    const { gate, call } = await gated(t, { maxUnknown: 4 })
    const known = await call('127.0.0.8')
    gate.admit(`::ffff:${known.name}`)
    const many = [await call('127.0.0.8'), await call('127.0.0.8'), await call('127.0.0.8')]
    const few = await call('127.0.0.7')
    const late = await call('127.0.0.9')
    t.strictSame(
      [known, ...many, few, late].map(({ isOpen }) => isOpen()),
      [true, false, true, true, true, true],
    )
    t.strictSame([gate.unknown, gate.known], [4, 1])
  },
)

t.test('B104: a flood of new connections does not keep one from joining', async (t) => {
  const { gate, call } = await gated(t, { maxUnknown: 8, maxUnknownPerAddress: 4 })
  const flood = async (address: string) => {
    for (let n = 0; n < 12; n += 1) await call(address)
  }
  await flood('127.0.0.8')
  const rightful = await call('127.0.0.9')
  await flood('127.0.0.7')
  await flood('127.0.0.8')
  t.ok(rightful.isOpen())
  gate.admit(rightful.name)
  t.equal(gate.known, 1)
})

t.test(
  'B105: beyond all connections, an unknown one makes room; if all are known, the new one is refused',
  async (t) => {
    const { gate, refused, call } = await gated(t, { maxConnections: 2 })
    const first = await call('127.0.0.8')
    gate.admit(first.name)
    const second = await call('127.0.0.8')
    const third = await call('127.0.0.9')
    t.strictSame([first.isOpen(), second.isOpen(), third.isOpen()], [true, false, true])
    gate.admit(third.name)
    const fourth = await call('127.0.0.9')
    t.strictSame([first.isOpen(), third.isOpen(), fourth.isOpen()], [true, true, false])
    t.match(refused.at(-1), /^127\.0\.0\.9: 2 connections are open/)
    first.socket.destroy()
    await once(first.there, 'close')
    t.ok((await call('127.0.0.9')).isOpen(), 'a place is free again')
  },
)

t.test('B102: a connection that is not known in time is closed with the reason, and a known one stays', async (t) => {
  const clock = stopClock(t)
  const { gate, refused, call } = await gated(t, { joinSeconds: 10 })
  const silent = await call('127.0.0.8')
  const known = await call('127.0.0.8')
  gate.admit(known.name)
  const reason = once(silent.there, 'error')
  clock.tick(9_999)
  await turn()
  t.ok(silent.isOpen())
  clock.tick(1)
  t.match(await reason, [{ message: 'it has not joined within 10 s' }])
  clock.tick(100_000)
  t.ok(known.isOpen())
  t.same(refused, ['127.0.0.8: it has not joined within 10 s'])
})

t.test('a caller has all addresses of its IPv6 network', async (t) => {
  t.equal(networkOf('2001:db8:0:1::5'), networkOf('2001:db8:0:1:ffff::9'))
  t.not(networkOf('2001:db8:0:1::5'), networkOf('2001:db8:0:2::5'))
  t.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'))
  t.equal(networkOf('::ffff:10.0.0.1'), '10.0.0.1')
  t.not(networkOf('10.0.0.1'), networkOf('10.0.0.2'))
})

t.test('B105: a quarter of the descriptors, and 256 at least, are kept back', async (t) => {
  t.same([1024, 20_000, 100, Number.POSITIVE_INFINITY].map(connectionsFor), [384, 7_500, 16, Number.POSITIVE_INFINITY])
  const left = (descriptors: number) => apiConnectionsFor(descriptors, [4096, 4096])
  t.same([1024, 20_000, 100, Number.POSITIVE_INFINITY].map(left), [192, 11_744, 16, Number.POSITIVE_INFINITY])
})
