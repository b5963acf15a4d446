/** docs/operations.md says what to do at each condition of a hypervisor, and what each metric says. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')

/** What these files name, each once. */
function namesIn(pattern: string, name: RegExp): string[] {
  const texts = globSync(pattern, { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), 'utf8'))
  return [...new Set(texts.flatMap((text) => [...text.matchAll(name)].map(([, found = '']) => found)))].sort()
}

t.test('B151 every metric is on the page', async (t) => {
  const metrics = namesIn('src/**/*.ts', /'(plugboard_[a-z_]+)'/g)
  t.ok(metrics.length >= 25, `${metrics.length} metrics`)
  t.same(
    metrics.filter((name) => !page.includes(`\`${name}\``)),
    [],
  )
})

t.test('every condition has a row on the page', async (t) => {
  const conditions = namesIn(
    '{src/{core,engines,features,hypervisors,switches},flows}/**/*.ts',
    /\bcode: '([a-z0-9-]+)'/g,
  )
  t.ok(conditions.length > 25, `${conditions.length} conditions`)
  const first = page.match(/^\|[^|]+\|/gm) ?? []
  t.same(
    conditions.filter((code) => !first.some((cell) => cell.includes(`\`${code}\``))),
    [],
  )
})
