/** Writes the lists of tests in docs/behaviours.md, from the numbers in the names of tests. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
export const PAGE = 'docs/behaviours.md'

export interface NamedTest {
  readonly file: string
  readonly name: string
  /** The numbers in the name, such as `B07` or `law 4`. */
  readonly numbers: readonly string[]
}

const NUMBER = /\b(?:B\d\d+[a-z]?|law \d+)\b/g
/** Finds the name of a test: the first argument of a function that defines a test. */
const NAME = /\b(?:test|inEach)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g

/** The tests with a number in their name, in the order of files and positions. */
export function numberedTests(): NamedTest[] {
  const files = globSync('{test,mininet}/**/*.test.ts', { cwd: ROOT }).sort()
  return files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(NAME)].flatMap(([, , literal = '']) => {
      // Values that the test inserts are shown as an ellipsis.
      const name = literal.replaceAll(/\$\{[^}]*\}/g, '…').replaceAll(/\\(.)/g, '$1')
      const numbers = [...new Set(name.match(NUMBER))]
      return numbers.length === 0 ? [] : [{ file, name, numbers }]
    }),
  )
}

/** The numbers that the page explains, in order. */
export const explainedNumbers = (page: string): string[] => page.match(/(?<=^### ).+$/gm) ?? []

/** The page with its lists of tests replaced. */
export function behavioursPage(page: string, tests: readonly NamedTest[]): string {
  const prose = page.replaceAll(/\n+(?:- .*\.test\.ts.*\n)+/g, '\n')
  return prose.replaceAll(/^### (.+)\n((?:.+\n)+)/gm, (_, number: string, text: string) => {
    const lines = tests
      .filter(({ numbers }) => numbers.includes(number))
      .map(({ file, name }) => `- \`${file}\`: ${name.replaceAll('|', '\\|')}`)
    return `### ${number}\n${text}${lines.length > 0 ? `\n${lines.join('\n')}\n` : ''}`
  })
}

/** @returns the current page */
export const readPage = (): string => readFileSync(join(ROOT, PAGE), 'utf8')
