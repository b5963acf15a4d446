/** `npm run docs`: writes the pages that are generated from the code. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { roomsTable } from '../test/laws/rooms.ts'
import { BY_STAGE, EXAMPLES } from '../test/support/examples.ts'
import { behavioursPage, numberedTests, PAGE, readPage } from './behaviours-page.ts'
import { fieldsPage } from './fields-page.ts'
import { pipelinePage } from './pipeline-page.ts'
import { entriesOf, referencePage } from './reference-page.ts'

function write(name: string, text: string): void {
  const page = join(import.meta.dirname, '..', name)
  mkdirSync(dirname(page), { recursive: true })
  writeFileSync(page, text)
  console.log(`wrote ${page}`)
}

write('docs/pipeline.md', pipelinePage(EXAMPLES, BY_STAGE))
write('docs/fields.md', fieldsPage())
for (const [library, entries] of entriesOf())
  write(`docs/reference/${library.name}.md`, referencePage(library, entries))
write(PAGE, behavioursPage(readPage(), numberedTests()))

const architecture = readFileSync(join(import.meta.dirname, '../ARCHITECTURE.md'), 'utf8')
// The table ends before the first line that is not a row.
write('ARCHITECTURE.md', architecture.replace(/\| room \|(.*\n\|)*.*/, roomsTable()))
