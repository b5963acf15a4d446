/** The page on security: each dependency has its reason, and what it points to exists. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const at = (path: string): string => join(import.meta.dirname, '../..', path)
const page = readFileSync(at('docs/security.md'), 'utf8')

t.test('each runtime dependency is justified, and no other', async (t) => {
  const { dependencies } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  const section = page.slice(page.indexOf('## Dependencies'))
  const rows = [...section.matchAll(/^\| `([^`]+)` \| ([^|]+) \|$/gm)]
  t.same(
    rows.map(([, name]) => name),
    Object.keys(dependencies).sort(),
  )
  for (const [row, , why = ''] of rows) t.ok(why.length > 20, row)
})

t.test('the behaviours and tests that it names exist', async (t) => {
  const behaviours = readFileSync(at('docs/behaviours.md'), 'utf8')
  for (const [number] of page.matchAll(/\bB\d+\b/g)) t.ok(behaviours.includes(`### ${number}\n`), number)
  for (const [, file = ''] of page.matchAll(/`((?:test|mininet)\/[^`]+)`/g)) t.ok(existsSync(at(file)), file)
})
