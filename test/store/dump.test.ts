import fc from 'fast-check'
import t from 'tap'
import { dump, load } from '../../src/store/dump.ts'
import { SCHEMA } from '../../src/store/lmdb/head.ts'
import { openStore } from '../../src/store/lmdb/open.ts'
import type { Json, Write } from '../../src/store/store.ts'
import { entriesOf } from './support/entries.ts'
import { start } from './support/process.ts'

const title = (entries: number, changes: object = {}) =>
  JSON.stringify({ format: 'plugboard-store', schema: SCHEMA, revision: 9, entries, ...changes })
const line = (key: string, value: Json = 1, revision = 1) => JSON.stringify({ key, revision, value })

t.test('a dumped and loaded store is the same, with its revisions', async (t) => {
  let run = 0
  const directory = t.testdir()
  const write: fc.Arbitrary<Write> = fc.record({
    put: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }).filter((key) => !key.startsWith('\0')),
    value: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(write, { maxLength: 5 }), { maxLength: 5 }), async (commits) => {
      run += 1
      const store = openStore(`${directory}/${run}`)
      for (const writes of commits) await store.commit(writes)
      const entries = await entriesOf(store.range(''))
      await store.close()
      const lines = [...dump(`${directory}/${run}`)]
      const copy = `${directory}/${run}-copy`
      t.equal(await load(copy, lines), entries.length)
      t.strictSame([...dump(copy)], lines)
      const loaded = openStore(copy)
      t.strictSame(await entriesOf(loaded.range('')), entries)
      await loaded.commit([{ put: 'next', value: 1 }])
      const next = (await loaded.get('next'))?.revision ?? 0
      t.ok(entries.every(({ revision }) => revision < next))
      await loaded.close()
    }),
    { numRuns: 25 },
  )
})

t.test('a store in use is dumped as it is at the first line, and may go on changing', async (t) => {
  const path = t.testdir()
  const store = openStore(path)
  await store.commit(
    Array.from({ length: 700 }, (_, number) => ({ put: `key/${String(number).padStart(3, '0')}`, value: number })),
  )
  const lines = dump(path)
  const first = JSON.parse(lines.next().value ?? '') as unknown
  t.same(first, { format: 'plugboard-store', schema: SCHEMA, revision: 1, entries: 700 })
  await store.commit([{ remove: 'key/000' }, { put: 'key/500', value: 'changed' }, { put: 'zzz', value: 1 }])
  const entries = [...lines].map((text) => JSON.parse(text) as { value: unknown })
  t.same(
    entries.map(({ value }) => value),
    Array.from({ length: 700 }, (_, number) => number),
  )
  t.match(await store.commit([{ put: 'after', value: 1 }]), { committed: true })
  await store.close()
})

t.test('a store that another process writes to is dumped whole', async (t) => {
  const path = t.testdir()
  const child = start(new URL('./support/writer.ts', import.meta.url), [path])
  let answered = 0
  for await (const text of child.lines) {
    if (text === 'open') continue
    answered += 1
    if (answered % 50 !== 0) continue
    const [first = '', ...entries] = [...dump(path)]
    t.equal((JSON.parse(first) as { entries: number }).entries, entries.length)
    const numbers = (side: string) =>
      entries
        .map((text) => (JSON.parse(text) as { key: string }).key)
        .filter((key) => key.startsWith(side))
        .map((key) => key.slice(side.length))
    t.same(numbers('left/'), numbers('right/'), 'each commit completely')
    t.ok(numbers('left/').length >= answered)
    if (answered >= 150) child.process.kill('SIGKILL')
  }
  t.equal(await child.ended, 'SIGKILL')
})

t.test('a dump is refused whole, with the line that is not right', async (t) => {
  const many = Array.from({ length: 1500 }, (_, number) => line(`key/${String(number).padStart(4, '0')}`))
  for (const [what, lines, code, message] of [
    ['nothing', [], 'malformed', /the dump is empty: its first line has \{"format":"plugboard-store",…\}/],
    ['no title', [line('a')], 'malformed', /line 1 of the dump is not right: this is no dump of a store/],
    ['another schema', [title(0, { schema: SCHEMA + 1 })], 'newer-schema', /the dump has schema version/],
    ['half a title', [title(1, { revision: '1' }), line('a')], 'malformed', /line 1 .*whole numbers/],
    ['not JSON', [title(2), line('a'), '{"key":'], 'malformed', /line 3 of the dump is not right: it is not JSON/],
    ['no object', [title(1), '17'], 'malformed', /line 2 .*not a JSON object/],
    ['no key', [title(1), '{"revision":1,"value":1}'], 'malformed', /line 2 .*"key" is a string/],
    ['a bad key', [title(1), line('\0')], 'malformed', /line 2 .*begins with U\+0000/],
    ['no value', [title(1), '{"key":"a","revision":1}'], 'malformed', /line 2 .*"value" is missing/],
    ['no revision', [title(1), line('a', 1, 0)], 'malformed', /line 2 .*"revision" is a whole number from 1 to 9/],
    ['a late revision', [title(1), line('a', 1, 10)], 'malformed', /line 2 .*from 1 to 9/],
    ['twice', [title(2), line('a'), line('a')], 'malformed', /line 3 .*keys ascend/],
    ['one more', [title(1), line('a'), line('b')], 'malformed', /line 3 .*this is one more/],
    ['cut short', [title(3), line('a')], 'malformed', /cut short: its first line says 3 entries, and it has 1/],
    ['late in a long one', [title(1501), ...many, 'x'], 'malformed', /line 1502 /],
  ] as const) {
    const path = t.testdir()
    await t.rejects(load(path, lines), { name: 'StoreError', code, message }, what)
    if (what === 'late in a long one') {
      t.throws(() => openStore(path), {
        code: 'cannot-open',
        message: /a load into it is not finished.*load the dump again/,
      })
      continue
    }
    const store = openStore(path)
    t.same(await entriesOf(store.range('')), [], `${what}: nothing is loaded`)
    await store.close()
  }
})

t.test('B113: a store whose load was broken off does not start, is not dumped, and can be loaded again', async (t) => {
  const path = t.testdir()
  async function* brokenOff(): AsyncGenerator<string> {
    yield title(3000)
    for (let number = 0; number < 2000; number++) yield line(`key/${String(number).padStart(4, '0')}`)
    throw new Error('the pipe broke')
  }
  await t.rejects(load(path, brokenOff()), { message: 'the pipe broke' })
  t.throws(() => [...dump(path)], { code: 'cannot-open', message: /a load into it is not finished, or was broken off/ })
  t.throws(() => openStore(path), { code: 'cannot-open', message: /load the dump again \(plugboard store load\)$/ })
  t.equal(await load(path, [title(1), line('a')]), 1, 'another load starts from the beginning')
  t.equal([...dump(path)].length, 2)
})

t.test('a dump is only loaded into an empty store that no process has open', async (t) => {
  const path = t.testdir()
  const store = openStore(path)
  await t.rejects(load(path, [title(0)]), { code: 'cannot-open', message: /another process has it open/ })
  await store.commit([{ put: 'a', value: 1 }])
  await store.close()
  await t.rejects(load(path, [title(1), line('b')]), {
    code: 'not-empty',
    message: /is not empty: .*give another store\.path/,
  })
  t.equal([...dump(path)].length, 2)
})

t.test('a long load reports its progress', async (t) => {
  const told: string[] = []
  const entries = Array.from({ length: 2500 }, (_, number) => line(`key/${String(number).padStart(4, '0')}`))
  await load(t.testdir(), [title(2500), ...entries], (written, of) => told.push(`${written} of ${of}`))
  t.same(told, ['1000 of 2500', '2000 of 2500', '2500 of 2500'])
})

t.test('without a store there is nothing to dump, and none is created', (t) => {
  const directory = t.testdir()
  t.throws(() => [...dump(`${directory}/none`)], { code: 'cannot-open', message: /cannot be opened: there is none/ })
  t.throws(() => [...dump(`${directory}/none`)], { code: 'cannot-open' })
  t.end()
})
