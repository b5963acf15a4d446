/**
 * Checks the promises of docs/adding.md: an addition is one folder and one line. A field has its own name, and at most three
 * files contain it.
 */
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { type AnyTable, answerSchema, rowsOf } from '../../src/core/resources/field-table.ts'
import { tablesOf } from '../../src/core/resources/tables.ts'
import { ENGINE_ALIASES, kindsOf } from '../../src/engines/engine-list.ts'
import { FEATURES } from '../../src/features/feature-list.ts'
import { engineOf } from '../support/controller.ts'

const ROOT = join(import.meta.dirname, '../..')
const FILES = globSync('{topology,flows,src}/**/*.ts', { cwd: ROOT }).sort()
const TEXTS = new Map(FILES.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]))

/** Where folders of one kind are, the file with a line for each, and the other folders among them. */
const KINDS = [
  { kind: 'stage', folder: 'flows/stages', list: 'flows/stages/index.ts', besides: [] },
  { kind: 'feature', folder: 'src/features', list: 'src/features/index.ts', besides: [] },
  { kind: 'engine', folder: 'src/engines', list: 'src/engines/index.ts', besides: ['ethernet', 'dhcp'] },
  { kind: 'HTTP API', folder: 'src/http', list: 'src/http/apis.ts', besides: [] },
  { kind: 'store', folder: 'src/store', list: 'src/store/stores.ts', besides: [] },
] as const

/**
 * Files outside of a folder that import from it, and how often. `src/index.ts` is not counted: it exports parts of each folder.
 */
function doorsOf(folder: string): string[] {
  return [...TEXTS].flatMap(([file, text]) => {
    if (file.startsWith(`${folder}/`) || file === 'src/index.ts') return []
    const imported = [...text.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s)?'(\.[^']+)'/gm)]
    return imported.flatMap(([, to = '']) =>
      normalize(join(dirname(file), to)).startsWith(`${folder}/`) ? [file] : [],
    )
  })
}

/** The engine whose networks use the way to the fabric that the stage adds. */
const NAT_ENGINE = ['floating-addresses', 'nat-ipv4', 'nat-ipv4-rules'].map((name) => `src/engines/nat-ipv4/${name}.ts`)

/** Files that import from a folder, apart from its one line, each with the reason. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  // They handle the packets that these stages send to the controller.
  'flows/stages/answer': ['src/packet-in/responder.ts'],
  'flows/stages/arrival': ['src/packet-in/first-frames.ts'],
  'flows/stages/guard': ['src/packet-in/guard-drops.ts'],
  'flows/stages/nat': ['src/packet-in/next-hops.ts', ...NAT_ENGINE],
  // The configuration contains the floating addresses.
  'src/engines/nat-ipv4': ['src/config/floating.ts'],
  // `plugboard store dump` and `load` read and write the files of this store.
  'src/store/lmdb': ['src/store/dump.ts', 'src/store/dump-reader.ts'],
}

for (const { kind, folder, list, besides } of KINDS) {
  t.test(`each ${kind} is its folder and one line of ${list}`, async (t) => {
    const entries = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const names = entries.map(({ name }) => name).filter((name) => !(besides as readonly string[]).includes(name))
    t.ok(names.length > 0, `${names.length} in ${folder}`)
    for (const name of names) {
      t.strictSame(
        [...new Set(doorsOf(`${folder}/${name}`))].filter((file) => !READERS[`${folder}/${name}`]?.includes(file)),
        [list],
        `${folder}/${name}`,
      )
    }
  })
}

t.test('a field of a port is named in three source files at most', async (t) => {
  const engines = ENGINE_ALIASES.map(engineOf)
  const { port } = tablesOf(engines, kindsOf(engines), FEATURES)
  const names = Object.keys(answerSchema(port).properties)
  for (const name of ['admin_state_up', 'rate_limit', 'ip_addresses']) t.ok(names.includes(name), name)
  // These names also occur elsewhere: everyday words, fields of other resources, and an option of Open vSwitch's tunnels.
  const own = names.filter(
    (name) => name.includes('_') && !/^(network_id|vnic_id|created_at|status_detail|remote_ip)$/.test(name),
  )
  for (const name of own) {
    const files = [...TEXTS].filter(([, text]) => new RegExp(`\\b${name}\\b`).test(text)).map(([file]) => file)
    t.ok(files.length <= 3, `${name}: ${files.join(', ')}`)
  }
})

t.test('no two rows of the core and of features have one name, nor has an engine that of such a row', async (t) => {
  const engines = ENGINE_ALIASES.map(engineOf)
  const tables: readonly AnyTable[] = Object.values(tablesOf(engines, kindsOf(engines), FEATURES))
  for (const table of tables) {
    const names = rowsOf(table).map(({ name }) => name)
    t.strictSame(names, [...new Set(names)], table.title)
    const own = table.engines.flatMap(({ rows }) => rows.map(({ name }) => name))
    t.strictSame(
      own.filter((name) => names.includes(name)),
      [],
      `engines' of a ${table.title}`,
    )
  }
})
