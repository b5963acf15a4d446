/**
 * The npm package in an empty project, as a user installs it. Its dependencies come from the registry that npm is configured for; if
 * that does not answer, the test is skipped.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { HttpMetrics } from '../../src/http/http-metrics.ts'
import { version } from '../../src/version.ts'
import { ANY_PORTS } from '../support/program.ts'

t.setTimeout(300_000)

const ROOT = join(import.meta.dirname, '../..')
const declared = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }).version
/** Without the hooks that tap adds to every program that a test starts. */
const env = { ...process.env, NODE_OPTIONS: '' }
const skip = spawnSync('npm', ['ping'], { env }).status !== 0 && 'the npm registry does not answer'

t.test('B157 the npm package installs into an empty project, and its commands run', { skip }, async (t) => {
  const directory = t.testdir({ packed: {}, project: {} })
  const [target, home] = [join(directory, 'packed'), join(directory, 'project')]
  execFileSync('npm', ['pack', '--pack-destination', target], { cwd: ROOT, env, stdio: 'ignore' })
  const [name = ''] = globSync('*.tgz', { cwd: target })
  t.equal(name, `plugboard-${declared}.tgz`)
  writeFileSync(join(home, 'package.json'), '{"name": "a-project", "private": true}')
  execFileSync('npm', ['install', '--no-audit', '--no-fund', join(target, name)], { cwd: home, env, stdio: 'ignore' })
  const run = (...argv: string[]) => execFileSync('npx', argv, { cwd: home, env, encoding: 'utf8' })
  t.match(run('plugboard', '--help'), /^Plugboard: a network controller/)
  t.equal(run('plugboard', '--version').trim(), declared)
  t.match(run('ovsdb-types', '--help'), /^Usage: ovsdb-types/)

  // npx would not pass the signal on.
  const command = join(home, 'node_modules/.bin/plugboard')
  const child = spawn(process.execPath, [command, ...ANY_PORTS], {
    cwd: home,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = once(child, 'close')
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('plugboard is ready')) child.kill('SIGTERM')
  }
  t.equal((await ended)[0], 0, 'it serves, with its store')
})

t.test('B157 the version is said in package.json alone', async (t) => {
  t.equal(version(), declared)
  const metrics = new HttpMetrics({ metrics: async () => [], latencies: [], version: version() })
  t.match(await metrics.text(), `plugboard_build_info{version="${declared}",node="${process.version}"} 1`)
  const others = ['packaging/debian/control', 'packaging/plugboard.service', 'Containerfile', 'src/**/*.ts']
  for (const file of globSync(others, { cwd: ROOT })) {
    t.notMatch(readFileSync(join(ROOT, file), 'utf8'), `'${declared}'`, file)
  }
  t.match(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), `\n## ${declared}`, 'the changelog begins with it')
})
