/** Methods of a connection other than transactions and replicas, on real ovsdb-server. */
import t, { type Test } from 'tap'
import {
  type Connection,
  connect,
  type DatabaseSchema,
  type MonitorUpdate,
  NO_TRANSACTION,
  openVSwitch,
  operations,
} from '../../src/ovsdb/index.ts'
import { Server, skip } from './server.ts'

const { insert, mutate, update, wait } = operations(openVSwitch)
const DB = openVSwitch.name

/** Opens connections to a server, which end with the test. */
const clients = async (t: Test, server: Server, count: number): Promise<Connection[]> => {
  const made = await Promise.all(Array.from({ length: count }, () => connect({ path: server.path })))
  t.teardown(() => made.map((connection) => connection.close()))
  return made
}

t.test('locks: queued, released, stolen, and lost with their connection', { skip }, async (t) => {
  await using server = await Server.start()
  const [one, two, thief] = await clients(t, server, 3)
  if (!one || !two || !thief) throw new Error('three were asked for')
  const first = await one.lock('l')
  const second = await two.lock('l')
  t.same([first.held, second.held], [true, false])
  await one.transact(DB, [{ op: 'assert', lock: 'l' }])
  await t.rejects(two.transact(DB, [{ op: 'assert', lock: 'l' }]), { code: 'not-owner' })
  await t.rejects(one.lock('l'), { code: 'syntax-error', words: /unlock/ }, 'twice from one connection')

  await first.unlock()
  await second.acquired()
  t.same([first.held, second.held], [false, true])
  await t.rejects(first.acquired(), { code: 'not-owner' }, 'it does not return')

  const stolen = await thief.steal('l')
  await second.lost()
  t.same([second.held, stolen.held], [false, true])
  await stolen.unlock()
  await second.acquired()
  t.equal(second.held, true, 'a stolen lock returns')

  const lost = second.lost()
  two.close()
  await lost
  await t.rejects(second.acquired(), { code: 'closed' })
  t.equal((await one.lock('l')).held, true, 'the server gave it to the next client')
})

t.test('a waiting transaction is canceled', { skip }, async (t) => {
  await using server = await Server.start()
  const [connection] = await clients(t, server, 1)
  if (!connection) throw new Error('one was asked for')
  const abort = new AbortController()
  const aware = new AbortController()
  const never = wait('Open_vSwitch', [], ['next_cfg'], '==', [{ next_cfg: 99 }])
  const work = connection.transact(DB, [never, update('Open_vSwitch', [], { ovs_version: 'x' })], abort)
  await connection.echo()
  abort.abort()
  await t.rejects(work, { code: 'canceled' })
  await t.rejects(connection.transact(DB, [never], abort), { code: 'canceled' }, 'before it was sent')
  t.equal(server.vsctl('get', 'Open_vSwitch', '.', 'ovs_version'), '[]')

  await connection.setDbChangeAware(true)
  const again = connection.transact(DB, [never], aware)
  await connection.echo()
  aware.abort()
  await t.rejects(again, { code: 'canceled' }, 'with the message of the server')

  const late = new AbortController()
  await connection.transact(DB, [update('Open_vSwitch', [], { ovs_version: 'y' })], late)
  late.abort()
  t.equal(server.vsctl('get', 'Open_vSwitch', '.', 'ovs_version'), 'y', 'a finished transaction cannot be cancelled')
})

t.test('a wait ends when its rows appear', { skip }, async (t) => {
  await using server = await Server.start()
  const [one, two] = await clients(t, server, 2)
  if (!one || !two) throw new Error('two were asked for')
  const waiting = one.transact(DB, [wait('Bridge', [], ['name'], '!=', []), { op: 'comment', comment: 'a bridge' }])
  await one.echo()
  await two.transact(DB, [
    insert('Bridge', { name: 'br0' }, { as: 'b' }),
    mutate('Open_vSwitch', [], [['bridges', 'insert', new Set([['named-uuid', 'b'] as const])]]),
    { op: 'commit', durable: true },
  ])
  t.same(await waiting, [{}, {}])
})

t.test('monitors: selection, cancellation and refusal', { skip }, async (t) => {
  await using server = await Server.start()
  const [connection] = await clients(t, server, 1)
  if (!connection) throw new Error('one was asked for')
  const told: MonitorUpdate[] = []
  const rows = () => Object.values((told.at(-1)?.updates ?? {}) as object).flatMap((table) => Object.values(table))
  const requests = { Bridge: [{ columns: ['name'], select: { initial: false, modify: false, delete: false } }] }
  const monitor = await connection.monitor('monitor', DB, requests, (update) => told.push(update))
  const since = await connection.monitor('monitor_cond_since', DB, { Bridge: [{ where: [false] }] }, () => undefined)
  server.vsctl('add-br', 'br0')
  server.vsctl('del-br', 'br0')
  await connection.echo()
  t.match(told, [
    { updates: {}, whole: true, transaction: NO_TRANSACTION },
    { updates: { Bridge: {} }, whole: false },
  ])
  t.match(rows(), [{ new: { name: 'br0' } }])

  await since.changeConditions({ Bridge: [{ where: [['name', '==', 'br1']] }] })
  await monitor.cancel()
  server.vsctl('add-br', 'br1')
  await connection.echo()
  t.equal(told.length, 2)
  await t.rejects(monitor.cancel(), { code: 'unknown-monitor' })
  await t.rejects(
    connection.monitor('monitor', DB, { nowhere: [{}] }, () => undefined),
    { code: 'syntax-error' },
  )
})

t.test('extensions of OVS', { skip }, async (t) => {
  await using server = await Server.start()
  const [connection, unaware] = await clients(t, server, 2)
  if (!connection || !unaware) throw new Error('two were asked for')
  const id = await connection.getServerId()
  t.match(id, /^[0-9a-f-]{36}$/)
  t.equal(await unaware.getServerId(), id)

  const uuid = '01234567-89ab-cdef-0123-456789abcdef'
  const [made] = await connection.transact(DB, [insert('Manager', { target: 'ptcp:1' }, { uuid })])
  t.equal(made.uuid, uuid)

  const schema = await connection.getSchema(DB)
  const tables = { ...schema.tables, Note: { columns: { text: { type: 'string' } }, isRoot: true } } as const
  const wider: DatabaseSchema = { ...schema, version: '99.0.0', tables }
  await connection.setDbChangeAware(true)
  await connection.convert(DB, wider)
  t.match(await connection.getSchema(DB), { version: '99.0.0', tables: { Note: {} } })
  t.match(await unaware.closed, { reason: /./ }, 'a client that is not aware of changes is disconnected')
  await connection.monitor('monitor_cond', DB, { Note: [{}] }, () => undefined)
  await t.rejects(connection.convert(DB, schema), { code: 'closed', cause: { code: 'monitor-canceled' } })
  t.match(await connection.closed, { error: { code: 'monitor-canceled' } })
})
