/** Sessions with peers that send too much, answer nothing, or read nothing: memory and time are bounded. */
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { encode, type Message, type OpenFlowError, type Session } from '../../../src/openflow/index.ts'
import { stopClock } from '../../support/stopped-clock.ts'
import { first, listener, mod, pair } from '../support/pair.ts'
import { Peer } from '../support/peer.ts'

const packetIn = (xid: number, data = new Uint8Array()): Message => ({
  type: 'packet_in',
  xid,
  bufferId: 0xffffffff,
  totalLength: data.length,
  reason: 'table_miss',
  table: 0,
  cookie: 0n,
  match: [],
  data,
})

const part = (xid: number, size: number, more = true): Message => ({
  type: 'multipart_reply',
  xid,
  multipart: 'flow',
  ...(more ? { more } : {}),
  flows: Array.from({ length: size }, (_, priority) => ({
    table: 0,
    priority,
    cookie: 1n,
    match: [],
    instructions: [],
    stats: {},
  })),
})

const request = { type: 'multipart_request', multipart: 'flow' } as const

/** Resolves when the session has stopped reading: for some turns of the event loop, the peer could send nothing more. */
async function heldBack({ socket }: Peer): Promise<void> {
  let [before, turns] = [Number.NaN, 0]
  while (turns < 20) {
    turns = socket.writableLength === before ? turns + 1 : 0
    before = socket.writableLength
    await setImmediate()
  }
}

t.test('a message that a switch sends by itself is an event, even with the xid of a waiting request', async (t) => {
  const { session, peer } = await pair(t)
  const answered = session.barrier()
  const { xid } = await peer.nextOf('barrier_request')
  peer.send(
    packetIn(xid),
    { type: 'role_status', xid, role: 'slave', reason: 'config', generationId: 5n, properties: [] },
    { type: 'unknown', xid, code: 4, body: new Uint8Array(8) },
    { type: 'barrier_reply', xid },
  )
  await answered
  const types: string[] = []
  for await (const { type } of session.events) if (types.push(type) === 3) break
  t.strictSame(types, ['packet_in', 'role_status', 'unknown'])
})

t.test('a dump that is taken slowly stops reading instead of filling the memory', async (t) => {
  const clock = stopClock(t)
  const { session, peer } = await pair(t, { echoInterval: 50 })
  const flows = session.dumpFlows()
  const taken = flows.next()
  const { xid } = await peer.nextOf('multipart_request')
  const octets = encode(part(xid, 600))
  for (let count = 0; count < 1500; count += 1) peer.send(octets)
  peer.send(encode(part(xid, 1, false)))
  await taken
  await heldBack(peer)
  clock.tick(300)
  t.ok(peer.socket.writableLength > 20_000_000, 'most of it waits at its sender')
  let more = 0
  for await (const some of flows) more += some.length
  t.equal(more, 1499 * 600 + 1)
  // The reading goes on, though nothing was heard for many intervals of echo.
  const barrier = session.barrier()
  peer.send({ type: 'barrier_reply', xid: (await peer.nextOf('barrier_request')).xid })
  await barrier
})

t.test('a dump that is no longer taken is discarded, and the session continues', async (t) => {
  const clock = stopClock(t)
  const { session, peer } = await pair(t, { requestTimeout: 100 })
  const flows = session.dumpFlows()
  const taken = flows.next()
  const { xid } = await peer.nextOf('multipart_request')
  for (let count = 0; count < 300; count += 1) peer.send(part(xid, 600))
  await taken
  await heldBack(peer)
  // The consumer of the dump waits for an answer that comes after it.
  const barrier = session.barrier()
  peer.send(part(xid, 1, false), { type: 'barrier_reply', xid: (await peer.nextOf('barrier_request')).xid })
  clock.tick(100)
  await barrier
  await t.rejects(flows.next(), { code: 'timeout' })
})

t.test('reading continues after a dump is abandoned', async (t) => {
  const { session, peer } = await pair(t)
  const flows = session.dumpFlows()
  const taken = flows.next()
  const { xid } = await peer.nextOf('multipart_request')
  for (let count = 0; count < 300; count += 1) peer.send(part(xid, 600))
  await taken
  await heldBack(peer)
  await flows.return()
  const barrier = session.barrier()
  peer.send(part(xid, 1, false), { type: 'barrier_reply', xid: (await peer.nextOf('barrier_request')).xid })
  await barrier
})

t.test('an endless answer closes the connection', async (t) => {
  const { session, peer } = await pair(t)
  const answer = t.rejects(session.request(request), { code: 'closed', message: /more than \d+ octets/ })
  const { xid } = await peer.nextOf('multipart_request')
  const octets = encode({ type: 'multipart_reply', xid, multipart: 'flow', more: true, flows: [] })
  const many = Buffer.concat(Array.from({ length: 2000 }, () => octets))
  const sending = setInterval(() => peer.socket.write(many), 1)
  await answer
  clearInterval(sending)
  t.match(await session.closed, { reason: /more than \d+ octets/ })
})

t.test('events are bounded in octets too', async (t) => {
  const { session, peer } = await pair(t)
  const octets = encode(packetIn(0, new Uint8Array(60_000)))
  for (let count = 0; count < 500; count += 1) peer.send(octets)
  const barrier = session.barrier()
  peer.send({ type: 'barrier_reply', xid: (await peer.nextOf('barrier_request')).xid })
  await barrier
  t.ok(session.dropped > 200 && session.dropped < 300, String(session.dropped))
})

t.test('after a part that cannot be decoded, the rest of that answer is ignored', async (t) => {
  const { session, peer } = await pair(t)
  const flows = session.dumpFlows()
  const taken = flows.next()
  const { xid } = await peer.nextOf('multipart_request')
  const broken: Message = {
    type: 'multipart_reply',
    xid,
    multipart: 'unknown',
    code: 1,
    more: true,
    body: Uint8Array.of(0, 5, 0, 0, 0, 0, 0, 0),
  }
  peer.send(broken, part(xid, 1), part(xid, 1), part(xid, 1, false), packetIn(0), part(xid, 3, false))
  await t.rejects(taken, { code: 'malformed' })
  const events: unknown[] = []
  for await (const event of session.events) if (events.push(event) === 2) break
  t.match(events, [{ type: 'packet_in' }, { type: 'multipart_reply', flows: [{}, {}, {}] }])
})

t.test('a request without an answer ends the connection, though the peer answers echo requests', async (t) => {
  const clock = stopClock(t)
  const { session, peer } = await pair(t, { requestTimeout: 100, echoInterval: 20 })
  const barrier = t.rejects(session.barrier(), { code: 'timeout', message: 'no answer to barrier_request for 100 ms' })
  const config = session.request({ type: 'get_config_request' })
  // One of the two requests is answered. So is one that nobody has sent.
  const { xid } = await peer.nextOf('barrier_request')
  peer.send({ type: 'barrier_reply', xid: xid + 1000 })
  const asked = await peer.nextOf('get_config_request')
  peer.send({ type: 'get_config_reply', xid: asked.xid, flags: 0, missSendLength: 0 })
  await config
  for (let passed = 0; passed < 120; passed += 20) {
    clock.tick(20)
    const echo = await peer.nextOf('echo_request')
    peer.send({ type: 'echo_reply', xid: echo.xid })
    await peer.heard()
  }
  clock.tick(20)
  await barrier
  t.match(await session.closed, { reason: /no answer to barrier_request/ })
})

t.test('a long answer whose parts come in time does not time out, and neither do later requests', async (t) => {
  const clock = stopClock(t)
  const { session, peer } = await pair(t, { requestTimeout: 1000 })
  const answers = Promise.all([session.request(request), session.barrier()])
  const { xid } = await peer.nextOf('multipart_request')
  const barrier = await peer.nextOf('barrier_request')
  for (let count = 0; count < 10; count += 1) {
    clock.tick(150)
    peer.send(part(xid, 1))
    await peer.heard()
  }
  peer.send(part(xid, 1, false), { type: 'barrier_reply', xid: barrier.xid })
  const [{ flows }] = await answers
  t.equal(flows.length, 11)
})

t.test('a peer that sends but never reads is detected', async (t) => {
  const clock = stopClock(t)
  const { session, peer } = await pair(t, { requestTimeout: 200, echoInterval: 50 })
  peer.socket.pause()
  const data = new Uint8Array(60_000)
  let sent = 0
  const sending = (async () => {
    for (; sent < 100_000_000; sent += data.length) {
      session.send({ type: 'packet_out', match: [], actions: [], data })
      await session.drained()
    }
  })()
  const refused = t.rejects(sending, { code: 'closed' })
  const events = session.events[Symbol.asyncIterator]()
  for (let isOpen = true; isOpen; ) {
    peer.send(packetIn(0))
    isOpen = !(await events.next()).done
    clock.tick(50)
  }
  t.match(await session.closed, { reason: 'the peer has read nothing for 200 ms' })
  await refused
  t.ok(sent > 0)
})

t.test('B42 a bundle whose opening is refused: nothing is sent after it is discarded', async (t) => {
  const { session, peer } = await pair(t)
  const messages = function* () {
    for (let priority = 0; priority < 60_000; priority += 1) yield mod(priority)
  }
  const bundle = t.rejects(session.bundle(messages()), { code: 'refused', error: { errorType: 1, code: 10 } })
  const { xid } = await peer.nextOf('bundle_control')
  peer.send({ type: 'error', xid, errorType: 1, code: 10, data: new Uint8Array() })
  const discard = await peer.nextOf('bundle_control')
  t.equal(discard.step, 'discard_request')
  peer.send({ ...discard, step: 'discard_reply' })
  await bundle
  session.send({ type: 'barrier_request' })
  t.match(await peer.next(), { type: 'barrier_request' })
})

t.test('B42 a bundle that the switch drops while it is filled is not committed', async (t) => {
  const { session, peer } = await pair(t)
  const bundle = t.rejects(session.bundle([mod(1), mod(2)]), { code: 'refused', error: { errorType: 17, code: 14 } })
  const open = await peer.nextOf('bundle_control')
  peer.send({ ...open, step: 'open_reply' })
  const close = await peer.nextOf('bundle_control')
  // Given up between the two messages: the second one has opened another bundle, which is closed.
  peer.send({ type: 'error', xid: open.xid, errorType: 17, code: 14, data: new Uint8Array() })
  peer.send({ ...close, step: 'close_reply' })
  const last = await peer.nextOf('bundle_control')
  t.equal(last.step, 'discard_request')
  peer.send({ ...last, step: 'discard_reply' })
  await bundle
})

t.test('an onSession that throws ends its session, with the reason', async (t) => {
  const boom = (): never => {
    throw new Error('boom')
  }
  for (const onSession of [boom, async () => boom()]) {
    const sessions: Session[] = []
    const server = await listener(t, {
      onSession(session) {
        sessions.push(session)
        return onSession()
      },
    })
    const peer = await Peer.connect(server.address.port)
    await peer.greet()
    await peer.end()
    t.strictSame(await sessions[0]?.closed, { reason: 'onSession failed: boom' })
  }
})

t.test('an onRefused that throws causes a warning, and the listener continues', async (t) => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  const refused: OpenFlowError[] = []
  const server = await listener(t, {
    onRefused(error) {
      refused.push(error)
      throw new Error('boom')
    },
  })
  const peer = await Peer.connect(server.address.port)
  peer.send({ type: 'hello', version: 1 })
  await peer.end()
  t.match(await warned, { message: 'boom' })
  t.match(refused, [{ code: 'no-common-version' }])
  const another = await Peer.connect(server.address.port)
  t.teardown(() => another.socket.destroy())
  const [session] = await Promise.all([first(server), another.greet()])
  t.equal(session.datapathId, 0x1234n)
})

t.test('request refuses messages that have no answer', async (t) => {
  const { session, peer } = await pair(t)
  for (const message of [mod(1), { type: 'set_config', flags: 0, missSendLength: 0 }] as const) {
    const refusal = { code: 'out-of-range', message: /^(flow_mod|set_config) has no answer to wait for/ }
    await t.rejects(session.request(message as never), refusal)
  }
  session.send({ type: 'barrier_request', xid: 77 })
  t.match(await peer.next(), { type: 'barrier_request', xid: 77 }, 'nothing of them was sent')
})

t.test('answers to a peer that sends only invalid messages are limited', async (t) => {
  const { session, peer } = await pair(t)
  const clock = performance.now
  let now = performance.now()
  performance.now = () => now
  t.teardown(() => {
    performance.now = clock
  })
  const wrong = Buffer.from('060e000800000009', 'hex')
  peer.send(...Array.from({ length: 1000 }, () => wrong), { type: 'echo_request' })
  await peer.nextOf('echo_reply')
  const errors = (): number => peer.received.filter(({ type }) => type === 'error').length
  t.equal(errors(), 100)
  now += 999
  peer.send(wrong, { type: 'echo_request' })
  await peer.nextOf('echo_reply')
  t.equal(errors(), 100, 'none within the second')
  now += 1
  peer.send(wrong, { type: 'echo_request' })
  await peer.nextOf('echo_reply')
  t.equal(errors(), 101, 'one later is')
  session.send({ type: 'barrier_request' })
  await peer.nextOf('barrier_request')
})
