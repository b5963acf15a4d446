/** The command line of the demo. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { DEMO_ENGINES } from '../mininet/demo-grounds.ts'
import { ENGINE_ALIASES } from '../src/engines/engine-list.ts'

const run = promisify(execFile)
const at = (path: string): string => join(import.meta.dirname, '..', path)

t.test('an unknown engine is reported in one line, before anything is built', async (t) => {
  await t.rejects(run(process.execPath, [at('mininet/demo.ts'), '--engine', 'token-ring']), {
    code: 2,
    stdout: '',
    stderr: '--engine is one of vlan, vxlan, geneve, flat, remote-l2, nat-ipv4, not "token-ring"\n',
  })
})

t.test('the help names every engine that the demo shows', async (t) => {
  const { stdout } = await run('sh', [at('scripts/demo.sh'), '--help'])
  t.match(stdout, `--engine ${DEMO_ENGINES.join('|')}`)
  for (const engine of DEMO_ENGINES) t.ok(stdout.split('\n').some((line) => line.trim().startsWith(`${engine} `)))
  t.strictSame(
    DEMO_ENGINES.filter((engine) => !ENGINE_ALIASES.includes(engine)),
    [],
    'built-in ones',
  )
  t.ok(readFileSync(at('README.md'), 'utf8').includes(`--engine ${DEMO_ENGINES.join('\\|')}`), 'the README, too')
})
