/** The README is complete, and the library imports nothing from outside of its folder. */
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { MESSAGE_TYPES, placesOf } from '../../src/openflow/messages/message.ts'
import { MULTIPART_KINDS, multipartPlaces } from '../../src/openflow/messages/multipart.ts'
import { ONF } from '../../src/openflow/wire/experimenters.ts'
import type { Places } from '../../src/openflow/wire/places.ts'
import { VERSIONS } from '../../src/openflow/wire/versions.ts'

/** A row of the table: where each version has the message. */
function line(name: string, places: Places): string {
  const cells = VERSIONS.map((version) => {
    const { code, experimenter } = places[version] ?? {}
    if (experimenter === undefined) return code ?? ''
    return `${experimenter === ONF ? 'ONF' : 'NX'} ${code}`
  })
  return `| \`${name}\` | ${cells.join(' | ')} |`
}

t.test('the README has every type of message and kind of multipart as it is in each version', async (t) => {
  const page = await readFile(new URL('../../src/openflow/README.md', import.meta.url), 'utf8')
  const lines = [
    ...MESSAGE_TYPES.map((type) => line(type, placesOf(type))),
    ...MULTIPART_KINDS.map((kind) => line(kind, multipartPlaces(kind))),
  ]
  const missing = lines.filter((one) => !page.includes(one))
  t.strictSame(missing, [], missing.join('\n'))
})

t.test('the README has every code of an error', async (t) => {
  const page = await readFile(new URL('../../src/openflow/README.md', import.meta.url), 'utf8')
  const source = await readFile(new URL('../../src/openflow/wire/openflow-error.ts', import.meta.url), 'utf8')
  const codes = [...source.matchAll(/^ {2}\| '([a-z-]+)'$/gm)].map(([, code]) => code)
  t.ok(codes.length > 5)
  for (const code of codes) t.match(page, new RegExp(`\\| \`${code}\` +\\|`), `${code}`)
})

t.test('the library imports nothing from outside of its folder', async (t) => {
  const { glob } = await import('node:fs/promises')
  const root = new URL('../../src/openflow/', import.meta.url).pathname
  let files = 0
  for await (const name of glob('**/*.ts', { cwd: root })) {
    files += 1
    const text = await readFile(`${root}/${name}`, 'utf8')
    const depth = name.split('/').length - 1
    for (const [, from = ''] of text.matchAll(/from '([^']+)'/g)) {
      const climbs = from.split('/').filter((part) => part === '..').length
      t.ok(from.startsWith('node:') || (from.startsWith('.') && climbs <= depth), `${name} imports ${from}`)
    }
  }
  t.ok(files > 20)
})
