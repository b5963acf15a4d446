/**
 * The libraries as a user has them: the built package in the node_modules of another project. There the examples of their pages
 * are compiled and run unchanged.
 */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import { noOvs, Ovs } from '../openflow/support/ovs.ts'

const ROOT = join(import.meta.dirname, '../..')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
/** Node without the hooks that tap adds to every program that a test starts. */
const NODE = ['env', '-u', 'NODE_OPTIONS', process.execPath] as const
const [ENV, ...NODE_ARGS] = NODE

const examplesOf = (library: string): readonly string[] =>
  [...readFileSync(join(ROOT, `src/${library}/README.md`), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
    ([, code = '']) => code,
  )
const [rules = '', dump = '', learning = '', refused = ''] = examplesOf('openflow')

const project = t.testdir({
  'package.json': '{"type":"module"}',
  'tsconfig.json': JSON.stringify({
    compilerOptions: { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: ['node'] },
    include: ['*.ts'],
  }),
  'plain.js': `
    import { parseFlow, printFlow } from 'plugboard/openflow'
    import { parseActive, printTarget } from 'plugboard/ovsdb'
    console.log(printFlow(parseFlow('table=1,priority=7,actions=drop')), printTarget(parseActive('tcp:10.0.0.1')))
  `,
  'rules.ts': rules,
  'dump.ts': dump,
  'learning.ts': learning,
  'refused.ts': refused,
  ...Object.fromEntries(examplesOf('ovsdb').map((code, index) => [`ovsdb${index}.ts`, code])),
})

const installed = join(project, 'node_modules/plugboard')
mkdirSync(installed, { recursive: true })
copyFileSync(join(ROOT, 'package.json'), join(installed, 'package.json'))
for (const name of ['@types', 'undici-types'])
  symlinkSync(join(ROOT, 'node_modules', name), join(installed, '..', name))
const tsc = (...args: string[]): string =>
  spawnSync(ENV, [...NODE_ARGS, TSC, ...args], { cwd: project, encoding: 'utf8' }).stdout
t.equal(tsc('-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(installed, 'dist')), '', 'it builds')

const run = async (file: string, ...args: string[]) =>
  promisify(execFile)(ENV, [...NODE_ARGS, file, ...args], { cwd: project })

t.test('plain JavaScript imports both', async (t) => {
  t.same(await run('plain.js'), { stdout: 'table=1, priority=7 actions=drop tcp:10.0.0.1:6640\n', stderr: '' })
})

t.test('the compiler accepts every example, and refuses mistakes', async (t) => {
  t.equal(tsc('-p', '.'), '')
  const wrong = "import { tcp } from 'plugboard/openflow'\ntcp({ dts: 80 })\n"
  writeFileSync(join(project, 'wrong.ts'), wrong)
  t.match(tsc('-p', '.'), /^wrong\.ts\(2,7\): error/)
})

t.test('the tools in the page are the files, which have tests of their own', async (t) => {
  for (const [name, code] of Object.entries({ 'dump-flows.ts': dump, 'learning-switch.ts': learning })) {
    const file = readFileSync(join(ROOT, 'src/openflow/examples', name), 'utf8')
    const text = file.slice(file.indexOf('import ')).replace("'../index.ts'", "'plugboard/openflow'")
    t.equal(code, text, name)
  }
})

t.test('rules are sent and read back, and the dump tool shows them', { skip: noOvs }, async (t) => {
  const ovs = await Ovs.start(t)
  const inside = [`--net=/proc/${ovs.pid}/ns/net`]
  await promisify(execFile)('nsenter', [...inside, 'ip', 'link', 'set', 'lo', 'up'])
  const child = spawn('nsenter', [...inside, ...NODE, 'rules.ts'], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => void child.kill('SIGKILL'))
  await ovs.vsctl('set-fail-mode', 'br0', 'secure', '--', 'set-controller', 'br0', 'tcp:127.0.0.1:6653')
  const [line] = await once(createInterface(child.stdout), 'line')
  t.equal(line, 'priority=100,in_port=5 actions=output:6')
  const { stdout } = await run('dump.ts', ovs.path, '0')
  t.equal(stdout, '           0 priority=100,in_port=5 actions=output:6\n')
})

t.test('refusals of a switch are described in words', { skip: noOvs }, async (t) => {
  const ovs = await Ovs.start(t)
  const { stderr } = await run('refused.ts', ovs.path)
  t.match(
    stderr,
    /^bundle-refused one message of the bundle refused.* BAD_INSTRUCTION\/BAD_TABLE_ID \(3\/2\)\n0 /,
    stderr,
  )
  const nobody = await run('refused.ts', join(ovs.directory, 'nobody'))
  t.match(nobody.stderr, /^not-connected connect ENOENT .* undefined\n$/)
})
