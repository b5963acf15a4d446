/** OpenFlow 1.3 in a session: the wire format differs, but the session looks the same. */
import t, { type Test } from 'tap'
import { BundleError, connect, type Decoded, encode, type Message, type Session } from '../../../src/openflow/index.ts'
import { first, listener, mod } from '../support/pair.ts'
import { Peer } from '../support/peer.ts'

const [V1_3, ONF] = [4, 0x4f4e4600]

/** A session of OpenFlow 1.3, and the peer at its other end. */
async function pairOf13(t: Test): Promise<{ session: Session; peer: Peer; say: (...messages: Message[]) => void }> {
  const server = await listener(t)
  const peer = await Peer.connect(server.address.port)
  t.teardown(() => peer.socket.destroy())
  const say = (...messages: Message[]): void => peer.send(...messages.map((message) => ({ ...message, version: V1_3 })))
  say({ type: 'hello' })
  const came = first(server)
  const { xid } = await peer.nextOf('features_request')
  say({ type: 'features_reply', xid, datapathId: 1n, buffers: 0, tables: 254, auxiliaryId: 0, capabilities: 0 })
  return { session: await came, peer, say }
}

t.test('1.3: a bundle is sent as the ONF extension, and its errors are those of later versions', async (t) => {
  const { session, peer, say } = await pairOf13(t)
  const bundle = session.bundle([mod(1), mod(2)]).catch((error: unknown) => error)
  for (let added = 0; ; ) {
    const message = await peer.next()
    if (message?.type === 'bundle_add') {
      added += 1
      const error = { errorType: 0xffff, code: 2310, experimenter: ONF, data: new Uint8Array() }
      if (added === 2) say({ type: 'error', xid: message.xid, ...error })
    }
    if (message?.type !== 'bundle_control') continue
    say({ ...message, step: message.step.replace('request', 'reply') as typeof message.step })
    if (message.step === 'discard_request') break
  }
  const error = await bundle
  t.ok(error instanceof BundleError)
  t.match(error, {
    refused: [{ index: 1, error: { error: { errorType: 17, code: 10 } } }],
    message: /BUNDLE_FAILED\/MSG_UNSUP/,
  })
})

t.test('1.3: a flow monitor reports pauses as updates', async (t) => {
  const { session, say } = await pairOf13(t)
  say(
    { type: 'flow_monitor_paused' },
    { type: 'flow_monitor_resumed' },
    { type: 'error', errorType: 0xffff, code: 2314, experimenter: ONF, data: new Uint8Array() },
  )
  const events: Decoded[] = []
  for await (const event of session.events) if (events.push(event) === 3) break
  t.match(events, [
    { type: 'multipart_reply', multipart: 'flow_monitor', updates: [{ event: 'paused' }] },
    { type: 'multipart_reply', multipart: 'flow_monitor', updates: [{ event: 'resumed' }] },
    { type: 'error', errorType: 17, code: 14 },
  ])
})

t.test('1.3: a message that the version does not have is refused at once, and nothing of it is sent', async (t) => {
  const { session, peer } = await pairOf13(t)
  t.throws(() => session.send({ ...mod(1), importance: 3 }), {
    code: 'out-of-range',
    message: /importance: OpenFlow 1.3/,
  })
  await t.rejects(session.request({ type: 'multipart_request', multipart: 'table_desc' }), { code: 'out-of-range' })
  session.send({ ...mod(7), version: 6 })
  t.match(await peer.next(), { type: 'flow_mod', priority: 7, version: V1_3 }, 'it has the version of the session')
})

t.test('versions that are not supported are refused, as an option and in a message', async (t) => {
  const server = await listener(t)
  const { port } = server.address
  await t.rejects(connect({ port, versions: [1, 4] }), {
    code: 'out-of-range',
    message: /OpenFlow 1\.0 is not supported/,
  })
  await t.rejects(connect({ port, versions: [] }), { code: 'out-of-range' })
  t.throws(() => encode({ ...mod(1), version: 1 }), { code: 'out-of-range', message: /OpenFlow 1\.0 is not supported/ })
  t.throws(() => encode({ ...mod(1), version: 7 }), { code: 'out-of-range', message: /wire version 7/ })
})

t.test('a single version may be offered', async (t) => {
  for (const version of [4, 5, 6]) {
    const server = await listener(t, { versions: [version] })
    const peer = await Peer.connect(server.address.port)
    peer.send({ type: 'hello', version: 6, versions: [4, 5, 6] })
    t.match(await peer.next(), { type: 'hello', version, versions: [version] })
    t.equal((await peer.nextOf('features_request')).version, version)
    peer.socket.destroy()
  }
})
