/** Every link from one page to another has an existing target. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const root = fileURLToPath(new URL('../..', import.meta.url))
const hidden = (name: string) => name === 'node_modules' || name === 'dist' || name.startsWith('.')
const pages = globSync('**/*.md', { cwd: root, exclude: hidden })

t.test('every relative link in a page names a file', async (t) => {
  let links = 0
  for (const page of pages) {
    for (const [, target = ''] of readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      links += 1
      t.ok(existsSync(join(root, dirname(page), target)), `${page}: ${target}`)
    }
  }
  t.ok(links > 10, 'there are links')
})
