/**
 * The reference of a library, made from the docstrings and types of the exports of its `index.ts`. TypeDoc does not support
 * TypeScript 7, and shows types that are inferred from rows only by the names of these rows.
 */
import { join, relative } from 'node:path'
import type { Project, Symbol as TsSymbol } from 'typescript/unstable/sync'
import { API, SymbolFlags } from 'typescript/unstable/sync'
import { Renderer } from './reference-types.ts'

const ROOT = join(import.meta.dirname, '..')

/** A union whose members have their own places on the page. */
interface Spread {
  /** The property that distinguishes the members. */
  readonly by: string
  /** Common properties of the members, which the docstring of the union explains. */
  readonly omit: readonly string[]
  /** Members that are not shown here, because they are shown elsewhere. */
  readonly without: readonly string[]
}

export interface Library {
  readonly name: 'openflow' | 'ovsdb'
  readonly spread: Readonly<Record<string, Spread>>
}

const multipart: Spread = { by: 'multipart', omit: ['more'], without: [] }

export const LIBRARIES: readonly Library[] = [
  {
    name: 'openflow',
    spread: {
      Message: { by: 'type', omit: ['version', 'xid'], without: ['multipart_request', 'multipart_reply', 'unknown'] },
      MultipartRequest: multipart,
      MultipartReply: multipart,
    },
  },
  { name: 'ovsdb', spread: {} },
]

const KINDS = { functions: 'Functions', classes: 'Classes', constants: 'Constants', types: 'Types' } as const

/** An export of a library. */
export interface Entry {
  readonly name: string
  readonly kind: keyof typeof KINDS
  /** The file that declares it, relative to the root of the repository. */
  readonly file: string
  /** Its docstring, without the tags. */
  readonly text: string
  readonly tags: ReadonlyArray<{ readonly name: string; readonly text: string }>
  readonly declaration: string
  /** For a union with own places: the members, by name. */
  readonly members: ReadonlyArray<readonly [name: string, text: string]>
  /** Names of members without a docstring, of a class or of what a function returns. */
  readonly bare: readonly string[]
}

/** The exports of all libraries, in alphabetical order. */
export function entriesOf(libraries: readonly Library[] = LIBRARIES): ReadonlyMap<Library, readonly Entry[]> {
  const api = new API({ cwd: ROOT })
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(ROOT, 'tsconfig.build.json')] }).getProjects()
    if (!project) throw new Error('there is no project')
    return new Map(libraries.map((library) => [library, entries(project, library)]))
  } finally {
    api.close()
  }
}

function entries(project: Project, { name, spread }: Library): readonly Entry[] {
  const { checker, program } = project
  const file = program.getSourceFile(join(ROOT, `src/${name}/index.ts`))
  const module = file && checker.getSymbolAtLocation(file)
  if (!module) throw new Error(`src/${name}/index.ts exports nothing`)
  const symbols = checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
  const renderer = new Renderer(project, symbols, ROOT)
  return symbols.map((symbol) => entry(project, renderer, symbol, spread[symbol.name])).sort(byName)
}

function entry({ checker }: Project, renderer: Renderer, symbol: TsSymbol, spread: Spread | undefined): Entry {
  const declaration = renderer.declaration(symbol)
  const members = spread ? renderer.members(symbol, spread.by, spread.omit) : []
  return {
    name: symbol.name,
    kind: kindOf(symbol, declaration),
    file: relative(ROOT, symbol.declarations[0]?.path ?? ROOT),
    text: symbol.getDocumentationComment(checker).trim(),
    tags: symbol.getJsDocTags(checker).map((tag) => ({ name: tag.name, text: (tag.text ?? '').trim() })),
    declaration,
    members: members.filter(([name]) => !spread?.without.includes(name)).sort(([a], [b]) => order.compare(a, b)),
    bare: renderer.bareMembers(symbol),
  }
}

const order = new Intl.Collator('en')
const byName = (a: Entry, b: Entry): number => order.compare(a.name, b.name)

function kindOf({ flags }: TsSymbol, declaration: string): Entry['kind'] {
  if (flags & SymbolFlags.Class) return 'classes'
  if (declaration.startsWith('function ')) return 'functions'
  return flags & SymbolFlags.Variable ? 'constants' : 'types'
}

/** The page in Markdown, for docs/reference/<library>.md. */
export function referencePage({ name }: Library, entries: readonly Entry[]): string {
  const kinds = (Object.keys(KINDS) as ReadonlyArray<keyof typeof KINDS>).map((kind) => ({
    title: KINDS[kind],
    entries: entries.filter((entry) => entry.kind === kind),
  }))
  const anchors = anchorsOf(kinds)
  const link = (one: string): string => `[\`${one}\`](#${anchors.get(one)})`
  const lists = kinds.map(({ title, entries }) => `**${title}**: ${entries.map((one) => link(one.name)).join(' ')}`)
  const sections = kinds.map(({ title, entries }) =>
    [`## ${title}`, ...entries.map((one) => section(one, anchors, link))].join('\n\n'),
  )
  return `${[head(name), ...lists, ...sections].join('\n\n')}\n`
}

const head = (name: Library['name']): string => `# Reference of plugboard/${name}

All exports of \`plugboard/${name}\`, made from the code by \`npm run docs\`. [The README](../../src/${name}/README.md) says what
they are for, with examples. The library never changes values that it is given, and types say \`readonly\`. An inferred type is
shown in its resulting form, without that word.`

/** An anchor as GitHub makes it: in lower case, and with a number if the same one exists already. */
function anchorsOf(kinds: ReadonlyArray<{ readonly title: string; readonly entries: readonly Entry[] }>) {
  const anchors = new Map<string, string>()
  const used = new Map<string, number>()
  const take = (heading: string): string => {
    const slug = heading.toLowerCase()
    const count = used.get(slug) ?? 0
    used.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  }
  for (const { title, entries } of kinds) {
    take(title)
    for (const { name, members } of entries) {
      anchors.set(name, take(name))
      for (const [member] of members) take(member)
    }
  }
  return anchors
}

function section(entry: Entry, anchors: ReadonlyMap<string, string>, link: (name: string) => string): string {
  const { name, file, text, tags, declaration, members } = entry
  const prose = (one: string): string => escaped(one).replaceAll(/`(\w+)`/g, (code, word) => linked(code, word))
  const linked = (code: string, word: string) => (word !== name && anchors.has(word) ? link(word) : code)
  const shown = members.length > 0 ? [] : [fenced(declaration)]
  const words = new Set(declaration.match(/\w+/g))
  const others = [...anchors.keys()].filter((word) => word !== name && words.has(word))
  return [
    `### ${name}`,
    ...(text === '' ? [] : [prose(text)]),
    ...shown,
    ...(tags.length === 0 ? [] : [tags.map((tag) => `- ${tagText(tag.name, prose(tag.text))}`).join('\n')]),
    `${[`[${file.replace(/^src\/\w+\//, '')}](../../${file})`, ...others.map((other) => link(other))].join(' · ')}`,
    ...members.flatMap(([member, shape]) => [`#### ${member}`, fenced(shape)]),
  ].join('\n\n')
}

const fenced = (text: string): string => `\`\`\`ts\n${text}\n\`\`\``

/** `param tls for …` describes the parameter. Any other text stays unchanged. */
const tagText = (name: string, text: string): string =>
  name === 'param' ? text.replace(/^[\w.]+/, (parameter) => `\`${parameter}\`:`) : `${name} ${text}`

/** Escapes what Markdown would read as HTML, outside of code. */
const escaped = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('<', '&lt;')))
    .join('')
