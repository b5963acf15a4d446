/** The page tells of everything that is there. */
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { MESSAGE_TYPES } from '../../src/openflow/messages.ts'

t.test('the README names every type of message, and every code of an error', async (t) => {
  const page = await readFile(new URL('../../src/openflow/README.md', import.meta.url), 'utf8')
  for (const type of MESSAGE_TYPES) t.ok(page.includes(`\`${type}\``), type)
  const source = await readFile(new URL('../../src/openflow/errors.ts', import.meta.url), 'utf8')
  const codes = [...source.matchAll(/^ {2}\| '([a-z-]+)'$/gm)].map(([, code]) => code)
  t.ok(codes.length > 5)
  for (const code of codes) t.match(page, new RegExp(`\\| \`${code}\` +\\|`), `${code}`)
})

t.test('the room imports nothing of ours', async (t) => {
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
