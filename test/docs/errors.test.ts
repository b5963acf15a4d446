/** docs/api.md says what to do at each error of the API. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ERRORS } from '../../src/core/errors.ts'

t.test('every error has its row on the page, with its status', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/api.md'), 'utf8')
  const rows = [...page.slice(page.indexOf('## Errors')).matchAll(/^\| (\d{3}) \| ([^|]+) \|/gm)]
  const listed = rows.flatMap(([, status, codes = '']) =>
    [...codes.matchAll(/`([a-z-]+)`/g)].map(([, code]) => `${status} ${code}`),
  )
  const known = Object.entries(ERRORS).map(([code, [status]]) => `${status} ${code}`)
  t.same(listed.sort(), known.sort())
})
