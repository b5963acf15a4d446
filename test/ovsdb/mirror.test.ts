/** Full and incremental updates: the changes transform the old rows to the new ones, and contain nothing else. */
import fc from 'fast-check'
import t from 'tap'
import { mapOf, optional, scalar, setOf } from '../../src/ovsdb/index.ts'
import { Mirror } from '../../src/ovsdb/mirror.ts'
import { run } from '../support/run.ts'

const columns = {
  name: scalar('string'),
  tag: optional('integer'),
  ids: setOf('string'),
  options: mapOf('string', 'string'),
}
const word = fc.constantFrom('a', 'b', 'c')
const row = fc.record({
  name: word,
  tag: fc.constantFrom(['set', []], 5, 6),
  ids: fc.uniqueArray(word).map((words) => ['set', words]),
  options: fc.dictionary(word, word, { maxKeys: 2 }).map((object) => ['map', Object.entries(object)]),
})
const whole = fc.record({ A: fc.dictionary(fc.constantFrom('1', '2', '3'), row), B: fc.dictionary(word, row) })

const wireOf = (rfc: boolean, rows: object): object =>
  Object.fromEntries(
    Object.entries(rows)
      .filter(([, rows]) => Object.keys(rows).length > 0)
      .map(([table, rows]: [string, object]) => [
        table,
        Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, rfc ? { new: row } : { initial: row }])),
      ]),
  )

/** Takes an update in one go. */
function take(mirror: Mirror, ...update: Parameters<Mirror['changesOf']>) {
  const changes = run(mirror.changesOf(...update))
  mirror.apply(changes)
  return changes
}

for (const rfc of [true, false]) {
  t.test(rfc ? 'as RFC 7047 has it' : 'as OVS has it', async (t) => {
    fc.assert(
      fc.property(whole, whole, (before, after) => {
        const [mirror, fresh] = [0, 1].map(() => new Mirror(new Map(Object.entries({ A: columns, B: columns }))))
        if (!mirror || !fresh) throw new Error('there are two')
        const takeAll = (mirror: Mirror, rows: object) => take(mirror, { updates: wireOf(rfc, rows), whole: true }, rfc)
        takeAll(mirror, before)
        const old = new Map(mirror.rows.map(([table, rows]) => [table, new Map(rows)]))
        const changes = takeAll(mirror, after)
        takeAll(fresh, after)
        t.strictSame(new Map(mirror.rows), new Map(fresh.rows), 'the rows equal those of a full update')
        for (const change of changes) {
          const rows = old.get(change.table)
          t.equal(rows?.get(change.uuid), change.old)
          t.notSame(change.old, change.new, 'unchanged rows are not reported')
          if (change.new) rows?.set(change.uuid, change.new)
          else rows?.delete(change.uuid)
        }
        t.equal(new Set(changes.map(({ table, uuid }) => table + uuid)).size, changes.length)
        for (const [table, rows] of mirror.rows) for (const [id, row] of rows) t.equal(old.get(table)?.get(id), row)
        t.same(takeAll(mirror, after), [], 'a repeated update changes nothing')
      }),
    )
  })
}

t.test('B108: the memory that rows take is bounded, and what goes makes room', async (t) => {
  const mirror = new Mirror(new Map([['A', columns]]), { maxOctets: 20_000 })
  const insert = (id: string, name = '') =>
    take(mirror, { updates: { A: { [id]: { insert: { name } } } }, whole: false }, false)
  for (let n = 0; n < 10; n += 1) insert(String(n))
  t.throws(() => insert('long', 'x'.repeat(5_000)), { code: 'too-much-data' })
  const ids = ['set', Array.from({ length: 100 }, (_, n) => `${n}`)]
  const grow = { updates: { A: { 0: { modify: { ids } } } }, whole: false }
  t.throws(() => take(mirror, grow, false), { code: 'too-much-data' }, 'a row that grows')
  t.throws(() => insert('a'.repeat(37)), { code: 'inconsistent-update' }, 'an id that is no UUID')
  for (let n = 0; n < 9; n += 1) take(mirror, { updates: { A: { [n]: { delete: null } } }, whole: false }, false)
  insert('long', 'x'.repeat(5_000))
  t.same([...(mirror.rows[0]?.[1].keys() ?? [])], ['9', 'long'])
})

t.test('B123: the number of rows is bounded, and what goes makes room', async (t) => {
  const mirror = new Mirror(new Map(Object.entries({ A: columns, B: columns })), { maxRows: 3 })
  const insert = (table: string, id: string) =>
    take(mirror, { updates: { [table]: { [id]: { insert: {} } } }, whole: false }, false)
  for (const [table, id] of [
    ['A', '1'],
    ['A', '2'],
    ['B', '1'],
  ] as const)
    insert(table, id)
  t.throws(() => insert('B', '2'), { code: 'too-much-data', message: /more than 3 rows/ })
  const swap = { A: { 1: { delete: null }, 3: { insert: {} } } }
  t.equal(take(mirror, { updates: swap, whole: false }, false).length, 2)
  const initial = (...ids: string[]) => ({ A: Object.fromEntries(ids.map((id) => [id, { initial: {} }])) })
  t.equal(take(mirror, { updates: initial('4', '5', '6'), whole: true }, false).length, 6, 'all rows are replaced')
  t.throws(() => take(mirror, { updates: initial('4', '5', '6', '7'), whole: true }, false), { code: 'too-much-data' })
})
