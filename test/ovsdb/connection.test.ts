/** A connection with a peer that the test controls. */
import t, { type Test } from 'tap'
import {
  type ErrorCode,
  NO_TRANSACTION,
  OvsdbError,
  openVSwitch,
  operations,
  replicate,
  uuid,
} from '../../src/ovsdb/index.ts'
import { stopClock } from '../support/stopped-clock.ts'
import { Peer } from './peer.ts'

const refused = async (t: Test, promise: Promise<unknown>, code: ErrorCode): Promise<OvsdbError> => {
  const error = await promise.then(
    () => t.fail('it was fulfilled'),
    (error: unknown) => error,
  )
  if (!(error instanceof OvsdbError)) throw error
  t.equal(error.code, code, error.message)
  return error
}

t.test('replies are told apart by id, in any order', async (t) => {
  using peer = await Peer.start()
  const [dbs, echo] = [peer.connection.listDbs(), peer.connection.echo('a', 1)]
  const [one, two] = [await peer.next(), await peer.next()]
  t.match(
    [one, two],
    [
      { method: 'list_dbs', params: [] },
      { method: 'echo', params: ['a', 1] },
    ],
  )
  peer.say({ id: two.id, result: two.params, error: null }, { id: one.id, result: ['x'], error: null })
  t.same([await dbs, await echo], [['x'], ['a', 1]])
})

t.test('requests of the peer', async (t) => {
  using peer = await Peer.start()
  peer.say({ id: 'echo', method: 'echo', params: ['ü'] }, { id: 7, method: 'dance', params: [] })
  t.same(await peer.next(), { id: 'echo', result: ['ü'], error: null })
  t.same(await peer.next(), { id: 7, result: null, error: 'unknown method' })
})

t.test('what breaks a connection', async (t) => {
  const cases: ReadonlyArray<readonly [what: string, says: string, code: ErrorCode]> = [
    ['not JSON', '{"id":nonsense}', 'malformed-message'],
    ['neither a request nor a reply', '{"a":1}', 'malformed-message'],
    ['a method that is no string', '{"method":1,"params":[],"id":1}', 'malformed-message'],
    ['parameters that are no array', '{"method":"echo","params":{},"id":1}', 'malformed-message'],
    ['a wrong reply id', '{"id":99,"result":[],"error":null}', 'unexpected-reply'],
    ['a reply id of another type', '{"id":"1","result":[],"error":null}', 'unexpected-reply'],
    ['a reply without id', '{"id":null,"result":[],"error":null}', 'unexpected-reply'],
    ['a result that does not fit', '{"id":1,"result":{"no":"names"},"error":null}', 'malformed-message'],
    ['a message over the limit', `{"id":1,"result":["${'x'.repeat(1000)}"]}`, 'message-too-large'],
    ['an update of no monitor', '{"method":"update","params":[5,{}],"id":null}', 'inconsistent-update'],
  ]
  for (const [what, says, code] of cases) {
    await t.test(what, async (t) => {
      using peer = await Peer.start({ maxMessage: 1000 })
      const request = peer.connection.listDbs()
      await peer.next()
      peer.socket.write(says)
      const { reason, error } = await peer.connection.closed
      t.equal(error?.code, code, reason)
      const failed = await request.catch((failed: unknown) => failed)
      t.ok(failed instanceof OvsdbError && (failed === error || (failed.code === 'closed' && failed.cause === error)))
      await refused(t, peer.connection.listDbs(), 'closed')
    })
  }
})

t.test('unknown notifications are ignored', async (t) => {
  using peer = await Peer.start()
  peer.say({ id: null, method: 'locked', params: ['x'] }, { id: 1, method: 'echo', params: [] })
  t.match(await peer.next(), { id: 1 })
})

t.test('either side closes', async (t) => {
  using one = await Peer.start()
  const request = one.connection.echo()
  one.connection.close('enough')
  one.connection.close('again')
  t.same(await one.connection.closed, { reason: 'enough', error: undefined })
  t.match((await refused(t, request, 'closed')).message, /enough/)

  using two = await Peer.start()
  two.socket.end('{"id":')
  t.same(await two.connection.closed, { reason: 'the peer closed the connection', error: undefined })

  using three = await Peer.start()
  three.socket.resetAndDestroy()
  const { error } = await three.connection.closed
  t.match(error, { code: 'closed', cause: { code: 'ECONNRESET' } })
})

t.test('a peer that never answers is probed, then disconnected', async (t) => {
  const clock = stopClock(t)
  using peer = await Peer.start({ probeInterval: 20 })
  clock.tick(20)
  t.match(await peer.next(), { method: 'echo' })
  clock.tick(20)
  t.match(await peer.connection.closed, { error: { code: 'no-answer' } })
})

t.test('a peer that answers a probe is probed again', async (t) => {
  const clock = stopClock(t)
  using peer = await Peer.start({ probeInterval: 1000 })
  clock.tick(1000)
  const { id, method } = await peer.next()
  peer.say({ id, result: [], error: null }, { id: 'heard', method: 'echo', params: [] })
  t.equal((await peer.next()).id, 'heard', 'it has read the answer before')
  clock.tick(1000)
  const again = await peer.next()
  t.same([method, again.method], ['echo', 'echo'])
  t.not(again.id, id)
})

t.test('a peer that sends requests and does not read', async (t) => {
  using peer = await Peer.start({ maxUnread: 100_000 })
  peer.socket.pause()
  const message = `{"id":1,"method":"echo","params":["${'x'.repeat(60_000)}"]}`
  let ended = false
  void peer.connection.closed.then(() => {
    ended = true
  })
  while (!ended) {
    peer.socket.write(message)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.match(await peer.connection.closed, { error: { code: 'peer-not-reading' } })
})

t.test('the results of a transaction', async (t) => {
  using peer = await Peer.start()
  const { update, select } = operations(openVSwitch)
  const id = '00000000-0000-0000-0000-000000000001'
  const work = [update('Port', uuid(id), { tag: 5 }), select('Port', [], ['name', 'tag'])] as const
  const answer = async (result: unknown, error: unknown = null) => {
    const reply = peer.connection.transact('db', work)
    const { id } = await peer.next()
    peer.say({ id, result, error })
    return reply
  }
  const [{ count }, { rows }] = await answer([{ count: 1 }, { rows: [{ name: 'p', tag: ['set', []] }] }])
  t.same([count, rows], [1, [{ name: 'p', tag: null }]])

  const first = await refused(
    t,
    answer([{ error: 'constraint violation', details: 'no' }, null]),
    'constraint-violation',
  )
  t.match(first, { operation: 0, words: 'constraint violation: no', cause: { details: 'no' } })
  const commit = await refused(t, answer([{ count: 1 }, { rows: [] }, { error: 'new words' }]), 'server-error')
  t.match(commit, { operation: undefined, words: 'new words' })
  await refused(t, answer(null, { error: 'unknown database' }), 'unknown-database')
  await refused(t, answer([{ count: 1 }, { rows: [{ name: 'p', tag: 'x' }] }]), 'bad-value')
  t.match(await peer.connection.closed, { error: { code: 'bad-value' } })
})

t.test('updates that come in one segment with the snapshot are not lost', async (t) => {
  using peer = await Peer.start()
  const coming = replicate(peer.connection, openVSwitch, { Manager: ['target'] })
  const { id, params } = await peer.next()
  t.same(params[2], { Manager: [{ columns: ['target'] }] })
  peer.say(
    { id, result: [false, NO_TRANSACTION, { Manager: { a: { initial: { target: 'x' } } } }], error: null },
    {
      id: null,
      method: 'update3',
      params: [params[1], NO_TRANSACTION, { Manager: { a: { modify: { target: 'y' } } } }],
    },
  )
  const { tables } = await coming
  t.same([...tables.Manager], [['a', { target: 'y' }]])
})

t.test('updates that do not fit', async (t) => {
  const cases: ReadonlyArray<readonly [update: object, code: ErrorCode]> = [
    [{ Bridge: {} }, 'inconsistent-update'],
    [{ Manager: { b: { modify: {} } } }, 'inconsistent-update'],
    [{ Manager: { b: { delete: null } } }, 'inconsistent-update'],
    [{ Manager: { a: { insert: {} } } }, 'inconsistent-update'],
    [{ Manager: { a: {} } }, 'inconsistent-update'],
    [{ Manager: { a: { modify: { constructor: 1 } } } }, 'inconsistent-update'],
    [{ constructor: { a: { modify: {} } } }, 'inconsistent-update'],
    [{ Manager: { a: { modify: { target: 1 } } } }, 'bad-value'],
    [{ Manager: { a: 1 } }, 'malformed-message'],
    [{ Manager: [] }, 'malformed-message'],
    [[], 'malformed-message'],
  ]
  for (const [update, code] of cases) {
    using peer = await Peer.start()
    const coming = replicate(peer.connection, openVSwitch, { Manager: ['target'] })
    const { id, params } = await peer.next()
    peer.say({ id, result: [false, NO_TRANSACTION, { Manager: { a: { initial: {} } } }], error: null })
    const replica = await coming
    replica.onUpdate(() => t.fail('nothing is told'))
    peer.say({ id: null, method: 'update3', params: [params[1], NO_TRANSACTION, update] })
    t.equal((await peer.connection.closed).error?.code, code, JSON.stringify(update))
    t.same([...replica.tables.Manager], [['a', { target: '' }]], 'the last good state stays')
  }
})

t.test('a listener that throws', async (t) => {
  using peer = await Peer.start()
  const coming = replicate(peer.connection, openVSwitch, { Manager: ['target'] })
  const { id, params } = await peer.next()
  peer.say({ id, result: [false, NO_TRANSACTION, {}], error: null })
  const replica = await coming
  const bug = new Error('a bug')
  const stop = replica.onUpdate(() => t.fail('it was stopped'))
  stop()
  replica.onUpdate(() => {
    throw bug
  })
  let heard = 0
  replica.onUpdate(({ length }) => {
    heard += length
  })
  peer.say({ id: null, method: 'update3', params: [params[1], NO_TRANSACTION, { Manager: { a: { insert: {} } } }] })
  const { error } = await peer.connection.closed
  t.equal(error?.code, 'listener-failed')
  t.equal(error?.cause, bug)
  t.equal(heard, 1, 'the other listeners are still called')
})

t.test('a server without monitor_cond_since and monitor_cond gets a monitor request', async (t) => {
  for (const words of ['unknown method', { error: 'unknown method' }]) {
    using peer = await Peer.start()
    const coming = replicate(peer.connection, openVSwitch, { Port: ['name', 'tag', 'external_ids'] })
    for (const method of ['monitor_cond_since', 'monitor_cond']) {
      const request = await peer.next()
      t.equal(request.method, method)
      peer.say({ id: request.id, result: null, error: words })
    }
    const { id, method, params } = await peer.next()
    t.match(
      [method, params],
      ['monitor', ['Open_vSwitch', 3, { Port: [{ columns: ['name', 'tag', 'external_ids'] }] }]],
    )
    const row = { name: 'p', tag: ['set', []], external_ids: ['map', [['a', 'b']]] }
    peer.say({ id, result: { Port: { u: { new: row } } }, error: null })
    const replica = await coming
    t.strictSame([...replica.tables.Port], [['u', { name: 'p', tag: null, external_ids: new Map([['a', 'b']]) }]])
    const told = new Promise((resolve) => replica.onUpdate(resolve))
    const updates = {
      Port: { u: { old: { tag: ['set', []] }, new: { ...row, tag: 5 } }, v: { new: { ...row, name: 'q' } } },
    }
    peer.say({ id: null, method: 'update', params: [params[1], updates] })
    t.match(await told, [
      { uuid: 'u', old: { tag: null }, new: { tag: 5 } },
      { uuid: 'v', old: undefined },
    ])
    peer.say({ id: null, method: 'update', params: [params[1], { Port: { v: { old: row } } }] })
    peer.say({ id: 0, method: 'echo', params: [] })
    await peer.next()
    t.same([...replica.tables.Port.keys()], ['u'])
  }
})
