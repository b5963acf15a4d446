/** Connections of the API, over real sockets: how many, and how long they may take. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type ApiOptions, apiOn } from '../support/api.ts'

type Test = Parameters<typeof apiOn>[0]

async function serving(t: Test, limits: ApiOptions['limits'], options: ApiOptions = {}) {
  const api = await apiOn(t, { ...options, limits: limits ?? {} })
  const address = await api.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = new URL(address)
  const open = async (localAddress = '127.0.0.1'): Promise<Socket> => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress })
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  /** The socket's first answer, to its headers. */
  const ask = async (socket: Socket, path = '/healthz'): Promise<string> => {
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.toString()
  }
  const metric = async (name: string) => {
    const { text } = (await api.call('GET', '//metrics')).body
    return Number(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(String(text))?.[1])
  }
  return { ...api, address, open, ask, metric }
}

/** Resolves when the socket is closed, or at once if it is. */
const closed = async (socket: Socket) => {
  socket.resume()
  if (!socket.closed) await once(socket, 'close')
}

const STREAM = '/v1/projects/red/events'

t.test('B135: a new connection takes the place of one without a request, of its own address first', async (t) => {
  const { open, ask, metric } = await serving(t, { max_connections: 4, max_connections_per_address: 3 })
  const first = await open()
  t.match(await ask(first), /^HTTP\/1.1 200/)
  const other = await open('127.0.0.2')
  t.match(await ask(other), /^HTTP\/1.1 200/)
  const [second, third] = [await open(), await open()]
  await ask(second)
  await ask(third)
  t.equal(await metric('plugboard_http_connections'), 4)
  const fourth = await open()
  await closed(first)
  t.match(await ask(fourth), /^HTTP\/1.1 200/)
  t.match(await ask(other), /^HTTP\/1.1 200/, 'another address has lost nothing')
  const stranger = await open('127.0.0.3')
  t.match(await ask(stranger), /^HTTP\/1.1 200/, 'in total, the one that is idle for the longest time makes room')
  await closed(second)
  t.equal(await metric('plugboard_http_connections'), 4)
  t.equal(await metric('plugboard_http_refused_total{reason="connections"}'), 2)
})

t.test('B135: if all connections have requests under way, a new one is told to try again later', async (t) => {
  const { open, ask, address } = await serving(t, { max_connections: 3, max_connections_per_address: 2 })
  const [one, two] = [await open(), await open()]
  t.match(await ask(one, STREAM), /^HTTP\/1.1 200/)
  t.match(await ask(two, STREAM), /^HTTP\/1.1 200/)
  const late = await open()
  const answer = await ask(late)
  t.match(answer, /^HTTP\/1.1 503/)
  t.match(answer, /^retry-after: 1\r$/m)
  t.match(answer, /^connection: close\r$/m)
  t.match(answer, /"code":"unavailable"/)
  await closed(late)
  t.match(await ask(await open('127.0.0.2')), /^HTTP\/1.1 200/, 'the limit of one address leaves room for others')
  two.destroy()
  await closed(two)
  while (!(await fetch(`${address}/healthz`)).ok) await sleep(10)
  t.pass('there is room again')
})

t.test('B136: headers and bodies that do not arrive in time get a 408, whatever trickles in', async (t) => {
  const { open, call } = await serving(t, { header_seconds: 1, request_seconds: 2 })
  const trickle = (socket: Socket, begin: string) => {
    socket.write(begin)
    const timer = setInterval(() => socket.write('x'), 100)
    socket.once('close', () => clearInterval(timer))
    return text(socket)
  }
  const headers = trickle(await open(), 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ')
  const body = trickle(
    await open(),
    'POST /v1/projects/red/vnics HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 200000\r\n\r\n{"name":"',
  )
  const silent = text(await open())
  for (const answer of await Promise.all([headers, body])) {
    t.match(answer, /^HTTP\/1.1 408[\s\S]*"code":"request-timeout"/)
    t.match(answer, /^x-request-id: [0-9a-f-]{36}\r$/m)
    t.match(answer, /^x-content-type-options: nosniff\r$/m)
  }
  t.match(await silent, /^HTTP\/1.1 408/)
  t.strictSame((await call('GET', '/projects/red/vnics')).body.vnics, [])
})

t.test('B136: the body of a request for nothing, or without a token, is not waited for', async (t) => {
  const tokens = { all: { project: '*', role: 'admin' } } as const
  const { open } = await serving(t, {}, { tokens })
  for (const [path, status] of [
    ['/nothing', 404],
    ['/v1/projects/red/vnics', 401],
  ] as const) {
    const socket = await open()
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 200000\r\n\r\n{`,
    )
    const [answer] = (await once(socket, 'data')) as [Buffer]
    t.match(answer.toString(), new RegExp(`^HTTP/1.1 ${status}`), path)
  }
})

t.test('B131: a stream that nobody reads is ended, and one that is read slowly is not', async (t) => {
  const { open, controller, metric } = await serving(t, { unread_seconds: 2 })
  const [dead, slow] = [await open(), await open()]
  for (const socket of [dead, slow]) {
    socket.pause()
    socket.write(`GET ${STREAM} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  }
  while ((await metric('plugboard_event_streams')) < 2) await sleep(10)
  let read = 0
  slow.on('data', (chunk: Buffer) => {
    read += chunk.length
    slow.pause()
    setTimeout(() => slow.resume(), 10)
  })
  slow.resume()
  const data = { id: 'v', project: 'red', name: 'x'.repeat(100_000), status: 'active', migration: null } as const
  const refused = () => metric('plugboard_http_refused_total{reason="unread-stream"}')
  // More than the kernel keeps for a reader.
  for (let id = 1; id <= 300; id++) controller.events.append([{ id, project: 'red', type: 'vnic.status', data }])
  while ((await refused()) === 0) await sleep(50)
  t.equal(await refused(), 1)
  t.equal(await metric('plugboard_event_streams'), 1)
  t.ok(read > 0 && !slow.destroyed)
})
