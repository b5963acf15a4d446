/** Checks who imports whom (`rooms.ts`), and that imports form no circle of files. */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import t from 'tap'
import { ROOMS, roomOf, roomsTable } from './rooms.ts'

const ROOT = join(import.meta.dirname, '../..')
const FILES = globSync('{topology,flows,src}/**/*.ts', { cwd: ROOT }).sort()

/** `import type …` and `import { type A, type B }` import no value. */
const IMPORT = /^(import|export)(\s+type)?\s([^'"]*?\sfrom\s)?'([^']+)'/gm

interface Import {
  readonly from: string
  readonly to: string
  readonly isValue: boolean
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(IMPORT)].map(([, , typeOnly, what = '', to = '']) => {
    const names = what.match(/\{([^}]*)\}/)?.[1]?.split(',') ?? []
    const onlyTypes = names.length > 0 && names.every((name) => /^\s*(type\s|$)/.test(name)) && /^\s*\{/.test(what)
    return {
      from: file,
      to: to.startsWith('.') ? normalize(join(dirname(file), to)) : to,
      isValue: typeOnly === undefined && !onlyTypes,
    }
  })
}

const IMPORTS = FILES.flatMap(importsOf)
const OURS = IMPORTS.filter(({ to }) => FILES.includes(to))

t.test('a room imports only the rooms that the law names', async (t) => {
  t.ok(FILES.length > 80, `${FILES.length} files were read`)
  const breaches = OURS.filter(({ from, to }) => {
    const [room, target] = [roomOf(from), roomOf(to)]
    return room !== target && !room.imports.includes(target.path)
  })
  t.strictSame(
    breaches.map(({ from, to }) => `${from} imports ${to}`),
    [],
  )
})

t.test('pure rooms import no packages and no part of Node', async (t) => {
  const pure = IMPORTS.filter(({ from, to }) => /^(topology|flows)\//.test(from) && !FILES.includes(to))
  t.strictSame(
    pure.map(({ from, to }) => `${from} imports ${to}`),
    [],
  )
})

/** Folders whose subfolders must not import each other, and subfolders that the others share. */
const SIDE_BY_SIDE = [
  { folder: 'flows/stages', shared: [] },
  { folder: 'src/features', shared: [] },
  { folder: 'src/engines', shared: ['ethernet', 'dhcp'] },
  { folder: 'src/http', shared: [] },
] as const

t.test('stages, features, engines and HTTP APIs do not import each other', async (t) => {
  const breaches = SIDE_BY_SIDE.flatMap(({ folder, shared }) => {
    const partOf = (file: string) => (file.startsWith(`${folder}/`) ? file.slice(folder.length + 1).split('/') : [])
    return OURS.filter(({ from, to }) => {
      const [[one, ...inOne], [other = '', ...inOther]] = [partOf(from), partOf(to)]
      if (inOne.length === 0 || inOther.length === 0 || one === other) return false
      return !(shared as readonly string[]).includes(other)
    })
  })
  t.strictSame(
    breaches.map(({ from, to }) => `${from} imports ${to}`),
    [],
  )
})

t.test('the law itself has no circle', async (t) => {
  const edges = ROOMS.flatMap(({ path, imports }) => imports.map((to): readonly [string, string] => [path, to]))
  t.strictSame(circles(edges), [])
})

t.test('no circle of files holds a value, and circles of types stay within one folder', async (t) => {
  const edges = (imports: readonly Import[]) => imports.map(({ from, to }): readonly [string, string] => [from, to])
  t.strictSame(circles(edges(OURS.filter(({ isValue }) => isValue))), [])
  const wide = circles(edges(OURS)).filter((circle) => new Set(circle.map((file) => dirname(file))).size > 1)
  t.strictSame(wide, [])
})

t.test('no two rooms have a file of the same name', async (t) => {
  const places = new Map<string, Set<string>>()
  for (const file of FILES) {
    const name = basename(file)
    // Every folder may have an index.ts.
    if (name === 'index.ts') continue
    places.set(name, (places.get(name) ?? new Set()).add(roomOf(file).path))
  }
  const twice = [...places].filter(([, rooms]) => rooms.size > 1)
  t.strictSame(
    twice.map(([name, rooms]) => `${name}: ${[...rooms].join(', ')}`),
    [],
  )
})

t.test('no file has more than 300 lines', async (t) => {
  const all = globSync('{topology,flows,src,test,mininet,bench,scripts,examples}/**/*.ts', { cwd: ROOT })
  const long = all.filter((file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 301)
  t.strictSame(long, [])
})

t.test('ARCHITECTURE.md shows this law', async (t) => {
  const page = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
  t.ok(page.includes(roomsTable()), 'the table of rooms is stale: run `npm run docs`')
})

/** Groups of nodes that reach each other (Tarjan), each sorted. */
function circles(edges: ReadonlyArray<readonly [string, string]>): string[][] {
  const targets = new Map<string, string[]>()
  for (const [from, to] of edges) targets.set(from, [...(targets.get(from) ?? []), to])
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (node: string): void => {
    order.set(node, order.size)
    low.set(node, order.get(node) ?? 0)
    stack.push(node)
    for (const target of targets.get(node) ?? []) {
      if (!order.has(target)) visit(target)
      if (stack.includes(target)) low.set(node, Math.min(low.get(node) ?? 0, low.get(target) ?? 0))
    }
    if (low.get(node) !== order.get(node)) return
    const group = stack.splice(stack.indexOf(node))
    if (group.length > 1 || targets.get(node)?.includes(node)) found.push(group.sort())
  }
  for (const node of targets.keys()) if (!order.has(node)) visit(node)
  return found
}
