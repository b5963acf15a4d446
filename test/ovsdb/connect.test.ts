/** Both directions of connecting, on real ovsdb-server. */
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import {
  type Connection,
  connect,
  disagreements,
  listen,
  namedUuid,
  openVSwitch,
  operations,
  replicate,
  uuid,
} from '../../src/ovsdb/index.ts'
import { stopClock } from '../support/stopped-clock.ts'
import { Relay } from './relay.ts'
import { freePort, Server, skip } from './server.ts'

const { insert, update, mutate, select, del, wait } = operations(openVSwitch)

t.test('connect, over unix and TCP', { skip }, async (t) => {
  await using server = await Server.start()
  const port = await freePort()
  server.vsctl('set-manager', `ptcp:${port}:127.0.0.1`)
  for (const target of [{ path: server.path }, { host: '127.0.0.1', port }]) {
    const connection = await connect(target)
    t.same([...(await connection.listDbs())].sort(), ['Open_vSwitch', '_Server'])
    t.equal(connection.heard, true)
    const served = await connection.getSchema('Open_vSwitch')
    t.match(served.tables.Bridge, { indexes: [['name']] })
    t.same(disagreements(openVSwitch, served), [])
    await t.rejects(connection.getSchema('nowhere'), { code: 'unknown-database', words: /unknown database/ })
    t.same(await connection.echo('a', { b: null }), ['a', { b: null }])
    const tcp = 'port' in target
    t.same([connection.remoteAddress, connection.remotePort], tcp ? [target.host, target.port] : [undefined, undefined])
    t.equal(connection.localAddress, tcp ? '127.0.0.1' : undefined)
    connection.close('enough')
    t.same(await connection.closed, { reason: 'enough', error: undefined })
  }
})

t.test('listen: ovs-vsctl set-manager', { skip }, async (t) => {
  await using server = await Server.start()
  const arrived = Promise.withResolvers<Connection>()
  const listener = await listen({ host: '::', port: 0 }, { onConnection: arrived.resolve })
  if (!('port' in listener.address)) throw new Error('not a TCP port')
  const { port } = listener.address
  server.vsctl('set-manager', `tcp:127.0.0.1:${port}`)
  const connection = await arrived.promise
  t.same([connection.localAddress, connection.localPort], ['127.0.0.1', port], 'IPv4 in dotted form on an IPv6 socket')
  t.equal(connection.remoteAddress, '127.0.0.1')

  const replica = await replicate(connection, openVSwitch, { Manager: ['target', 'is_connected'], Bridge: ['name'] })
  const added = new Promise((resolve) =>
    replica.onUpdate((changes) => {
      const change = changes.find(({ table }) => table === 'Bridge')
      if (change) resolve(change.new)
    }),
  )
  server.vsctl('add-br', 'br0')
  t.same(await added, { name: 'br0' })

  await listener.close('the program ends')
  t.match(await connection.closed, { reason: 'the program ends', error: undefined })
})

t.test('operations and their refusals', { skip }, async (t) => {
  await using server = await Server.start()
  const connection = await connect({ path: server.path })
  t.teardown(() => connection.close())
  const db = 'Open_vSwitch'
  const [{ rows }] = await connection.transact(db, [select('Open_vSwitch', [], ['_uuid', 'bridges', 'ovs_version'])])
  const root = rows[0]
  if (root === undefined) throw new Error('no root')
  t.same([root.bridges, root.ovs_version], [new Set(), null])

  const [made] = await connection.transact(db, [
    insert('Interface', { name: 'br0', type: 'internal' }, { as: 'i' }),
    insert('Port', { name: 'br0', interfaces: new Set([namedUuid('i')]) }, { as: 'p' }),
    insert('Bridge', { name: 'br0', ports: new Set([namedUuid('p')]), fail_mode: 'secure' }, { as: 'b' }),
    mutate('Open_vSwitch', uuid(root._uuid), [['bridges', 'insert', new Set([namedUuid('b')])]]),
    { op: 'comment', comment: 'a bridge' },
    { op: 'commit', durable: true },
  ])
  t.equal(server.vsctl('get', 'Interface', 'br0', '_uuid'), made.uuid)
  t.equal(server.vsctl('get-fail-mode', 'br0'), 'secure')

  const iface = uuid(made.uuid)
  const set = (pairs: Record<string, string>) => new Map(Object.entries(pairs))
  const [, counted, found, , none] = await connection.transact(db, [
    update('Interface', iface, { external_ids: set({ a: '1', b: '2' }), mtu: 1500, ofport_request: null }),
    mutate(
      'Interface',
      [['external_ids', 'includes', set({ a: '1' })]],
      [
        ['external_ids', 'delete', new Set(['a'])],
        ['external_ids', 'insert', set({ c: '3' })],
      ],
    ),
    select(
      'Interface',
      [
        ['name', '==', 'br0'],
        ['mtu', '==', 1500],
      ],
      ['external_ids', 'mtu', 'ofport_request'],
    ),
    wait('Interface', iface, ['mtu'], '==', [{ mtu: 1500 }], 0),
    del('Manager', []),
  ])
  t.same([counted.count, none.count], [1, 0])
  t.strictSame(found.rows, [{ external_ids: set({ b: '2', c: '3' }), mtu: 1500, ofport_request: null }])

  const refusals = [
    ['timed-out', 1, [update('Port', [], {}), wait('Interface', iface, ['mtu'], '==', [{ mtu: 9 }], 0)]],
    ['aborted', 0, [{ op: 'abort' }]],
    ['not-owner', 0, [{ op: 'assert', lock: 'x' }]],
    ['constraint-violation', 0, [update('Port', [], { tag: 5000 })]],
    [
      'referential-integrity-violation',
      undefined,
      [mutate('Open_vSwitch', [], [['manager_options', 'insert', new Set(['00000000-0000-0000-0000-000000000001'])]])],
    ],
    ['duplicate-uuid-name', 1, [insert('Port', {}, { as: 'x' }), insert('Port', {}, { as: 'x' })]],
    ['domain-error', 0, [mutate('Open_vSwitch', [], [['cur_cfg', '/=', 0]])]],
    ['syntax-error', 0, [{ op: 'delete', table: 'nowhere', where: [] }]],
  ] as const
  for (const [code, operation, work] of refusals) {
    await t.rejects(connection.transact(db, work), { code, operation, words: /./ }, code)
  }
  await t.rejects(connection.transact('nowhere', []), { code: 'unknown-database' })
  await t.rejects(connection.request('dance', []), { code: 'unknown-method' })
  await t.rejects(
    replicate(connection, { name: db, tables: { Bridge: { nothing: { kind: 'scalar', type: 'string' } } } }),
    {
      code: 'syntax-error',
    },
  )
  t.same(await connection.echo(), [], 'the connection is still open')
})

t.test('echo both ways', { skip }, async (t) => {
  await using server = await Server.start()
  const arrived = Promise.withResolvers<Connection>()
  const host = '127.0.0.1'
  const listener = await listen({ host, port: 0 }, { probeInterval: 0, onConnection: arrived.resolve })
  t.teardown(() => listener.close())
  await using relay = await Relay.start(listener.address)
  const { port } = relay.target
  server.vsctl('set-manager', `tcp:${host}:${port}`, '--', 'set', 'Manager', '.', 'inactivity_probe=1000')
  const connection = await arrived.promise
  // It would close the connection a second after an unanswered probe, and not send another one.
  await relay.until(({ up, down }) => count(up, '"method":"echo"') >= 2 && count(down, '"id":"echo"') >= 2)
  t.same(await connection.echo('and back'), ['and back'])

  // Probes of this side, which the server answers.
  await using between = await Relay.start({ path: server.path })
  const clock = stopClock(t)
  const ours = await connect(between.target, { probeInterval: 500 })
  t.teardown(() => ours.close())
  for (let probe = 1; probe <= 2; probe += 1) {
    clock.tick(500)
    await between.until(({ up, down }) => count(up, '"echo"') >= probe && count(down, '"result":[]') >= probe)
    await ours.listDbs()
  }
  t.equal(ours.heard, true)
})

t.test('a server that hangs is detected by echo', { skip }, async (t) => {
  await using server = await Server.start()
  const clock = stopClock(t)
  const connection = await connect({ path: server.path }, { probeInterval: 100 })
  await connection.listDbs()
  server.freeze()
  clock.tick(100)
  clock.tick(100)
  t.match(await connection.closed, { error: { code: 'no-answer' } })
})

t.test('addresses that cannot be reached or listened on', async (t) => {
  const port = await freePort()
  await t.rejects(connect({ host: '127.0.0.1', port }), { code: 'cannot-connect', cause: { code: 'ECONNREFUSED' } })
  await t.rejects(connect({ path: '/nonexistent/db.sock' }), { code: 'cannot-connect', message: /unix:\/nonexistent/ })
  await t.rejects(connect({ host: '127.0.0.1', port }, { signal: AbortSignal.abort() }), { code: 'cannot-connect' })
  await t.rejects(listen({ path: '/nonexistent/db.sock' }, { onConnection: () => undefined }), {
    code: 'cannot-listen',
  })
})

t.test('an attempt that hangs times out', async (t) => {
  // An address for documentation (RFC 5737): nobody answers, or the network immediately reports that there is no route.
  await t.rejects(connect({ host: '192.0.2.1', port: 9 }, { connectTimeout: 20 }), { code: 'cannot-connect' })
})

t.test('an onConnection that fails closes its connection, and only that', async (t) => {
  let calls = 0
  const listener = await listen(
    { host: '127.0.0.1', port: 0 },
    {
      onConnection: async (connection) => {
        calls += 1
        if (calls === 1) throw new Error('a bug')
        await connection.echo('hello')
      },
    },
  )
  t.teardown(() => listener.close())
  const { address } = listener
  if (!('port' in address)) throw new Error('not a TCP port')
  const call = async (): Promise<Socket> => {
    const socket = createConnection(address)
    await once(socket, 'connect')
    return socket
  }
  const first = await call()
  first.resume()
  await once(first, 'close')
  const second = await call()
  t.teardown(() => second.destroy())
  const [said] = await once(second, 'data')
  t.match(JSON.parse(String(said)), { method: 'echo', params: ['hello'] })
})

t.test('both ends on a unix socket', async (t) => {
  const path = join(t.testdir(), 'db.sock')
  const arrived = Promise.withResolvers<Connection>()
  const listener = await listen({ path }, { onConnection: arrived.resolve })
  t.same(listener.address, { path })
  const one = await connect({ path })
  const other = await arrived.promise
  t.same(await Promise.all([one.echo(1), other.echo(2)]), [[1], [2]])
  await t.rejects(one.transact('db', []), { code: 'unknown-method' })
  await listener.close()
  t.same(await one.closed, { reason: 'the peer closed the connection', error: undefined })
})

const count = (text: string, part: string): number => text.split(part).length - 1
