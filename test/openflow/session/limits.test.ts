/** Sessions with peers that send too much, answer nothing, or read nothing: memory and time are limited. */
import t from 'tap'
import { encode, type OpenFlowError, type Session } from '../../../src/openflow/index.ts'
import { stopClock } from '../../support/stopped-clock.ts'
import { first, listener, mod, packetIn, pair } from '../support/pair.ts'
import { Peer } from '../support/peer.ts'

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

t.test('events are bounded in octets too', async (t) => {
  const { session, peer } = await pair(t)
  const octets = encode(packetIn(0, new Uint8Array(60_000)))
  for (let count = 0; count < 500; count += 1) peer.send(octets)
  const barrier = session.barrier()
  peer.send({ type: 'barrier_reply', xid: (await peer.nextOf('barrier_request')).xid })
  await barrier
  t.ok(session.dropped > 200 && session.dropped < 300, String(session.dropped))
})

t.test('a request without an answer ends the connection, though the peer answers echo requests', async (t) => {
  const clock = stopClock(t)
  const { session, peer } = await pair(t, { requestTimeout: 100, echoInterval: 20 })
  const barrier = t.rejects(session.barrier(), { code: 'timeout', message: 'no answer to barrier_request for 100 ms' })
  const config = session.request({ type: 'get_config_request' })
  // One of the two requests is answered. So is a request that was never sent.
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
  // The request was given up between the two messages. The second one has opened another bundle, which is closed.
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
  t.match(await peer.next(), { type: 'barrier_request', xid: 77 }, 'nothing was sent')
})

t.test('answers to a peer that sends only invalid messages are limited', async (t) => {
  const { session, peer } = await pair(t)
  const clock = performance.now
  // A whole number, or the sum of 999 and 1 ms could be a little less than a second.
  let now = Math.floor(performance.now())
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

t.test('B109: a peer that sends echo requests and reads no answers is closed at the limit', async (t) => {
  const { session, peer } = await pair(t, { maxWaiting: 100_000 })
  peer.socket.pause()
  let isClosed = false
  void session.closed.then(() => {
    isClosed = true
  })
  while (!isClosed) {
    peer.send({ type: 'echo_request', data: new Uint8Array(50_000) })
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.match(await session.closed, { reason: 'the peer does not read: more than 100000 octets wait' })
})
