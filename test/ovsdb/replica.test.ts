/** The replica against real ovsdb-server: after each of many random transactions it equals a fresh selection. */
import fc from 'fast-check'
import t from 'tap'
import {
  type Changes,
  type Connection,
  connect,
  disagreements,
  namedUuid,
  type OpenVSwitch,
  type Operation,
  openVSwitch,
  operations,
  type Replica,
  replicate,
  uuid,
} from '../../src/ovsdb/index.ts'
import { Relay } from './relay.ts'
import { Server, skip } from './server.ts'

const { insert, update, mutate, select } = operations(openVSwitch)

const words = fc.constantFrom('a', 'b', 'c', 'ü', '"\\\n')
const map = fc.dictionary(words, words, { maxKeys: 4 }).map((object) => new Map(Object.entries(object)))
const set = fc.uniqueArray(words, { maxLength: 4 }).map((atoms) => new Set(atoms))

/** The operations of one transaction. `pick` chooses among the existing rows. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('add'), options: map, ofport: fc.option(fc.nat(9)) } as const),
  fc.record({ kind: fc.constant('remove'), pick: fc.nat(99) } as const),
  fc.record({ kind: fc.constant('replace'), pick: fc.nat(99), external_ids: map, mtu: fc.option(fc.nat(9)) } as const),
  fc.record({ kind: fc.constant('merge'), pick: fc.nat(99), add: map, drop: set } as const),
  fc.record({ kind: fc.constant('tag'), pick: fc.nat(99), tag: fc.option(fc.nat(4095)) } as const),
  fc.record({ kind: fc.constant('types'), types: set } as const),
  fc.record({ kind: fc.constant('mutate types'), add: set, drop: set } as const),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

let names = 0

const operationsOf = (
  { tables }: Replica<OpenVSwitch>,
  [root, bridge]: readonly [string, string],
  it: Step,
): Operation[] => {
  const pick = <T>(rows: ReadonlyMap<string, T>, at: number) => [...rows][at % Math.max(rows.size, 1)]?.[0]
  switch (it.kind) {
    case 'add': {
      const name = `p${++names}`
      return [
        insert('Interface', { name, type: 'tap', options: it.options, ofport: it.ofport }, { as: 'interface' }),
        insert('Port', { name, interfaces: new Set([namedUuid('interface')]) }, { as: 'port' }),
        mutate('Bridge', uuid(bridge), [['ports', 'insert', new Set([namedUuid('port')])]]),
      ]
    }
    case 'remove': {
      const port = pick(tables.Port, it.pick)
      return port ? [mutate('Bridge', uuid(bridge), [['ports', 'delete', new Set([port])]])] : []
    }
    case 'replace': {
      const row = pick(tables.Interface, it.pick)
      return row ? [update('Interface', uuid(row), { external_ids: it.external_ids, mtu: it.mtu })] : []
    }
    case 'merge': {
      const row = pick(tables.Interface, it.pick)
      return row
        ? [
            mutate('Interface', uuid(row), [
              ['external_ids', 'delete', it.drop],
              ['external_ids', 'insert', it.add],
            ]),
          ]
        : []
    }
    case 'tag': {
      const row = pick(tables.Port, it.pick)
      return row ? [update('Port', uuid(row), { tag: it.tag })] : []
    }
    case 'types':
      return [update('Open_vSwitch', uuid(root), { iface_types: it.types })]
    case 'mutate types':
      return [
        mutate('Open_vSwitch', uuid(root), [
          ['iface_types', 'delete', it.drop],
          ['iface_types', 'insert', it.add],
        ]),
      ]
  }
}

const fresh = async (connection: Connection) => {
  const [root, bridge, port, iface] = await connection.transact('Open_vSwitch', [
    select('Open_vSwitch', [], ['_uuid', 'bridges', 'iface_types', 'next_cfg', 'external_ids']),
    select('Bridge', [], ['_uuid', 'name', 'ports', 'fail_mode', 'protocols', 'other_config']),
    select('Port', [], ['_uuid', 'name', 'interfaces', 'tag']),
    select('Interface', [], ['_uuid', 'name', 'type', 'options', 'ofport', 'external_ids', 'mtu', 'mtu_request']),
  ])
  const byId = <R extends { readonly _uuid: string }>(rows: readonly R[]) =>
    new Map(rows.map(({ _uuid, ...row }) => [_uuid, row]))
  return {
    Open_vSwitch: byId(root.rows),
    Bridge: byId(bridge.rows),
    Port: byId(port.rows),
    Interface: byId(iface.rows),
  }
}

/** The same tables and columns of a replica, in the order of `like`. */
const cut = (tables: object, like: object): unknown =>
  Object.fromEntries(
    Object.entries(like).map(([table, rows]: [string, ReadonlyMap<string, object>]) => {
      const copy = (tables as Record<string, ReadonlyMap<string, Record<string, unknown>>>)[table] ?? new Map()
      const columns = Object.keys([...rows.values()][0] ?? {})
      return [
        table,
        new Map([...copy].map(([id, row]) => [id, Object.fromEntries(columns.map((column) => [column, row[column]]))])),
      ]
    }),
  )

const METHODS = ['monitor_cond_since', 'monitor_cond', 'monitor']

for (const [before, method] of METHODS.entries()) {
  t.test(`a replica by ${method} follows random transactions`, { skip }, async (t) => {
    await using server = await Server.start()
    // The server does not know the better methods: the relay garbles the name of the method in the request.
    await using relay = await Relay.start({ path: server.path }, (text) =>
      METHODS.slice(0, before).reduce(
        (text, unknown) => text.replace(`"method":"${unknown}"`, '"method":"none"'),
        text,
      ),
    )
    const connection = await connect(relay.target)
    t.teardown(() => connection.close())
    server.vsctl('add-br', 'br0')
    const replica = await replicate(connection, openVSwitch)
    t.equal(relay.down.split('unknown method').length - 1, before)
    t.match(relay.up, `"method":"${method}"`)

    const model = new Map<string, unknown>()
    for (const rows of Object.values(replica.tables)) for (const [id, row] of rows) model.set(id, row)
    let batches: Changes<OpenVSwitch>[] = []
    replica.onUpdate((changes) => {
      batches.push(changes)
      for (const { uuid, old, new: row } of changes) {
        t.equal(model.get(uuid), old, 'the old row is the one reported before')
        if (row === undefined) model.delete(uuid)
        else model.set(uuid, row)
      }
    })
    const [root] = [...replica.tables.Open_vSwitch.keys()]
    const [bridge] = [...replica.tables.Bridge.keys()]
    if (root === undefined || bridge === undefined) throw new Error('no bridge')

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        batches = []
        const cfg = (replica.tables.Open_vSwitch.get(root)?.next_cfg ?? 0) + 1
        const work = steps.flatMap((step, index) =>
          operationsOf(replica, [root, bridge], step).map((operation) => rename(operation, index)),
        )
        await connection.transact('Open_vSwitch', [
          ...work,
          mutate('Open_vSwitch', uuid(root), [['next_cfg', '+=', 1]]),
        ])
        // An update is sent before the reply to the transaction that caused it.
        t.equal(batches.length, 1, 'one transaction, one batch')
        t.equal(replica.tables.Open_vSwitch.get(root)?.next_cfg, cfg)
        const now = await fresh(connection)
        t.strictSame(cut(replica.tables, now), now)
        const rows = Object.values(replica.tables).flatMap((rows) => [...rows])
        t.equal(rows.length, model.size)
        t.ok(rows.every(([id, row]) => model.get(id) === row))
      }),
      { numRuns: 60 },
    )
    t.same(disagreements(openVSwitch, await connection.getSchema('Open_vSwitch')), [])
  })
}

/** Each step names its rows in the same way. This makes the names unique within a transaction. */
const rename = (operation: Operation, index: number): Operation =>
  JSON.parse(
    JSON.stringify(operation, (key, value) =>
      key === 'uuid-name'
        ? `${value}${index}`
        : Array.isArray(value) && value[0] === 'named-uuid'
          ? ['named-uuid', `${value[1]}${index}`]
          : value,
    ),
  )
