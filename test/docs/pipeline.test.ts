import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { pipelinePage } from '../../scripts/pipeline-page.ts'
import { BY_STAGE, EXAMPLES } from '../support/examples.ts'

t.test('docs/pipeline.md agrees with the stages', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/pipeline.md'), 'utf8')
  t.equal(page, pipelinePage(EXAMPLES, BY_STAGE), 'the page is stale: run `npm run docs`')
})
