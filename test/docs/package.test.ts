/** The package as npm packs it: every link of its pages leads to a file that is in it. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

const ROOT = join(import.meta.dirname, '../..')

const [packed] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { cwd: ROOT, encoding: 'utf8' }),
) as [{ readonly files: ReadonlyArray<{ readonly path: string }> }]
const files = packed.files.map(({ path }) => path)

t.test('every relative link in a page of the package names a file or a folder of it', async (t) => {
  const pages = files.filter((file) => file.endsWith('.md'))
  t.ok(pages.length > 15, `${pages.length} pages`)
  const there = new Set(files.flatMap((file) => [file, ...foldersOf(file)]))
  for (const page of pages) {
    const dead = new Set<string>()
    for (const [, target = ''] of readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const file = normalize(join(dirname(page), target)).replace(/\/$/, '')
      if (!there.has(file)) dead.add(file)
    }
    t.same([...dead], [], page)
  }
})

t.test('tests and benchmarks are not in it', async (t) => {
  t.same(
    files.filter((file) => /^(test|scripts)\/|\.test\.ts$/.test(file)),
    [],
  )
})

function foldersOf(file: string): string[] {
  const folder = dirname(file)
  return folder === '.' ? [] : [folder, ...foldersOf(folder)]
}
