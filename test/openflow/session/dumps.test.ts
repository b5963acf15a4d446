/** Long answers such as dumps, from peers that send too much or stop: memory and time are limited. */
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { encode, type Message } from '../../../src/openflow/index.ts'
import { stopClock } from '../../support/stopped-clock.ts'
import { packetIn, pair } from '../support/pair.ts'
import type { Peer } from '../support/peer.ts'

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

t.test('a dump that is read slowly stops the socket instead of filling the memory', async (t) => {
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
  t.ok(peer.socket.writableLength > 20_000_000, 'most of it waits at the sender')
  let more = 0
  for await (const some of flows) more += some.length
  t.equal(more, 1499 * 600 + 1)
  // The reading goes on, though nothing was heard for many intervals of echo.
  const barrier = session.barrier()
  peer.send({ type: 'barrier_reply', xid: (await peer.nextOf('barrier_request')).xid })
  await barrier
})

t.test('a dump that is no longer read is discarded, and the session continues', async (t) => {
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
