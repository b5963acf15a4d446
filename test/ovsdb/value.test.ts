/** Values and differences, against a model. */
import fc from 'fast-check'
import t from 'tap'
import {
  type Base,
  type Column,
  disagreements,
  encode,
  mapOf,
  namedUuid,
  optional,
  type Plain,
  scalar,
  setOf,
  uuid,
  type Value,
} from '../../src/ovsdb/index.ts'
import { applyDifference, decodeColumn, defaultOf, encodeColumn } from '../../src/ovsdb/value.ts'

const ID = '01234567-89ab-cdef-0123-456789abcdef'

const atoms = {
  string: fc.constantFrom('', 'a', 'b', 'uuid', 'set', 'map'),
  integer: fc.maxSafeInteger(),
  real: fc.double({ noNaN: true, noDefaultInfinity: true }).map((real) => real || 0),
  boolean: fc.boolean(),
  uuid: fc.nat(5).map((n) => `${n}${ID.slice(1)}`),
} as const
const ENUM = ['a', 'b', 'set'] as const
const atomOf = (base: Base): fc.Arbitrary<string> =>
  (typeof base === 'string' ? atoms[base] : fc.constantFrom(...ENUM)) as fc.Arbitrary<string>
const types = fc.constantFrom<Base>(...(Object.keys(atoms) as Array<keyof typeof atoms>), ENUM)
const column: fc.Arbitrary<Column> = fc.oneof(
  types.map(scalar),
  types.map(optional),
  types.map(setOf),
  fc.tuple(types, types).map(([key, value]) => mapOf(key, value)),
)

const valueIn = (column: Column): fc.Arbitrary<Value<Column>> => {
  switch (column.kind) {
    case 'scalar':
      return atomOf(column.type)
    case 'optional':
      return fc.option(atomOf(column.type))
    case 'set':
      return fc.array(atomOf(column.type), { maxLength: 5 }).map((list) => new Set(list))
    case 'map': {
      const pair = fc.tuple(atomOf(column.key), atomOf(column.value))
      return fc.array(pair, { maxLength: 5 }).map((pairs) => new Map(pairs))
    }
  }
}

const columnWith = (count: number) =>
  column.chain((column) =>
    fc.tuple(fc.constant(column), fc.array(valueIn(column), { minLength: count, maxLength: count })),
  )

/** The difference as ovsdb-server(7), section 4.1.14, defines it. */
const difference = (before: Value<Column>, after: Value<Column>): Value<Column> => {
  if (before instanceof Set && after instanceof Set) {
    return new Set([...[...before].filter((a) => !after.has(a)), ...[...after].filter((a) => !before.has(a))])
  }
  if (before instanceof Map && after instanceof Map) {
    return new Map([
      ...[...before].filter(([key]) => !after.has(key)),
      ...[...after].filter(([key, value]) => !before.has(key) || before.get(key) !== value),
    ])
  }
  return after
}

const wire = (column: Column, value: Value<Column>) => JSON.parse(JSON.stringify(encodeColumn(column, value as Plain)))

t.test('decoding an encoded value returns the value', async (t) => {
  fc.assert(
    fc.property(columnWith(1), ([column, [value]]) => {
      t.strictSame(decodeColumn(column, wire(column, value as Value<Column>)), value)
    }),
  )
})

t.test('before and the difference give after', async (t) => {
  fc.assert(
    fc.property(columnWith(2), ([column, [a, b]]) => {
      const [before, after] = [a as Value<Column>, b as Value<Column>]
      const kept = structuredClone(before)
      t.strictSame(applyDifference(column, before, wire(column, difference(before, after))), after)
      t.strictSame(before, kept, 'and the old value does not change')
    }),
  )
})

t.test('other ways to write the same', async (t) => {
  t.strictSame(decodeColumn(setOf('string'), 'a'), new Set(['a']))
  t.strictSame(decodeColumn(setOf('uuid'), ['uuid', ID]), new Set([ID]))
  t.equal(decodeColumn(optional('integer'), ['set', [5]]), 5)
  t.equal(decodeColumn(scalar('string'), ['set', ['a']]), 'a')
})

t.test('defaults', async (t) => {
  t.same([scalar('integer'), scalar('string'), scalar('boolean'), optional('uuid')].map(defaultOf), [
    0,
    '',
    false,
    null,
  ])
  t.equal(defaultOf(scalar('uuid')), '00000000-0000-0000-0000-000000000000')
  t.same([defaultOf(setOf('uuid')), defaultOf(mapOf('string', 'string'))], [new Set(), new Map()])
})

t.test('what does not fit', async (t) => {
  const wrong: ReadonlyArray<readonly [Column, unknown]> = [
    [scalar('string'), 1],
    [scalar('string'), ['set', []]],
    [scalar('string'), undefined],
    [scalar('integer'), 1.5],
    [scalar('uuid'), ID],
    [optional('string'), ['set', ['a', 'b']]],
    [optional('boolean'), null],
    [setOf('integer'), ['set', [1, 'a']]],
    [setOf('integer'), ['set', 1]],
    [mapOf('string', 'string'), ['map', [['a']]]],
    [mapOf('string', 'string'), ['map', {}]],
    [mapOf('string', 'string'), 'a'],
  ]
  for (const [column, value] of wrong) t.throws(() => decodeColumn(column, value), { code: 'bad-value' })
  t.throws(() => encodeColumn(scalar('integer'), 2 ** 53), { code: 'bad-value' })
  t.throws(() => encodeColumn(scalar('real'), Number.NaN), { code: 'bad-value' })
  t.throws(() => encodeColumn(setOf('string'), 'a'), { code: 'bad-value' })
  t.throws(() => encodeColumn(scalar('uuid'), 'a'), { code: 'bad-value' })
  t.throws(() => uuid('a'), { code: 'bad-value' })
  t.throws(() => namedUuid('0'), { code: 'bad-value' })
})

t.test('without a schema, the type of a value determines its form', async (t) => {
  t.same(encode('a'), 'a')
  t.same(encode(null), ['set', []])
  t.same(encode(new Set([uuid(ID), namedUuid('x')])), [
    'set',
    [
      ['uuid', ID],
      ['named-uuid', 'x'],
    ],
  ])
  t.same(encode(new Map([['a', 1]])), ['map', [['a', 1]]])
})

t.test('disagreements with a server', async (t) => {
  const served = {
    name: 'other',
    version: '1.0.0',
    tables: {
      A: {
        columns: {
          same: { type: { key: { type: 'string' } as const, min: 0, max: 4 } },
          wider: { type: { key: 'integer', min: 0, max: 'unlimited' } },
        },
      },
    },
  } as const
  const schema = {
    name: 'db',
    tables: { A: { same: setOf('string'), wider: optional('integer'), gone: scalar('uuid') }, B: {} },
  } as const
  t.same(disagreements(schema, served), [
    'the database is other, not db',
    'A.wider is of type {"key":"integer","min":0,"max":"unlimited"}',
    'table A has no column gone',
    'there is no table B',
  ])
})
