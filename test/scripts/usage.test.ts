/** `npm test` and `npm run bench` print their help or refuse a wrong argument without installing or running anything. */
import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PARTS } from '../../bench/arguments.ts'
import { needsPackages } from '../../scripts/test-needs.ts'

const root = join(import.meta.dirname, '../..')

/** A checkout without installed packages, on a machine that cannot install any. */
const bare = t.testdir({ checkout: {}, bin: {} })
for (const name of ['bench', 'scripts', 'test', 'package-lock.json']) {
  symlinkSync(join(root, name), join(bare, 'checkout', name))
}
for (const name of ['sh', 'dirname', 'cat', 'id']) symlinkSync(`/usr/bin/${name}`, join(bare, 'bin', name))
symlinkSync(process.execPath, join(bare, 'bin/node'))

function run(script: string, ...args: readonly string[]) {
  const env = { PATH: join(bare, 'bin') }
  const path = join(bare, 'checkout/scripts', script)
  const { status, stdout, stderr } = spawnSync('/bin/sh', [path, ...args], { env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

t.test('help needs nothing', async (t) => {
  t.match(run('test.sh', '--help'), { status: 0, stdout: /^Usage: npm test/, stderr: '' })
  t.match(run('bench.sh', '--help'), { status: 0, stdout: /^Usage: npm run bench/, stderr: '' })
})

t.test('the help of the benchmark names every part', async (t) => {
  const { stdout } = run('bench.sh', '--help')
  t.match(stdout, `--only ${PARTS.join(',')}`)
  for (const part of PARTS)
    t.ok(
      stdout.split('\n').some((line) => line.startsWith(`  ${part} `)),
      part,
    )
})

t.test('a wrong argument is reported in one line before anything is installed', async (t) => {
  const refused = (words: string) => ({ status: 2, stdout: '', stderr: `${words}\n` })
  t.same(run('test.sh', 'test/nothing.test.ts'), refused('there is no test file test/nothing.test.ts'))
  const noTest = refused('README.md is not a test file: its name must end with .test.ts')
  t.same(run('test.sh', '--repeat', '2', 'README.md'), noTest)
  const parts = PARTS.join(', ')
  t.same(run('bench.sh', '--only', 'speed'), refused(`there is no part "speed": there are ${parts}`))
})

t.test('only test files that run programs of Debian packages ask for these', async (t) => {
  t.notOk(needsPackages(['test/flows/compile.test.ts', 'test/http/v1/core.test.ts', 'test/config/config.test.ts']))
  t.ok(needsPackages(['test/openflow/oracles.test.ts']), 'a file that runs ovs-ofctl itself')
  t.ok(needsPackages(['test/ovsdb/replica.test.ts']), 'a file that imports code that runs ovsdb-server')
  t.ok(needsPackages(['mininet/behaviours/guard.test.ts']), 'a file with a lab')
})
