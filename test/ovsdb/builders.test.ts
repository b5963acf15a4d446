/** Operations: their wire format, the errors of the types, and the results on a real ovsdb-server. */
import t from 'tap'
import { connect, type Input, namedUuid, openVSwitch, operations, type Select, uuid } from '../../src/ovsdb/index.ts'
import { Server, skip } from './server.ts'

const { insert, mutate, update, select, wait, del } = operations(openVSwitch)

const ID = '01234567-89ab-cdef-0123-456789abcdef'

type ResultRow<O> = O extends Select<infer R> ? R : never

t.test('operations on the wire', async (t) => {
  t.same(insert('Port', { name: 'p', interfaces: new Set([ID, namedUuid('i')]), tag: null }, { as: 'p' }), {
    op: 'insert',
    table: 'Port',
    row: {
      name: 'p',
      interfaces: [
        'set',
        [
          ['uuid', ID],
          ['named-uuid', 'i'],
        ],
      ],
      tag: ['set', []],
    },
    'uuid-name': 'p',
  })
  t.same(
    mutate(
      'Open_vSwitch',
      [['external_ids', 'includes', new Map([['a', 'b']])]],
      [
        ['external_ids', 'delete', new Set(['a'])],
        ['next_cfg', '+=', 1],
      ],
    ),
    {
      op: 'mutate',
      table: 'Open_vSwitch',
      where: [['external_ids', 'includes', ['map', [['a', 'b']]]]],
      mutations: [
        ['external_ids', 'delete', ['set', ['a']]],
        ['next_cfg', '+=', 1],
      ],
    },
  )
  t.same(del('Port', uuid(ID)), { op: 'delete', table: 'Port', where: [['_uuid', '==', ['uuid', ID]]] })
  t.same(wait('Port', [], ['tag'], '!=', [{ tag: 1 }]), {
    op: 'wait',
    table: 'Port',
    where: [],
    columns: ['tag'],
    until: '!=',
    rows: [{ tag: 1 }],
  })

  t.same(insert('Manager', {}, { uuid: ID }), { op: 'insert', table: 'Manager', row: {}, uuid: ID })
  t.same(select('Manager', []).columns, ['_uuid', '_version', ...Object.keys(openVSwitch.tables.Manager)])
})

t.test('values that bypass the types are refused at run time', async (t) => {
  const port = { name: 'p', nmae: 'q' }
  t.throws(() => insert('Port', port), { name: 'TypeError', message: /no column nmae/ })
  t.throws(() => update('Port', uuid(ID), { tag: 5, ...{ gat: 5 } }), { name: 'TypeError', message: /no column gat/ })
  const columns = ['name', 'nmae'] as unknown as readonly ['name']
  t.throws(() => select('Port', [], columns), { name: 'TypeError', message: /no column nmae/ })
  t.throws(() => wait('Port', [], columns, '==', []), { name: 'TypeError', message: /no column nmae/ })
})

t.test('only columns of at most one number have an order', async (t) => {
  for (const comparison of ['<', '<=', '>=', '>'] as const) {
    t.same(select('Port', [['tag', comparison, 5]], ['name']).where, [['tag', comparison, 5]])
    t.same(select('Open_vSwitch', [['cur_cfg', comparison, 5]], ['cur_cfg']).where, [['cur_cfg', comparison, 5]])
    const message = new RegExp(`^Port\\.name has no comparison ${comparison}: it has ==, !=, includes, excludes$`)
    t.throws(() => select('Port', [['name', comparison, 'p']], ['name']), { name: 'TypeError', message })
    t.throws(() => del('Port', [['external_ids', comparison, new Map()]]), { name: 'TypeError' })
  }
  for (const comparison of ['==', '!=', 'includes', 'excludes'] as const) {
    t.same(select('Port', [['name', comparison, 'p']], ['name']).where, [['name', comparison, 'p']])
  }
})

t.test('values that the types refuse are also refused at run time', async (t) => {
  // @ts-expect-error no such table
  t.throws(() => insert('Prot', { name: 'p' }))
  // @ts-expect-error no such column
  t.throws(() => insert('Port', { nmae: 'p' }))
  // @ts-expect-error no such column
  t.throws(() => update('Port', [['nmae', '==', 'p']], {}))
  // @ts-expect-error no such column
  t.throws(() => mutate('Port', [], [['nmae', 'insert', new Set(['p'])]]))
  // @ts-expect-error no such column
  t.throws(() => select('Port', [], ['nmae']), { message: /no column nmae/ })
  // @ts-expect-error no such column
  t.throws(() => wait('Port', [], ['tag'], '==', [{ nmae: 'p' }]))
  // @ts-expect-error a string where a number belongs
  t.throws(() => update('Port', uuid(ID), { tag: '5' }))
  // @ts-expect-error a string where a set belongs
  t.throws(() => insert('Port', { interfaces: ID }))
  // @ts-expect-error not a value that the column may have
  t.throws(() => insert('Bridge', { fail_mode: 'safe' }), { code: 'bad-value', message: /one of standalone, secure/ })
  // @ts-expect-error not a value that the column may have
  t.throws(() => insert('Bridge', { protocols: new Set(['OpenFlow9']) }))
  // @ts-expect-error the name is immutable
  t.ok(update('Port', uuid(ID), { name: 'q' }))
  // @ts-expect-error arithmetic on a string
  t.ok(mutate('Manager', [], [['target', '+=', 'x']]))
  // @ts-expect-error nothing can be inserted into exactly one
  t.ok(mutate('Open_vSwitch', [], [['next_cfg', 'insert', 1]]))
  // @ts-expect-error the UUID is the server's
  t.ok(update('Port', [], { _uuid: ID }))
  const value: Input<typeof openVSwitch.tables.Port.tag> = null
  t.equal(value, null)
  // The types also describe the results of the operations.
  const reading = select('Bridge', [], ['name', 'fail_mode', 'ports', '_uuid'])
  const row: ResultRow<typeof reading> = {
    name: 'br0',
    fail_mode: 'of a newer server',
    ports: new Set([ID]),
    _uuid: ID,
  }
  // @ts-expect-error it was not selected
  t.equal(row.protocols, undefined)
})

t.test('operations on a real server', { skip }, async (t) => {
  await using server = await Server.start()
  const connection = await connect({ path: server.path })
  t.teardown(() => connection.close())
  for (const name of ['br0', 'br1']) server.vsctl('add-br', name)
  const [, , , , many, few, none, { rows }] = await connection.transact('Open_vSwitch', [
    mutate('Interface', [['name', '==', 'br0']], [['mtu', 'insert', 1400]]),
    mutate('Interface', [], [['mtu', '+=', 100]]),
    mutate(
      'Bridge',
      [['name', '==', 'br0']],
      [['protocols', 'insert', new Set(['OpenFlow13', 'OpenFlow15'] as const)]],
    ),
    mutate(
      'Bridge',
      [['protocols', 'includes', new Set(['OpenFlow13'] as const)]],
      [['fail_mode', 'insert', 'secure']],
    ),
    update('Interface', [['mtu', '!=', 1400]], { admin_state: 'up' }),
    update('Interface', [['mtu', '>', 1400]], { admin_state: 'up' }),
    mutate('Interface', [['mtu', '>', 1500]], [['mtu', 'delete', 1500]]),
    select('Bridge', [['fail_mode', '==', 'secure']]),
  ])
  t.same([many.count, few.count, none.count], [2, 1, 0])
  t.match(rows, [{ name: 'br0', protocols: new Set(['OpenFlow13', 'OpenFlow15']), _version: /^[0-9a-f-]{36}$/ }])
  // The version of a row is set when the transaction is committed.
  const read = select('Bridge', [['name', '==', 'br0']], ['_version'])
  const [before] = await connection.transact('Open_vSwitch', [read])
  const version = before.rows[0]?._version ?? ''
  const [same] = await connection.transact('Open_vSwitch', [select('Bridge', [['_version', '==', version]], ['name'])])
  t.same(same.rows, [{ name: 'br0' }])
})
