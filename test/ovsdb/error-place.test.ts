/** Errors name the table and the column that they are about: before anything is sent, and from real ovsdb-server's words. */
import t from 'tap'
import {
  connect,
  namedUuid,
  type Operation,
  OvsdbError,
  openVSwitch,
  operations,
  Replica,
} from '../../src/ovsdb/index.ts'
import { Server, skip } from './server.ts'

/** As a program in JavaScript calls them, without types. */
// biome-ignore lint/suspicious/noExplicitAny: what the types refuse is the point
const loose: Record<string, (...args: any[]) => Operation> = operations(openVSwitch) as never
const call = (name: string, ...args: unknown[]) => loose[name]?.(...args)

t.test('tables and columns that the schema does not have are refused, whichever operation names them', async (t) => {
  for (const table of ['Interfac', 'Nope', 'interface', 'constructor', '__proto__', 'toString', '']) {
    const wanted = { name: 'TypeError', message: `the schema of Open_vSwitch has no table ${table}: it has ` }
    const message = { ...wanted, message: new RegExp(`^${wanted.message}.*Interface`) }
    t.throws(() => call('insert', table, {}), message, `insert ${table}`)
    t.throws(() => call('select', table, []), message, `select ${table}`)
    t.throws(() => call('update', table, [], {}), message, `update ${table}`)
    t.throws(() => call('mutate', table, [], []), message, `mutate ${table}`)
    t.throws(() => call('del', table, []), message, `del ${table}`)
    t.throws(() => call('wait', table, [], [], '==', []), message, `wait ${table}`)
    t.throws(() => new Replica(openVSwitch, { [table]: [] } as never), message, `replica of ${table}`)
  }
  for (const column of ['nam', 'constructor', 'hasOwnProperty']) {
    const message = { name: 'TypeError', message: new RegExp(`^table Port has no column ${column}: it has .*name`) }
    t.throws(() => call('insert', 'Port', { [column]: 'x' }), message)
    t.throws(() => call('select', 'Port', [[column, '==', 'x']]), message)
    t.throws(() => call('select', 'Port', [], [column]), message)
    t.throws(() => call('mutate', 'Port', [], [[column, 'insert', new Set()]]), message)
    t.throws(() => call('wait', 'Port', [], [column], '==', []), message)
    t.throws(() => new Replica(openVSwitch, { Port: [column] } as never), message)
  }
})

t.test('a value that does not fit says whose it is', async (t) => {
  for (const [make, column] of [
    [() => call('insert', 'Port', { tag: 'x' }), 'tag'],
    [() => call('insert', 'Port', { name: 'x', interfaces: new Set(['x']) }), 'interfaces'],
    [() => call('update', 'Port', [], { tag: 1.5 }), 'tag'],
    [() => call('select', 'Port', [['tag', '==', 'x']]), 'tag'],
    [() => call('mutate', 'Port', [], [['external_ids', 'insert', 7]]), 'external_ids'],
    [() => call('wait', 'Port', [], ['tag'], '==', [{ tag: true }]), 'tag'],
  ] as const) {
    const message = new RegExp(`^Port\\.${column}: .* is not `)
    t.throws(make, { name: 'OvsdbError', code: 'bad-value', table: 'Port', column, message })
  }
  t.throws(() => call('select', 'Port', [['name', '<', 'x']]), { message: /^Port\.name has no comparison </ })
})

t.test('a refusal of ovsdb-server says which table and column it is about', { skip }, async (t) => {
  await using server = await Server.start()
  const connection = await connect({ path: server.path })
  t.teardown(() => connection.close())
  const refused = async (all: readonly unknown[]) => {
    const error = await connection.transact('Open_vSwitch', all as Operation[]).catch((error: unknown) => error)
    if (!(error instanceof OvsdbError)) throw new Error('it was not refused')
    return [error.code, error.operation, error.table, error.column, error.message] as const
  }
  const row = '01234567-89ab-cdef-0123-456789abcdef'
  const place = (message: string) => new RegExp(message)
  t.match(await refused([{ op: 'insert', table: 'Nope', row: {} }]), [
    'syntax-error',
    0,
    'Nope',
    undefined,
    place('^operation 0 \\(insert\\) of Nope: syntax error: .*No table named Nope'),
  ])
  t.match(
    await refused([
      { op: 'comment', comment: '' },
      { op: 'insert', table: 'Port', row: { nope: 1 } },
    ]),
    [
      'server-error',
      1,
      'Port',
      'nope',
      place('^operation 1 \\(insert\\) of Port\\.nope: unknown column: No column nope in table Port'),
    ],
  )
  t.match(await refused([{ op: 'update', table: 'Bridge', where: [], row: { fail_mode: 'odd' } }]), [
    'constraint-violation',
    0,
    'Bridge',
    'fail_mode',
    place('of Bridge\\.fail_mode: constraint violation: .*odd.* is not one of the allowed values'),
  ])
  t.match(await refused([{ op: 'update', table: 'Interface', where: [], row: { name: 'x' } }]), [
    'constraint-violation',
    0,
    'Interface',
    'name',
    /immutable column name/,
  ])
  const { insert, mutate } = operations(openVSwitch)
  const twice = ['a', 'b'].flatMap((as) => [
    insert('Interface', { name: as }, { as: `i${as}` }),
    insert('Port', { name: 'same', interfaces: new Set([namedUuid(`i${as}`)]) }, { as: `p${as}` }),
  ])
  const bridge = insert('Bridge', { name: 'b', ports: new Set([namedUuid('pa'), namedUuid('pb')]) }, { as: 'b' })
  const all = [...twice, bridge, mutate('Open_vSwitch', [], [['bridges', 'insert', new Set([namedUuid('b')])]])]
  t.match(await refused(all), [
    'constraint-violation',
    undefined,
    'Port',
    'name',
    place('^commit of Port\\.name: constraint violation: '),
  ])
  t.match(await refused([insert('Port', { name: 'x', interfaces: new Set([row]) })]), [
    'referential-integrity-violation',
    undefined,
    'Port',
    'interfaces',
    place('^commit of Port\\.interfaces: '),
  ])
})
