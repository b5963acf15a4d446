/** Who may import whom: topology <- flows <- engines <- control <- http <- main; openflow and ovsdb import nothing of ours. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'

const ROOT = join(import.meta.dirname, '../..')

/** What each room may import values of; types may come from anywhere that is below or a leaf. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  topology: [],
  'src/openflow': [],
  'src/ovsdb': [],
  'src/store': [],
  'src/errors.ts': [],
  flows: ['topology', 'src/openflow'],
  'src/engines': ['topology', 'flows', 'src/openflow', 'src/ovsdb', 'src/errors.ts', 'src/store'],
  'src/control': ['topology', 'flows', 'src/openflow', 'src/ovsdb', 'src/errors.ts', 'src/store', 'src/engines'],
  'src/http': ['topology', 'src/errors.ts', 'src/engines', 'src/control', 'src/store'],
  'src/config': ['src/engines', 'src/control'],
  'src/config.ts': ['src/config'],
  'src/cli.ts': ['src/config.ts', 'src/config'],
}

const roomOf = (path: string): string =>
  Object.keys(MAY).find((room) => path === room || path.startsWith(`${room}/`)) ?? 'main'

const IMPORT = /^(?:import|export)\s(?:[^'"]*?\sfrom\s)?'([^']+)'/gm

/** What a file imports against the law, in words. */
function breaches(file: string): string[] {
  const room = roomOf(file)
  const imports = [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].map(([, from = '']) => from)
  return imports.flatMap((from) => {
    if (!from.startsWith('.')) return room === 'topology' ? [`${file}: topology imports ${from}`] : []
    const target = roomOf(relative(ROOT, join(ROOT, dirname(file), from)))
    const allowed = target === room || room === 'main' || MAY[room]?.includes(target)
    return allowed ? [] : [`${file}: ${room} imports ${from}`]
  })
}

t.test('the import law', async (t) => {
  const files = globSync('{topology,flows,src}/**/*.ts', { cwd: ROOT })
  t.ok(files.length > 80, `${files.length} files were read`)
  t.strictSame(files.flatMap(breaches), [])
})
