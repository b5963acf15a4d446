/**
 * What `npm test` runs: the type check, the linter, and every test (those on real Open vSwitch and Mininet need root). Ends
 * with one plain line that counts them all.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** A check that passes or fails as a whole. */
function check(name: string, command: string, ...args: string[]): Count {
  console.log(`# ${name}`)
  const good = spawnSync(command, args, { stdio: 'inherit' }).status === 0
  return good ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
}

/** Every test file in a line; of one that failed, all that it said. */
async function tests(files: readonly string[]): Promise<Count> {
  console.log('# tests')
  const tap = spawn('tap', ['--reporter=tap', ...files], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(tap, 'exit')
  let said: string[] = []
  let summary = ''
  for await (const line of createInterface({ input: tap.stdout })) {
    said.push(line)
    if (line.includes('# SKIP')) console.log(line.trim())
    if (line.startsWith('# { total:')) summary = line
    if (!/^(not )?ok /.test(line)) continue
    console.log(line.startsWith('ok') ? line : said.join('\n'))
    said = []
  }
  const [code] = await exit
  const failed = counted(summary, 'fail')
  if (code !== 0 && failed === 0) console.log(said.join('\n'))
  return {
    passed: counted(summary, 'pass'),
    failed: code === 0 ? failed : Math.max(failed, 1),
    skipped: counted(summary, 'skip') + counted(summary, 'todo'),
  }
}

/** tap closes its output with `# { total: 12, pass: 10, fail: 1, skip: 1 }`, leaving out what is 0. */
const counted = (summary: string, what: string): number =>
  Number(summary.match(new RegExp(`\\b${what}: (\\d+)`))?.[1] ?? 0)

const files = process.argv.slice(2)
const counts = [check('types', 'tsc', '-p', '.'), check('lint', 'biome', 'check', '.'), await tests(files)]
const sum = (what: keyof Count) => counts.reduce((total, count) => total + count[what], 0)
if (process.getuid?.() !== 0) console.log('Not root: the tests on real Open vSwitch and Mininet were skipped.')
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0
