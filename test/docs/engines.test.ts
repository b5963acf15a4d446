/** What docs/engines.md names, and the interfaces that an engine implements, can be imported from the package. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8')
const exported = new Set(read('src/index.ts').match(/\b[A-Za-z]\w+\b/g))

t.test('every interface of an engine is exported', async (t) => {
  for (const file of ['src/core/engine/engine.ts', 'flows/engines/engine-rules.ts']) {
    const types = [...read(file).matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name = '']) => name)
    t.ok(types.length > 10)
    t.same(
      types.filter((name) => !exported.has(name)),
      [],
      file,
    )
  }
})

t.test('every export that the page names exists', async (t) => {
  const page = read('docs/engines.md')
  const [, table = ''] = /\| export \| is \|\n(.*?)\n\n/s.exec(page) ?? []
  const names = [...table.matchAll(/^\| ([^|]*)/gm)].flatMap(([, cell = '']) => cell.match(/(?<=`)\w+(?=`)/g) ?? [])
  t.ok(names.length > 20)
  const types = page.match(/(?<=`)[A-Z]\w+(?=`)/g) ?? []
  t.same(
    [...names, ...types].filter((name) => !exported.has(name) && !/^[A-Z_]+$/.test(name)),
    [],
  )
})
