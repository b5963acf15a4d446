/** Bundles with a peer that refuses some of them. */
import t from 'tap'
import { BundleError } from '../../../src/openflow/index.ts'
import { mod, pair } from '../support/pair.ts'
import type { Peer } from '../support/peer.ts'

/** Answers bundle control messages, and refuses those that the test names. */
async function serveBundle(peer: Peer, refuse: { add?: number[]; commit?: number[] }): Promise<string[]> {
  const steps: string[] = []
  const priorities = new Map<number, number>()
  const error = (xid: number, code: number): void =>
    peer.send({ type: 'error', xid, errorType: code === 13 ? 17 : 2, code, data: new Uint8Array() })
  for (;;) {
    const message = await peer.next()
    if (message?.type === 'bundle_add' && message.message.type === 'flow_mod') {
      priorities.set(message.message.priority, message.xid)
      if (refuse.add?.includes(message.message.priority)) error(message.xid, 9)
    }
    if (message?.type === 'barrier_request') {
      peer.send({ type: 'barrier_reply', xid: message.xid })
      return [...steps, 'barrier_request']
    }
    if (message?.type !== 'bundle_control') continue
    steps.push(message.step)
    const failed = message.step === 'commit_request' ? (refuse.commit ?? []) : []
    for (const priority of failed) error(priorities.get(priority) ?? 0, 9)
    if (failed.length > 0) error(message.xid, 13)
    else peer.send({ ...message, step: message.step.replace('request', 'reply') as typeof message.step })
    if (failed.length > 0 || message.step === 'discard_request') return steps
  }
}

t.test(
  'B42 a bundle is opened, filled, closed, and committed if nothing was refused, with a barrier behind it',
  async (t) => {
    const { session, peer } = await pair(t)
    const served = serveBundle(peer, {})
    await session.bundle([mod(1), mod(2), mod(3)])
    t.strictSame(await served, ['open_request', 'close_request', 'commit_request', 'barrier_request'])
    const added = peer.received.filter((message) => message.type === 'bundle_add')
    t.match(
      added.map(({ message }) => message),
      [{ priority: 1 }, { priority: 2 }, { priority: 3 }],
    )
    for (const { xid, message } of added) t.equal(message.xid, xid)
  },
)

t.test(
  'B42 members refused when added: the rest is not committed but discarded, and all of them are told',
  async (t) => {
    const { session, peer } = await pair(t)
    const served = serveBundle(peer, { add: [2, 5] })
    const messages = [1, 2, 3, 4, 5].map(mod)
    const error = await session.bundle(messages).catch((error: unknown) => error)
    t.ok(error instanceof BundleError)
    t.match(error, {
      code: 'bundle-refused',
      message: /^2 messages of the bundle refused, the first: .*BAD_ACTION\/BAD_OUT_GROUP/,
    })
    if (error instanceof BundleError) {
      t.strictSame(
        error.refused.map(({ index }) => index),
        [1, 4],
      )
      t.equal(error.refused[1]?.message, messages[4])
    }
    t.strictSame(await served, ['open_request', 'close_request', 'discard_request'])
  },
)

t.test('B42 a member that is refused at commit is reported', async (t) => {
  const { session, peer } = await pair(t)
  const served = serveBundle(peer, { commit: [2] })
  await t.rejects(session.bundle([1, 2, 3].map(mod)), {
    refused: [{ index: 1 }],
    cause: { error: { errorType: 17, code: 13 } },
  })
  t.strictSame(await served, ['open_request', 'close_request', 'commit_request'])
})

t.test('a bundle whose messages fail to be made is discarded', async (t) => {
  const { session, peer } = await pair(t)
  const served = serveBundle(peer, {})
  const failing = function* () {
    yield mod(1)
    throw new RangeError('no more')
  }
  await t.rejects(session.bundle(failing()), RangeError)
  t.strictSame(await served, ['open_request', 'discard_request'])
})

t.test('a bundle with a message that cannot be encoded is refused in the same way as by the switch', async (t) => {
  const { session, peer } = await pair(t)
  const served = serveBundle(peer, { add: [3] })
  const error = await session.bundle([mod(70_000), mod(1), mod(70_001), mod(3)]).catch((error: unknown) => error)
  t.match(error, {
    code: 'bundle-refused',
    refused: [
      { index: 0, error: { code: 'out-of-range', message: /priority holds 70000/ } },
      { index: 2, error: { code: 'out-of-range' } },
      { index: 3, error: { code: 'refused' } },
    ],
  })
  t.strictSame(await served, ['open_request', 'close_request', 'discard_request'])
})
