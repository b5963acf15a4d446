/** `npm run docs`: write the pages that are made from the code. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EXAMPLES } from '../test/support/examples.ts'
import { pipelinePage } from './pipeline-page.ts'
import { entriesOf, referencePage } from './reference-page.ts'

function write(name: string, text: string): void {
  const page = join(import.meta.dirname, '../docs', name)
  mkdirSync(dirname(page), { recursive: true })
  writeFileSync(page, text)
  console.log(`wrote ${page}`)
}

write('pipeline.md', pipelinePage(EXAMPLES))
for (const [library, entries] of entriesOf()) write(`reference/${library.name}.md`, referencePage(library, entries))
