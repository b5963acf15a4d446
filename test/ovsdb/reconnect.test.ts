import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { type Connection, openVSwitch, type Retry, reconnecting, replicate } from '../../src/ovsdb/index.ts'
import { Relay } from './relay.ts'
import { freePort, Server, skip } from './server.ts'

/** Collects values so that a test can await them one by one. */
class Queue<T> {
  readonly #values: T[] = []
  #wake = () => {}

  readonly put = (value: T): void => {
    this.#values.push(value)
    this.#wake()
  }

  async take(): Promise<T> {
    for (;;) {
      const [value] = this.#values.splice(0, 1)
      if (value !== undefined) return value
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

t.test('ovsdb-server is killed and comes back', { skip }, async (t) => {
  await using server = await Server.start()
  const connections = new Queue<Connection>()
  const retries = new Queue<Retry>()
  const link = reconnecting(
    { path: server.path },
    { onConnection: connections.put, onRetry: retries.put, backoff: { min: 10, max: 80 } },
  )
  const first = await connections.take()
  t.equal(link.connection, first)
  await first.listDbs()

  await server.kill()
  t.match(await first.closed, { reason: /./ })
  const delays: number[] = []
  while (delays.length < 6) delays.push((await retries.take()).delay)
  t.same(delays, [10, 20, 40, 80, 80, 80])

  await server.start()
  const second = await connections.take()
  const replica = await replicate(second, openVSwitch)
  t.equal(replica.tables.Open_vSwitch.size, 1)
  second.close('for a change')
  let retry = await retries.take()
  while (retry.reason !== 'for a change') retry = await retries.take()
  t.equal(retry.delay, 10, 'the delay starts again at its minimum once a server has answered')

  const third = await connections.take()
  await link.close('the end')
  t.same(await third.closed, { reason: 'the end', error: undefined })
  t.equal(link.connection, undefined)
})

/**
 * Longer than a connection lives that the server closes at once, even on a busy machine. A connection that lives longer resets
 * the delay.
 */
const BACKOFF = { min: 100, max: 400 }

t.test('a server that accepts and disconnects does not reset the backoff', async (t) => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP port')
  const retries = new Queue<Retry>()
  const link = reconnecting(
    { host: '127.0.0.1', port: address.port },
    { onConnection: () => undefined, onRetry: retries.put, backoff: BACKOFF },
  )
  const delays = [(await retries.take()).delay, (await retries.take()).delay, (await retries.take()).delay]
  t.same(delays, [100, 200, 400])
  await link.close()
})

t.test('several servers are tried in order, with a pause after each round', async (t) => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP port')
  const there = { host: '127.0.0.1', port: address.port }
  const dead = { host: '127.0.0.1', port: await freePort() }
  const retries = new Queue<Retry>()
  const link = reconnecting([dead, there, dead], {
    onConnection: () => undefined,
    onRetry: retries.put,
    backoff: BACKOFF,
  })
  const delays: number[] = []
  const reasons: string[] = []
  while (delays.length < 9) {
    const { delay, reason } = await retries.take()
    delays.push(delay)
    reasons.push(reason)
  }
  t.same(delays, [0, 0, 100, 0, 0, 200, 0, 0, 400])
  t.match(reasons, [/ECONNREFUSED/, /closed/, /ECONNREFUSED/])
  await link.close()
  await t.rejects(link.connected(), { code: 'closed' })
  t.throws(() => reconnecting([], { onConnection: () => undefined }), TypeError)
})

t.test('connected resolves with the connection, or rejects after close', { skip }, async (t) => {
  await using server = await Server.start()
  const dead = { host: '127.0.0.1', port: await freePort() }
  const link = reconnecting([dead, { path: server.path }], { onConnection: () => undefined })
  const [one, other] = await Promise.all([link.connected(), link.connected()])
  t.equal(one, other)
  t.equal(await link.connected(), link.connection)
  await link.close()
  const none = reconnecting(dead, { onConnection: () => undefined })
  const waiting = none.connected()
  await none.close()
  await t.rejects(waiting, { code: 'closed' })
})

t.test('a server without _Server or set_db_change_aware is suitable', { skip }, async (t) => {
  await using server = await Server.start()
  for (const unknown of ['"_Server"', '"set_db_change_aware"']) {
    await using relay = await Relay.start({ path: server.path }, (text) => text.replace(unknown, '"nothing"'))
    const member = { database: 'Open_vSwitch', leaderOnly: true }
    const link = reconnecting(relay.target, { member, onConnection: () => undefined })
    const connection = await link.connected()
    t.match(relay.down, /unknown (database|method)/)
    t.same(await connection.echo(), [])
    await link.close()
  }
})

t.test('closed while it waits', async (t) => {
  const retries = new Queue<Retry>()
  const link = reconnecting(
    { host: '127.0.0.1', port: await freePort() },
    { onConnection: () => void t.fail('nobody is there'), onRetry: retries.put },
  )
  t.match(await retries.take(), { delay: 1000, reason: /ECONNREFUSED/ })
  await link.close()
  await link.close()
})

t.test('closed by onRetry', async (t) => {
  const port = await freePort()
  const closed = new Promise<number>((resolve) => {
    const link = reconnecting(
      { host: '127.0.0.1', port },
      {
        onConnection: () => void t.fail('nobody is there'),
        backoff: { min: 5000, max: 5000 },
        onRetry() {
          const began = performance.now()
          void link.close().then(() => resolve(performance.now() - began))
        },
      },
    )
  })
  t.ok((await closed) < 1000)
})

t.test('an onRetry that throws causes a warning, and the next attempt is made', async (t) => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  const retries = new Queue<Retry>()
  const link = reconnecting(
    { host: '127.0.0.1', port: await freePort() },
    {
      onConnection: () => void t.fail('nobody is there'),
      backoff: { min: 2, max: 8 },
      onRetry(retry) {
        retries.put(retry)
        throw new Error('boom')
      },
    },
  )
  t.same([(await retries.take()).delay, (await retries.take()).delay], [2, 4])
  t.match(await warned, { message: 'boom' })
  await link.close()
})
