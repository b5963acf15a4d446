/** The reference of each library is up to date, and every export of a library has a docstring. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { entriesOf, referencePage } from '../../scripts/reference-page.ts'

for (const [library, entries] of entriesOf()) {
  t.test(`docs/reference/${library.name}.md agrees with the code`, async (t) => {
    const page = readFileSync(join(import.meta.dirname, `../../docs/reference/${library.name}.md`), 'utf8')
    t.equal(page, referencePage(library, entries), 'the page is stale: run `npm run docs`')
    const ids = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase()))
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor.replace(/-\d+$/, ''))
    t.ok(links.length > 100)
    t.strictSame(
      links.filter((anchor) => !ids.has(anchor)),
      [],
      'every link within the page leads to a heading',
    )
  })

  t.test(`all that plugboard/${library.name} exports has a docstring`, async (t) => {
    t.ok(entries.length > 50)
    t.strictSame(
      entries.filter(({ text }) => text === '').map(({ file, name }) => `${file}: ${name}`),
      [],
    )
  })

  t.test(`so has every member of the classes of plugboard/${library.name}`, async (t) => {
    const bare = entries.flatMap(({ file, bare }) => bare.map((member) => `${file}: ${member}`))
    t.strictSame(bare, [])
  })
}
