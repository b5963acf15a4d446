import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fieldsPage } from '../../scripts/fields-page.ts'

t.test('docs/fields.md agrees with the tables of fields', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/fields.md'), 'utf8')
  t.equal(page, fieldsPage(), 'the page is stale: run `npm run docs`')
})
