/** A replica that survives its connection, and one with only some rows, on real ovsdb-server. */
import t from 'tap'
import { type Changes, connect, type OpenVSwitch, openVSwitch, Replica, replicate } from '../../src/ovsdb/index.ts'
import { Peer } from './peer.ts'
import { Relay } from './relay.ts'
import { Server, skip } from './server.ts'

const METHODS = ['monitor_cond_since', 'monitor_cond', 'monitor']
const SELECTED = { Bridge: ['name', 'fail_mode'] } as const

type Told = Changes<OpenVSwitch, typeof SELECTED>
const namesOf = (changes: Told) => changes.map(({ old, new: row }) => [old?.name, row?.name]).sort()

for (const [before, method] of METHODS.entries()) {
  t.test(`a server that restarts, by ${method}`, { skip }, async (t) => {
    await using server = await Server.start()
    await using relay = await Relay.start({ path: server.path }, (text) =>
      METHODS.slice(0, before).reduce(
        (text, unknown) => text.replace(`"method":"${unknown}"`, '"method":"none"'),
        text,
      ),
    )
    for (const name of ['gone', 'same', 'other']) server.vsctl('add-br', name)
    const replica = new Replica(openVSwitch, SELECTED)
    const told: Told[] = []
    replica.onUpdate((changes) => told.push(changes))
    const first = await connect(relay.target)
    await replica.follow(first)
    t.same(namesOf(told[0] ?? []), [
      [undefined, 'gone'],
      [undefined, 'other'],
      [undefined, 'same'],
    ])
    const rows = new Map(replica.tables.Bridge)

    await server.kill()
    await first.closed
    t.same([...replica.tables.Bridge], [...rows], 'it has stopped')
    await server.start()
    server.vsctl('del-br', 'gone')
    server.vsctl('set-fail-mode', 'other', 'secure')
    server.vsctl('add-br', 'new')
    const second = await connect(relay.target)
    t.teardown(() => second.close())
    await replica.follow(second)
    t.equal(told.length, 2, 'at once')
    t.same(namesOf(told[1] ?? []), [
      [undefined, 'new'],
      ['gone', undefined],
      ['other', 'other'],
    ])
    const kept = [...rows].find(([, { name }]) => name === 'same') ?? ['']
    t.equal(replica.tables.Bridge.get(kept[0]), kept[1], 'an unchanged row stays the same object')
    server.vsctl('del-br', 'new')
    await second.echo()
    t.same(namesOf(told[2] ?? []), [['new', undefined]], 'and it continues')
  })
}

t.test('from one connection to another, both open', { skip }, async (t) => {
  await using server = await Server.start()
  const [one, two] = await Promise.all([connect({ path: server.path }), connect({ path: server.path })])
  t.teardown(() => [one, two].map((connection) => connection.close()))
  const replica = await replicate(one, openVSwitch, SELECTED)
  const told: Told[] = []
  replica.onUpdate((changes) => told.push(changes))
  // The second call begins before the first one is answered. The last call counts.
  await Promise.all([replica.follow(one), replica.follow(two)])
  server.vsctl('add-br', 'br0')
  await Promise.all([one.echo(), two.echo()])
  t.same(told.map(namesOf), [[[undefined, 'br0']]], 'reported once')
  replica.stop()
  server.vsctl('del-br', 'br0')
  await Promise.all([one.echo(), two.echo()])
  t.same([told.length, replica.tables.Bridge.size], [1, 1])
})

t.test('only some rows, and then others', { skip }, async (t) => {
  await using server = await Server.start()
  for (const name of ['a', 'b', 'c']) server.vsctl('add-br', name)
  const connection = await connect({ path: server.path })
  const only = (...names: string[]) => ({ Bridge: names.map((name) => ['name', '==', name] as const) })
  const replica = await replicate(connection, openVSwitch, { Bridge: ['fail_mode'], Port: ['name'] }, only('a', 'b'))
  t.equal(replica.tables.Bridge.size, 2)
  t.equal(replica.tables.Port.size, 3)
  const sizes: number[] = []
  replica.onUpdate((changes) => sizes.push(changes.length))
  await replica.restrict(only('b', 'c', 'd'))
  t.same(sizes, [2], 'a is removed and c added, together')
  server.vsctl('add-br', 'd')
  server.vsctl('add-br', 'e')
  await connection.echo()
  t.equal(replica.tables.Bridge.size, 3)
  await replica.restrict(only())
  t.equal(replica.tables.Bridge.size, 0, 'no condition, no row')
  await replica.restrict({})
  t.equal(replica.tables.Bridge.size, 5, 'no conditions, every row')

  connection.close()
  await t.rejects(replica.restrict(only('e')), { code: 'closed' })
  await replica.restrict(only('a'))
  const again = await connect({ path: server.path })
  t.teardown(() => again.close())
  await replica.follow(again)
  t.equal(replica.tables.Bridge.size, 1)
  // @ts-expect-error no such column
  t.throws(() => new Replica(openVSwitch, { Bridge: ['nmae'] }))
  // @ts-expect-error no such column
  await t.rejects(replica.restrict({ Bridge: [['nmae', '==', 'a']] }), TypeError)
  // @ts-expect-error the table is not selected
  await t.rejects(replica.restrict({ Manager: [] }), {
    name: 'TypeError',
    message: /table Manager, which is not selected/,
  })
})

t.test('rows that were being changed are requested again', async (t) => {
  const replica = new Replica(openVSwitch, SELECTED)
  const id = '00000000-0000-0000-0000-00000000000a'
  const start = async (): Promise<{ peer: Peer; since: unknown }> => {
    const peer = await Peer.start()
    const following = replica.follow(peer.connection)
    const { id: request, params } = await peer.next()
    peer.say({ id: request, result: [false, id, {}], error: null })
    await following
    return { peer, since: params[3] }
  }
  const none = '00000000-0000-0000-0000-000000000000'
  const first = await start()
  t.equal(first.since, none)
  first.peer.connection.close()
  const second = await start()
  t.equal(second.since, id, 'the last known transaction')
  const restricted = replica.restrict({ Bridge: [] })
  t.match(await second.peer.next(), { method: 'monitor_cond_change', params: [1, 1, { Bridge: [{ where: [false] }] }] })
  second.peer.say({ id: null, method: 'update3', params: [1, id, {}] })
  second.peer.socket.end()
  await t.rejects(restricted, { code: 'closed' })
  const third = await start()
  t.equal(third.since, none, 'the replica may lack rows that it selects now')

  const restrictedNow = replica.restrict({ Bridge: [['name', '==', 'a']] })
  const { id: request } = await third.peer.next()
  third.peer.say(
    { id: request, result: {}, error: null },
    { id: null, method: 'update3', params: [1, id.replace('a', 'b'), { Bridge: { x: { insert: {} } } }] },
  )
  await restrictedNow
  third.peer.connection.close()
  const fourth = await start()
  t.equal(fourth.since, id.replace('a', 'b'), 'the replica has all selected rows')
  fourth.peer.say({ id: null, method: 'update3', params: [1, id, { Bridge: { y: { delete: null } } }] })
  t.match(await fourth.peer.connection.closed, { error: { code: 'inconsistent-update' } })
  const fifth = await start()
  t.equal(fifth.since, none, 'its rows differ from those of the server')

  using old = await Peer.start()
  const refused = replica.follow(old.connection)
  for (const method of ['monitor_cond_since', 'monitor_cond']) {
    const request = await old.next()
    t.equal(request.method, method)
    old.say({ id: request.id, result: null, error: 'unknown method' })
  }
  await t.rejects(refused, { code: 'unknown-method' }, 'not by monitor: it would bring all rows')
  for (const { peer } of [first, second, third, fourth, fifth]) peer[Symbol.dispose]()
})
