/** A cluster of three real ovsdb-servers: which server a client uses, and what the client knows when one of them is killed. */
import t, { type Test } from 'tap'
import {
  type Changes,
  type Connection,
  connect,
  type Membership,
  OvsdbError,
  operations,
  Replica,
  type Retry,
  reconnecting,
} from '../../src/ovsdb/index.ts'
import { admit } from '../../src/ovsdb/member.ts'
import { Cluster, ledger } from './cluster.ts'
import { skip } from './process.ts'
import { Relay } from './relay.ts'

const { insert, mutate, select } = operations(ledger)
const BACKOFF = { min: 50, max: 400 }
const LEADER: Membership = { database: ledger.name, leaderOnly: true }
const ANY: Membership = { database: ledger.name }

const targetsOf = (cluster: Cluster) => cluster.members.map(({ target }) => target)

/** A replica that follows the cluster, and all changes that it has reported. */
const follow = (t: Test, targets: ReturnType<typeof targetsOf>, member: Membership) => {
  const replica = new Replica(ledger)
  const told: Changes<typeof ledger>[] = []
  const retries: Retry[] = []
  replica.onUpdate((changes) => told.push(changes))
  const link = reconnecting(targets, {
    member,
    backoff: BACKOFF,
    onConnection: (connection) => replica.follow(connection),
    onRetry: (retry) => retries.push(retry),
  })
  t.teardown(() => link.close())
  return { link, replica, told, retries }
}

/** Is it unknown whether the transaction was executed? Then it is tried again, and refused if it was executed before. */
const unsure = (error: unknown): boolean =>
  error instanceof OvsdbError && (error.code === 'closed' || error.code === 'cluster-error')

/** Inserts a number and counts it, even if connections end. The index on `number` makes sure that this happens only once. */
const enter = async (connected: () => Promise<Connection>, number: number): Promise<void> => {
  for (;;) {
    try {
      const connection = await connected()
      await connection.transact(ledger.name, [insert('Entry', { number }), mutate('Total', [], [['count', '+=', 1]])])
      return
    } catch (error) {
      if (error instanceof OvsdbError && error.code === 'constraint-violation') return
      if (!unsure(error)) throw error
    }
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}

for (const [kind, member, first] of [
  ['the leader', LEADER, 0],
  ['any member, here the leader', ANY, 0],
  ['any member, here another', ANY, 1],
] as const) {
  t.test(`${kind} is followed, and the leader is killed amid transactions`, { skip }, async (t) => {
    await using cluster = await Cluster.start(3)
    const targets = targetsOf(cluster)
    const { link, replica, told } = follow(t, [...targets.slice(first), ...targets.slice(0, first)], member)
    const writer = reconnecting(targets, { member: LEADER, backoff: BACKOFF, onConnection: () => undefined })
    t.teardown(() => writer.close())
    const followed = await link.connected()
    const leader = await writer.connected()
    await leader.transact(ledger.name, [insert('Total', { count: 0 })])

    const TOTAL = 300
    const work = (async () => {
      for (const number of numbers(1, TOTAL)) await enter(() => writer.connected(), number)
    })()
    await until(() => replica.tables.Entry.size >= TOTAL / 3)
    await cluster.at(leader.remotePort).process.kill('SIGKILL')
    await work
    await until(() => replica.tables.Entry.size === TOTAL)
    t.equal(followed.remotePort === leader.remotePort, first === 0)
    if (first === 0) t.match(await followed.closed, { reason: /./ })

    const [entries, total] = await (await writer.connected()).transact(ledger.name, [
      select('Entry', []),
      select('Total', [], ['count']),
    ])
    await until(() => [...replica.tables.Total.values()][0]?.count === TOTAL)
    t.same(total.rows, [{ count: TOTAL }])
    const there = new Map(entries.rows.map(({ _uuid, number }) => [_uuid, { number }]))
    t.same(replica.tables.Entry, there, 'the replica equals the database')
    const all = told.flat()
    const came = all.filter(({ table }) => table === 'Entry')
    t.ok(
      came.every((change) => change.old === undefined),
      'entries are only added',
    )
    const order = came.map((change) => (change.table === 'Entry' ? change.new?.number : undefined))
    t.same(
      order.sort((a = 0, b = 0) => a - b),
      numbers(1, TOTAL),
      'no entry is lost or reported twice',
    )
    const counts = all.flatMap((change) => (change.table === 'Total' && change.new ? [change.new.count] : []))
    t.same(
      counts,
      [...new Set(counts)].sort((a, b) => a - b),
      'never back in time',
    )
    t.equal(counts.at(-1), TOTAL)
  })
}

t.test('on another member, only the changes since then are requested', { skip }, async (t) => {
  await using cluster = await Cluster.start(3)
  const [here, there] = targetsOf(cluster)
  if (!here || !there) throw new Error('there are three')
  await using relay = await Relay.start(there)
  const [one, two] = await Promise.all([connect(here), connect(relay.target)])
  t.teardown(() => [one, two].map((connection) => connection.close()))
  const replica = new Replica(ledger)
  await replica.follow(one)
  await one.transact(ledger.name, [insert('Entry', { number: 1 }), insert('Total', { count: 1 })])
  replica.stop()
  await two.transact(ledger.name, [insert('Entry', { number: 2 })])
  t.equal(replica.tables.Entry.size, 1, 'it has stopped')

  const told: Array<Changes<typeof ledger>> = []
  replica.onUpdate((changes) => told.push(changes))
  await replica.follow(two)
  t.match(relay.down, /"result":\[true,/, 'the server remembers')
  t.equal(relay.down.split('"number"').length - 1, 1, 'and sends only what is new')
  t.match(told, [[{ table: 'Entry', old: undefined, new: { number: 2 } }]])

  await two.transact(ledger.name, [insert('Entry', { number: 3 })])
  t.same([...replica.tables.Entry.values()].map(({ number }) => number).sort(), [1, 2, 3])
})

t.test('a member that is no longer leader, or has lost its cluster, is left', { skip }, async (t) => {
  await using cluster = await Cluster.start(3)
  const leading = follow(t, targetsOf(cluster), LEADER)
  const old = await leading.link.connected()
  cluster.at(old.remotePort).process.appctl('cluster/failure-test', 'transfer-leadership')
  t.match(await old.closed, { reason: /not the leader/, error: undefined })
  const now = await leading.link.connected()
  t.not(now.remotePort, old.remotePort)
  t.ok(leading.retries.some(({ delay }) => delay === 0))

  const lonely = cluster.at(now.remotePort)
  const any = follow(t, [lonely.target], ANY)
  const connection = await any.link.connected()
  for (const { process } of cluster.members) if (process !== lonely.process) await process.kill()
  t.match(await connection.closed, { reason: /lost its cluster/ })
  await until(() => any.retries.some(({ reason }) => /^tcp:.*lost its cluster/.test(reason)))
})

t.test('a database that does not exist', { skip }, async (t) => {
  await using cluster = await Cluster.start(1)
  const { retries } = follow(t, targetsOf(cluster), { database: 'nowhere' })
  await until(() => retries.length > 1)
  t.match(retries, [{ reason: /does not have the database nowhere/, delay: 50 }, { delay: 100 }])
})

t.test('a member that is behind another one', { skip }, async (t) => {
  await using cluster = await Cluster.start(1)
  const [target] = targetsOf(cluster)
  if (!target) throw new Error('there is one')
  const connection = await connect(target)
  t.teardown(() => connection.close())
  const progress = { index: 0 }
  await admit(connection, ANY, progress)
  const seen = progress.index
  t.ok(seen > 0)
  await connection.transact(ledger.name, [insert('Entry', { number: 1 })])
  await until(() => progress.index > seen)
  await t.rejects(admit(connection, ANY, { index: 1000 }), { code: 'unfit-server', message: /behind/ })
})
