/** `npm run docs`: write the pages that are made from the code. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXAMPLES } from '../test/support/examples.ts'
import { pipelinePage } from './pipeline-page.ts'

const page = join(import.meta.dirname, '../docs/pipeline.md')
writeFileSync(page, pipelinePage(EXAMPLES))
console.log(`wrote ${page}`)
