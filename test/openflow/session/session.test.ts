/** Sessions with peers that behave well and badly. */
import t from 'tap'
import { type Decoded, encode, listen, type OpenFlowError } from '../../../src/openflow/index.ts'
import { stopClock } from '../../support/stopped-clock.ts'
import { first, listener, mod, pair } from '../support/pair.ts'
import { Peer } from '../support/peer.ts'

t.test('a switch connects: hello with our versions, features, and the session says who it is', async (t) => {
  const { session, peer } = await pair(t)
  t.match(peer.received[0], { type: 'hello', version: 6, versions: [4, 5, 6] })
  t.match(session, { version: 6, datapathId: 0x1234n, features: { tables: 254 }, remoteAddress: /^127\.0\.0\.1:\d+$/ })
  session.close('enough')
  t.strictSame(await session.closed, { reason: 'enough' })
  await peer.end()
})

t.test(
  'a hello with a bitmap selects a common version, one without it the lower of the highest versions',
  async (t) => {
    for (const [hello, settled] of [
      [{ type: 'hello', version: 6, versions: [4, 6] }, 6],
      [{ type: 'hello', version: 4, versions: [4, 6] }, 6],
      [{ type: 'hello', version: 6, versions: [1, 4, 5] }, 5],
      [{ type: 'hello', version: 7 }, 6],
      [{ type: 'hello', version: 5 }, 5],
      [{ type: 'hello', version: 4 }, 4],
    ] as const) {
      const server = await listener(t)
      const peer = await Peer.connect(server.address.port)
      // Messages right after the hello have the version that the hello negotiates.
      peer.send(hello, { type: 'echo_request', version: settled, xid: 9 }, { type: 'barrier_reply', version: settled })
      t.equal((await peer.nextOf('features_request')).version, settled)
      t.notOk(peer.received.some(({ type }) => type === 'error'))
      peer.socket.destroy()
    }
  },
)

t.test('B40 a peer that speaks OpenFlow 1.0 only gets HELLO_FAILED and is told why', async (t) => {
  for (const [hello, version, offer] of [
    [{ type: 'hello', version: 1 }, 1, 'OpenFlow 1.0 at most'],
    [
      { type: 'hello', version: 6, versions: [1, 2, 3, 7] },
      6,
      'OpenFlow 1.0, OpenFlow 1.1, OpenFlow 1.2, wire version 7',
    ],
    [{ type: 'hello', version: 6, versions: [1, 3] }, 3, 'OpenFlow 1.0, OpenFlow 1.2'],
    [{ type: 'hello', version: 3, versions: [] }, 3, 'none'],
  ] as const) {
    const refused: OpenFlowError[] = []
    const server = await listener(t, { onRefused: (error) => refused.push(error) })
    const peer = await Peer.connect(server.address.port)
    peer.send(hello)
    const error = await peer.nextOf('error')
    t.match(error, { errorType: 0, code: 0, version })
    const words = `no common OpenFlow version: this side speaks OpenFlow 1.3, OpenFlow 1.4, OpenFlow 1.5, the peer ${offer}`
    t.equal(new TextDecoder().decode(error.data), words)
    await peer.end()
    t.match(refused, [{ code: 'no-common-version', message: words }])
  }
})

t.test('B40 octets that are not OpenFlow end the connection, and the listener continues', async (t) => {
  const refused: OpenFlowError[] = []
  const server = await listener(t, { onRefused: (error) => refused.push(error) })
  for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\0\0\0\0\0\0\0\0\0\0\0\0']) {
    const peer = await Peer.connect(server.address.port)
    peer.send(new TextEncoder().encode(bytes))
    peer.socket.end()
    await peer.end()
  }
  const silent = await Peer.connect(server.address.port)
  silent.socket.end()
  await silent.end()
  const peer = await Peer.connect(server.address.port)
  const [session] = await Promise.all([first(server), peer.greet()])
  t.equal(session.datapathId, 0x1234n)
  t.equal(refused.length, 3)
  peer.socket.destroy()
})

t.test('B40 a length below 8 is answered with BAD_LEN and ends the connection with a reason', async (t) => {
  for (const length of [0, 7]) {
    const { session, peer } = await pair(t)
    peer.send(Uint8Array.of(6, 20, 0, length, 0, 0, 0, 9))
    t.match(await peer.nextOf('error'), { errorType: 1, code: 6 })
    await peer.end()
    t.match(await session.closed, { reason: /its header alone has 8/ })
  }
})

t.test('B40 a message that cannot be decoded is answered with its error, and the session continues', async (t) => {
  const { session, peer } = await pair(t)
  const wrong: ReadonlyArray<readonly [bytes: Uint8Array, error: { errorType: number; code: number }]> = [
    [Uint8Array.of(6, 99, 0, 8, 0, 0, 0, 7), { errorType: 1, code: 1 }],
    [Uint8Array.of(6, 5, 0, 8, 0, 0, 0, 7), { errorType: 1, code: 1 }],
    [Uint8Array.of(4, 21, 0, 8, 0, 0, 0, 7), { errorType: 1, code: 0 }],
    [Uint8Array.of(3, 21, 0, 8, 0, 0, 0, 7), { errorType: 1, code: 0 }],
    [Uint8Array.of(6, 12, 0, 9, 0, 0, 0, 7, 0), { errorType: 1, code: 6 }],
    [Uint8Array.of(6, 21, 0, 9, 0, 0, 0, 7, 0), { errorType: 1, code: 6 }],
    [
      Uint8Array.of(6, 10, 0, 40, 0, 0, 0, 7, ...Array(16).fill(0), 0, 1, 0, 1, 0, 0, 0, 0, ...Array(8).fill(0)),
      { errorType: 4, code: 1 },
    ],
  ]
  for (const [bytes, error] of wrong) {
    peer.send(bytes)
    const answer = await peer.nextOf('error')
    t.match(answer, { ...error, xid: 7 })
    t.strictSame(answer.data, bytes.slice(0, 64))
  }
  // An error is never answered with an error, whether it can be decoded or not.
  peer.send(Uint8Array.of(6, 1, 0, 9, 0, 0, 0, 7, 0), { type: 'echo_request', xid: 5 })
  t.match(await peer.next(), { type: 'echo_reply', xid: 5 })
  const answered = session.barrier()
  peer.send({ type: 'barrier_reply', xid: (await peer.nextOf('barrier_request')).xid })
  await t.resolves(answered)
})

t.test('answers are matched by xid in any order, and the parts of a multipart answer are joined', async (t) => {
  const { session, peer } = await pair(t)
  const config = session.request({ type: 'get_config_request' })
  const tables = session.request({ type: 'multipart_request', multipart: 'table' })
  const [{ xid: one }, { xid: two }] = [await peer.nextOf('get_config_request'), await peer.nextOf('multipart_request')]
  const row = (table: number) => ({ table, active: 1, lookups: 2n, matched: 3n })
  peer.send(
    { type: 'multipart_reply', xid: two, multipart: 'table', more: true, tables: [row(1), row(2)] },
    { type: 'get_config_reply', xid: one, flags: 0, missSendLength: 128 },
    { type: 'multipart_reply', xid: two, multipart: 'table', tables: [row(3)] },
  )
  t.match(await config, { missSendLength: 128 })
  t.strictSame((await tables).tables, [row(1), row(2), row(3)])
})

t.test('a request is rejected if the switch refuses it, or answers with another type', async (t) => {
  const { session, peer } = await pair(t)
  const role = session.request({ type: 'role_request', role: 'master', generationId: 5n })
  peer.send({
    type: 'error',
    xid: (await peer.nextOf('role_request')).xid,
    errorType: 11,
    code: 0,
    data: new Uint8Array(),
  })
  await t.rejects(role, { code: 'refused', error: { errorType: 11, code: 0 }, message: /ROLE_REQUEST_FAILED\/STALE/ })
  const barrier = session.barrier()
  peer.send({ type: 'get_config_reply', xid: (await peer.nextOf('barrier_request')).xid, flags: 0, missSendLength: 0 })
  await t.rejects(barrier, { code: 'malformed' })
})

t.test('a message that cannot be encoded is refused at once, and nothing of it is sent', async (t) => {
  const { session, peer } = await pair(t)
  t.throws(() => session.send(mod(70_000)), { code: 'out-of-range' })
  await t.rejects(session.request({ type: 'role_request', role: 'master', generationId: -1n }), {
    code: 'out-of-range',
  })
  session.send(mod(7))
  t.match(await peer.next(), { type: 'flow_mod', priority: 7 })
})

t.test('events come in order, including errors about sent messages', async (t) => {
  const { session, peer } = await pair(t)
  const xid = session.send(mod(1))
  await peer.nextOf('flow_mod')
  const events: Decoded[] = []
  peer.send(
    { type: 'error', xid, errorType: 5, code: 1, data: new Uint8Array() },
    { type: 'role_status', role: 'slave', reason: 'config', generationId: 5n, properties: [] },
    { type: 'multipart_reply', multipart: 'flow_monitor', updates: [{ event: 'paused' }] },
  )
  for await (const event of session.events) {
    events.push(event)
    if (events.length === 3) session.close('seen')
  }
  t.match(events, [{ type: 'error', xid, code: 1 }, { type: 'role_status' }, { updates: [{ event: 'paused' }] }])
})

t.test('the end of a connection rejects all pending requests once', async (t) => {
  const { session, peer } = await pair(t)
  const waiting: Array<Promise<unknown>> = [session.barrier(), session.bundle([mod(1)]), session.dumpFlows().next()]
  await peer.nextOf('barrier_request')
  peer.socket.destroy()
  for (const one of waiting) t.match(await one.catch((error: unknown) => error), { code: 'closed' })
  t.match(await session.closed, { reason: /closed by the peer|connection lost/ })
  t.throws(() => session.send(mod(1)), { code: 'closed' })
  await t.rejects(session.barrier(), { code: 'closed' })
  session.close('again')
  t.not((await session.closed).reason, 'again')
})

t.test('B37 a half-open connection is detected by echo', async (t) => {
  const clock = stopClock(t)
  const { session, peer } = await pair(t, { echoInterval: 30 })
  clock.tick(30)
  // The peer reads the request, and does not answer.
  t.match(await peer.nextOf('echo_request'), { type: 'echo_request' })
  clock.tick(30)
  t.match(await session.closed, { reason: /half open/ })
  await peer.end()
})

t.test('B37 a peer that answers probes stays connected, and its own probes are answered', async (t) => {
  const clock = stopClock(t)
  const { session, peer } = await pair(t, { echoInterval: 30 })
  const data = Uint8Array.of(1, 2, 3)
  peer.send({ type: 'echo_request', xid: 77, data })
  t.match(await peer.nextOf('echo_reply'), { xid: 77, data })
  for (let probe = 0; probe < 3; probe += 1) {
    clock.tick(30)
    const { xid } = await peer.nextOf('echo_request')
    peer.send({ type: 'echo_reply', xid })
    await peer.heard()
  }
  session.close('enough')
  t.strictSame(await session.closed, { reason: 'enough' })
})

t.test('B37 a peer that is silent during the handshake is disconnected', async (t) => {
  const clock = stopClock(t)
  const refused: OpenFlowError[] = []
  const server = await listener(t, { echoInterval: 20, onRefused: (error) => refused.push(error) })
  const peer = await Peer.connect(server.address.port)
  await peer.nextOf('hello')
  clock.tick(40)
  await peer.end()
  t.match(refused, [{ code: 'closed' }])
})

t.test('B41 a peer that stops reading until its answers are read does not stop us', async (t) => {
  const { session, peer } = await pair(t)
  const requests = Array.from({ length: 2000 }, () => session.request({ type: 'get_config_request' }))
  for (let answered = 0; answered < requests.length; answered += 1) {
    const { xid } = await peer.nextOf('get_config_request')
    // Like OVS, the peer reads nothing more while a hundred of its answers wait.
    if (answered % 100 === 99) peer.socket.pause()
    peer.send({ type: 'get_config_reply', xid, flags: 0, missSendLength: 1 })
    if (answered % 100 === 99) await requests[answered]
    peer.socket.resume()
  }
  t.equal((await Promise.all(requests)).length, 2000)
})

t.test('messages of one turn leave in one write', async (t) => {
  const { session, peer } = await pair(t)
  const sizes: number[] = []
  peer.socket.on('data', (chunk) => sizes.push(chunk.length))
  for (let priority = 0; priority < 50; priority += 1) session.send(mod(priority))
  const one = encode(mod(0)).length
  while (sizes.reduce((sum, size) => sum + size, 0) < 50 * one) await peer.next()
  t.equal(sizes[0], 50 * one)
})

t.test('drained waits for a slow reader', async (t) => {
  const { session, peer } = await pair(t)
  peer.socket.pause()
  let sent = 0
  const data = new Uint8Array(60_000)
  const blocked = (async () => {
    while (sent < 20_000_000) {
      session.send({ type: 'packet_out', match: [], actions: [], data })
      sent += data.length
      await session.drained()
    }
  })()
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.ok(sent < 20_000_000, 'some of it was not read')
  peer.socket.resume()
  await blocked
  t.ok(sent >= 20_000_000)
})

t.test('a listener that closes ends its sessions and says so', async (t) => {
  const server = await listen({ port: 0 })
  const peer = await Peer.connect(server.address.port)
  const [session] = await Promise.all([first(server), peer.greet()])
  await server.close()
  t.strictSame(await session.closed, { reason: 'the listener is closed' })
  await peer.end()
})
