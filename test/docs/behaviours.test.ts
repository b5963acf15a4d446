/** The numbers in the names of tests, and the page that explains them. */
import t from 'tap'
import { behavioursPage, explainedNumbers, numberedTests, readPage } from '../../scripts/behaviours-page.ts'

const page = readPage()
const tests = numberedTests()
const explained = explainedNumbers(page)
const covered = new Set(tests.flatMap(({ numbers }) => numbers))

t.test('every number in the name of a test is explained', async (t) => {
  t.ok(tests.length > 100, `${tests.length} tests have a number`)
  t.same(
    [...covered].filter((number) => !explained.includes(number)),
    [],
  )
  t.equal(new Set(explained).size, explained.length, 'no number is explained twice')
})

t.test('every number that is explained has a test', async (t) => {
  t.ok(explained.length > 40)
  t.same(
    explained.filter((number) => !covered.has(number)),
    [],
  )
})

t.test('the lists of tests are fresh: `npm run docs` writes them', async (t) => {
  t.equal(behavioursPage(page, tests), page)
})

t.test('a list is written once, and again when tests change', async (t) => {
  const bare = '# Page\n\n### B01\nA case.\n\n### B02\nAnother\none.\n'
  const one = [{ file: 'test/a.test.ts', name: 'B01: so', numbers: ['B01'] }]
  const written = behavioursPage(bare, one)
  t.equal(written, bare.replace('A case.\n', 'A case.\n\n- `test/a.test.ts`: B01: so\n'))
  t.equal(behavioursPage(written, one), written)
  t.equal(behavioursPage(written, []), bare)
})
