/** Peers that send long, slow and endless messages: memory and time are limited, and other connections go on. */
import { once } from 'node:events'
import { connect as dial, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Closed, type Connection, type ListenOptions, listen } from '../../src/ovsdb/index.ts'
import { stopClock } from '../support/stopped-clock.ts'
import { Peer } from './peer.ts'

const echo = (id: string, params: unknown[] = []) => ({ id, method: 'echo', params })

t.test(
  'B101: while a long message is read, other connections are served, and the order of messages stays',
  async (t) => {
    using long = await Peer.start()
    using short = await Peer.start()
    const answered: string[] = []
    long.say(echo('long', Array(400_000).fill('x')), echo('after'))
    short.say(echo('short'))
    const answers = async (peer: Peer, count: number) => {
      for (let n = 0; n < count; n += 1) answered.push(String((await peer.next()).id))
    }
    await Promise.all([answers(long, 2), answers(short, 1)])
    t.strictSame(answered, ['short', 'long', 'after'])
  },
)

t.test('B101: a connection that ends while its message is read leaves the next one its turn', async (t) => {
  using gone = await Peer.start()
  using other = await Peer.start()
  const params = Array(400_000).fill('x')
  gone.say(echo('gone', params))
  while (gone.socket.writableLength > 0) await turn()
  gone.connection.close()
  other.say(echo('other', params))
  t.equal((await other.next()).id, 'other')
})

t.test('B100: a message of very many values is refused, and so is one that is too long', async (t) => {
  for (const [text, words] of [
    [`{"a":[${'[],'.repeat(100_000)}`, /more than 12500 brackets/],
    [`{"a":"${'x'.repeat(200_000)}`, /more than 100000 bytes/],
  ] as const) {
    using peer = await Peer.start({ maxMessage: 100_000 })
    peer.socket.write(text)
    const { error } = await peer.connection.closed
    t.match(error, { code: 'message-too-large', message: words })
  }
})

t.test('B100: the size of messages can be raised while a connection is open', async (t) => {
  using peer = await Peer.start({ maxMessage: 1_000 })
  peer.connection.maxMessage = 10_000
  peer.say(echo('long', ['x'.repeat(5_000)]))
  t.equal((await peer.next()).id, 'long')
})

t.test('B102: a message that does not end in time closes the connection, however many octets come', async (t) => {
  const clock = stopClock(t)
  using peer = await Peer.start({ messageTimeout: 1_000 })
  for (let n = 0; n < 4; n += 1) {
    // Each message ends in time, and the next one has begun.
    peer.socket.write(n === 0 ? '{"id":"a","me' : 'thod":"echo","params":[]}{"id":"a","me')
    if (n > 0) await peer.next()
    clock.tick(900)
  }
  peer.socket.write('thod":"echo","params":[]}{"id":"b","method":"echo","params":["')
  await peer.next()
  const { closed } = peer.connection
  for (let n = 0; n < 9; n += 1) {
    peer.socket.write('x')
    clock.tick(100)
    await turn()
  }
  let isClosed = false
  void closed.then(() => (isClosed = true))
  await turn()
  t.notOk(isClosed)
  clock.tick(100)
  t.match((await closed).error, { code: 'message-too-slow' })
})

t.test('B102: a peer that answers echo requests alone is closed when a request stays without an answer', async (t) => {
  const clock = stopClock(t)
  using peer = await Peer.start({ requestTimeout: 400, probeInterval: 50 })
  const dbs = t.rejects(peer.connection.listDbs(), { code: 'closed' })
  t.match(await peer.next(), { method: 'list_dbs' })
  let isClosed = false
  const closed = peer.connection.closed.then((end) => {
    isClosed = true
    return end
  })
  for (let n = 0; n < 10 && !isClosed; n += 1) {
    clock.tick(50)
    await turn()
    if (isClosed) break
    const { id, method } = await peer.next()
    t.equal(method, 'echo')
    peer.say({ id, result: [], error: null }, echo('heard'))
    await peer.next()
  }
  t.match((await closed).error, { code: 'no-answer', message: 'no answer to list_dbs for 400 ms' })
  await dbs
})

/** A listener, and sockets that connect to it. */
async function listening(t: Test, options: Partial<ListenOptions>) {
  const connections: Connection[] = []
  const place = { host: '127.0.0.1', port: 0 }
  const listener = await listen(place, { ...options, onConnection: (connection) => void connections.push(connection) })
  t.teardown(() => listener.close())
  const { port } = listener.address as { port: number }
  const call = async (from: string): Promise<readonly [Socket, Connection]> => {
    const socket = dial({ host: '127.0.0.1', port, localAddress: from })
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    for (;;) {
      const connection = connections.find(({ remotePort }) => remotePort === socket.localPort)
      if (connection) return [socket, connection]
      await turn()
    }
  }
  return { call }
}

t.test('B103: all unfinished messages together are bounded, and the address that holds the most pays', async (t) => {
  const { call } = await listening(t, { maxHeld: 2_000_000 })
  const [rightful, kept] = await call('127.0.0.2')
  const begin = `{"id":"a","method":"echo","params":["${'x'.repeat(350_000)}`
  rightful.write(begin)
  const ends: Promise<Closed>[] = []
  const rest: Connection[] = []
  for (let n = 0; n < 6; n += 1) {
    const [socket, connection] = await call('127.0.0.3')
    socket.write(begin)
    ends.push(connection.closed)
    rest.push(connection)
  }
  // Each takes 350 to 700 KB of memory, so four of this address fit at most beside that of the other one.
  let closed = 0
  for (const end of ends) void end.then(() => (closed += 1))
  while (closed < 2) await turn()
  t.match((await Promise.race(ends)).error, { code: 'message-too-large', message: /of all connections/ })
  const answer = once(rightful, 'data')
  rightful.write('"]}')
  await answer
  t.ok(kept.heard)
})

t.test('B109: a peer that sends requests and reads no answers is closed', async (t) => {
  const { call } = await listening(t, { maxUnread: 200_000 })
  const [socket, connection] = await call('127.0.0.2')
  socket.pause()
  let isClosed = false
  void connection.closed.then(() => (isClosed = true))
  while (!isClosed) {
    socket.write(JSON.stringify(echo('a', ['x'.repeat(50_000)])))
    await turn()
  }
  t.match((await connection.closed).error, { code: 'peer-not-reading' })
})
