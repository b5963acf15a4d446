/** Types made from .ovsschema files: those of OVS and OVN where they are installed. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type DatabaseSchema, databaseSchemaOf, disagreements, openVSwitch } from '../../src/ovsdb/index.ts'
import type { Schema } from '../../src/ovsdb/schema.ts'
import { typescriptOf } from '../../src/ovsdb/typescript.ts'
import { SCHEMA } from './server.ts'

const ROOT = join(import.meta.dirname, '../..')
const COMMAND = join(ROOT, 'src/ovsdb/ovsdb-types.ts')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
/** The hooks that tap puts into every program that a test starts are not for the compiler. */
const WITHOUT_TAP = ['-u', 'NODE_OPTIONS']
const LIBRARY = join(ROOT, 'src/ovsdb/index.ts')

const OTHERS = ['/usr/share/ovn/ovn-nb.ovsschema', '/usr/share/ovn/ovn-sb.ovsschema']
const schemas = [SCHEMA, ...OTHERS].filter(existsSync)
const skip = schemas.length === 0 && 'needs the schema of Open vSwitch (Debian package openvswitch-switch)'
const read = (file: string): DatabaseSchema => databaseSchemaOf(JSON.parse(readFileSync(file, 'utf8')))

const selectionOf = ({ tables }: Schema) =>
  new Map(Object.entries(tables).map(([table, columns]) => [table, Object.keys(columns)]))

t.test('open-vswitch.ts is made by it, with the tables and columns that it names', { skip }, async (t) => {
  const there = readFileSync(join(ROOT, 'src/ovsdb/open-vswitch.ts'), 'utf8')
  const made = typescriptOf(read(SCHEMA), selectionOf(openVSwitch), './schema.ts')
  // Another version of OVS has another number there.
  const cut = (text: string) => text.replace(/of schema [\d.]+/, '')
  t.equal(cut(there), cut(made))
})

t.test("whole schemas: the command, the compiler, and the server's own words", { skip }, async (t) => {
  const settings = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { allowImportingTsExtensions: true, rewriteRelativeImportExtensions: false },
    include: ['*.ts'],
  }
  const directory = t.testdir({ 'package.json': '{"type":"module"}', 'tsconfig.json': JSON.stringify(settings) })
  const made = schemas.map((file, n) => {
    const output = join(directory, `made${n}.ts`)
    execFileSync(process.execPath, [COMMAND, file, '--from', LIBRARY, '--output', output])
    return { schema: read(file), output }
  })
  for (const { schema, output } of made) {
    const values: readonly unknown[] = Object.values(await import(output))
    t.same(disagreements(values[0] as Schema, schema), [])
    t.same(selectionOf(values[0] as Schema).size, Object.keys(schema.tables).length)
  }
  const [first] = made
  if (!first) throw new Error('there is one')
  const use = `
    import { operations } from '${LIBRARY}'
    import { openVSwitch, type BridgeRow, type CTTimeoutPolicyRow } from '${first.output}'
    const { insert, update, mutate, select } = operations(openVSwitch)
    export const good = [
      insert('Bridge', { name: 'br0', fail_mode: 'secure', flood_vlans: new Set([1]) }),
      update('Bridge', [['fail_mode', '==', null]], { fail_mode: 'standalone' }),
      mutate('CT_Timeout_Policy', [], [['timeouts', 'delete', new Set(['udp_first'] as const)]]),
      select('Bridge', []),
    ]
    export const mode = (row: BridgeRow): string | null => row.fail_mode
    export const timeouts = (row: CTTimeoutPolicyRow): ReadonlyMap<string, number> => row.timeouts
    // @ts-expect-error no such value
    insert('Bridge', { fail_mode: 'safe' })
    // @ts-expect-error the name of a bridge stays
    update('Bridge', [], { name: 'br1' })
    // @ts-expect-error no such column
    select('Bridge', [], ['nmae'])
  `
  writeFileSync(join(directory, 'use.ts'), use)
  const { stdout, stderr, status } = spawnSync('env', [...WITHOUT_TAP, process.execPath, TSC, '-p', directory], {
    encoding: 'utf8',
  })
  t.same([stdout, stderr], ['', ''])
  t.equal(status, 0)
})

t.test('small ones', async (t) => {
  const schema = databaseSchemaOf({
    name: '_Odd_DB',
    version: '1.2.3',
    tables: {
      A: {
        columns: { one: { type: { key: { type: 'string', enum: "it's" } }, mutable: false }, two: { type: 'real' } },
      },
      B_c: { columns: { three: { type: { key: 'integer', value: 'uuid', min: 0, max: 'unlimited' } } } },
    },
  })
  t.equal(
    typescriptOf(schema),
    `/** Database _Odd_DB, of schema 1.2.3. Made by ovsdb-types: make it again rather than edit it. */
import { immutable, mapOf, type Row, type Schema, scalar } from 'plugboard/ovsdb'

/** Its tables and their columns, for \`operations\`, \`Replica\` and \`disagreements\`. */
export const oddDB = {
  name: '_Odd_DB',
  tables: {
    A: {
      one: immutable(scalar(['it\\'s'])),
      two: scalar('real'),
    },
    B_c: {
      three: mapOf('integer', 'uuid'),
    },
  },
} as const satisfies Schema

/** The type of \`oddDB\`. */
export type OddDB = typeof oddDB
type Tables = OddDB['tables']
/** A row of A. */
export type ARow = Row<Tables['A']>
/** A row of B_c. */
export type BCRow = Row<Tables['B_c']>
`,
  )
  t.match(
    typescriptOf(schema, new Map([['A', ['two']]])),
    /tables: {\n {4}A: {\n {6}two: scalar\('real'\),\n {4}},\n {2}},/,
  )
  t.throws(() => typescriptOf(schema, new Map([['C', []]])), { code: 'bad-value', message: /no table C/ })
  t.throws(() => typescriptOf(schema, new Map([['A', ['three']]])), { code: 'bad-value', message: /no column three/ })
  const types = ['text', { key: { type: 'string', enum: ['set', [1]] } }, { key: 'string', value: 'string' }] as const
  for (const type of types) {
    const odd = databaseSchemaOf({ name: 'x', version: '1', tables: { A: { columns: { a: { type } } } } })
    t.throws(() => typescriptOf(odd), { code: 'bad-value', message: /A\.a/ })
  }
})

t.test('the command', { skip }, async (t) => {
  const run = (...args: readonly string[]) => spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' })
  t.match(run('--help'), { status: 0, stdout: /^Usage: ovsdb-types/ })
  t.match(run(SCHEMA, 'SSL', 'Port:name,tag'), { status: 0, stdout: /Port: {\n *name: .*\n *tag: .*\n *},\n {2}},/ })
  t.match(run(), { status: 1, stderr: /^ovsdb-types: it lacks the SCHEMA/ })
  t.match(run(SCHEMA, 'Prot'), { status: 1, stderr: /no table Prot/ })
  t.match(run('/nonexistent'), { status: 1, stderr: /ENOENT/ })
  t.match(run(COMMAND), { status: 1, stderr: /JSON/ })
})
