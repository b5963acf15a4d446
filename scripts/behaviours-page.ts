/** docs/behaviours.md: the lists of tests in it, from the numbers that the names of tests say. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
export const PAGE = 'docs/behaviours.md'

export interface NamedTest {
  readonly file: string
  readonly name: string
  /** `B07`, `law 4` */
  readonly numbers: readonly string[]
}

const NUMBER = /\b(?:B\d\d[a-z]?|law \d+)\b/g
/** The name is the first argument of whatever makes a test of it. */
const NAME = /\b(?:test|inEach)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g

/** The tests whose names say a number, by file and place. */
export function numberedTests(): NamedTest[] {
  const files = globSync('{test,mininet}/**/*.test.ts', { cwd: ROOT }).sort()
  return files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(NAME)].flatMap(([, , literal = '']) => {
      // What a test fills in stands as an ellipsis.
      const name = literal.replaceAll(/\$\{[^}]*\}/g, '…').replaceAll(/\\(.)/g, '$1')
      const numbers = [...new Set(name.match(NUMBER))]
      return numbers.length === 0 ? [] : [{ file, name, numbers }]
    }),
  )
}

/** The numbers that the page explains, in its order. */
export const explainedNumbers = (page: string): string[] => page.match(/(?<=^### ).+$/gm) ?? []

/** The page with its lists of tests replaced. */
export function behavioursPage(page: string, tests: readonly NamedTest[]): string {
  const prose = page.replaceAll(/\n+(?:- \[.*\]\(.*\): .*\n)+/g, '\n')
  return prose.replaceAll(/^### (.+)\n((?:.+\n)+)/gm, (_, number: string, text: string) => {
    const lines = tests
      .filter(({ numbers }) => numbers.includes(number))
      .map(({ file, name }) => `- [${file}](../${file}): ${name.replaceAll('|', '\\|')}`)
    return `### ${number}\n${text}${lines.length > 0 ? `\n${lines.join('\n')}\n` : ''}`
  })
}

/** @returns the page as it is in the tree */
export const readPage = (): string => readFileSync(join(ROOT, PAGE), 'utf8')
