/**
 * `npm test`: runs the type check, the linter and all test files, several at the same time. It ends with one line of counts.
 * scripts/test.sh explains the options.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { misused } from './arguments.ts'
import { type Count, endAll, type FileResult, runFile, total, words } from './test-file.ts'
import { needsPackages } from './test-needs.ts'

const PATTERNS = ['test/**/*.test.ts', 'mininet/**/*.test.ts']
/** The slowest files, slowest first. They start first, so that none of them runs alone at the end. */
const LONGEST = [
  'test/packaging/debian.test.ts',
  'mininet/engine-kit-physical.test.ts',
  'mininet/engine-kit-tunnels.test.ts',
  'mininet/behaviours/rate-limits.test.ts',
  'mininet/matrix.test.ts',
  'mininet/line-engine.test.ts',
  'mininet/versions.test.ts',
]

/** Then the files with real networks, then all others. */
function rank(file: string): number {
  const place = LONGEST.indexOf(file)
  if (place >= 0) return place
  return LONGEST.length + (file.startsWith('mininet/') ? 0 : 1)
}

const counting = (text: string | undefined, name: string, least: number, otherwise: number): number => {
  if (text === undefined) return otherwise
  const number = Number(text)
  return Number.isInteger(number) && number >= least ? number : misused(`--${name} takes a number, at least ${least}`)
}

function optionsOf(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { repeat: { type: 'string' }, busy: { type: 'string' }, jobs: { type: 'string' } },
    })
    return {
      repeat: counting(values.repeat, 'repeat', 1, 1),
      busy: counting(values.busy, 'busy', 0, 0),
      jobs: counting(values.jobs, 'jobs', 1, availableParallelism() + 1),
      files: positionals,
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return misused(`${error.message.split('. ')[0]}: --help tells more`)
  }
}

/** A check that passes or fails as a whole. */
function check(name: string, command: string, ...args: string[]): Count {
  console.log(`# ${name}`)
  const good = spawnSync(command, args, { stdio: 'inherit' }).status === 0
  return good ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
}

/** Reports a file: one line, its skipped tests, and its whole output if something failed. */
function report(result: FileResult): void {
  const { file, durationMs, lines, failed } = result
  if (failed > 0) console.log(lines.join('\n'))
  else for (const line of lines.filter((line) => line.includes('# SKIP'))) console.log(`  ${line.trim()}`)
  console.log(`${failed > 0 ? 'not ok' : 'ok'} ${file}: ${words(result)} (${(durationMs / 1000).toFixed(1)} s)`)
}

/** Runs all files, several at a time, each in its own process. */
async function runAll(files: readonly string[], jobs: number): Promise<Count> {
  const results: FileResult[] = []
  const left = [...files]
  const work = async () => {
    for (let file = left.shift(); file !== undefined; file = left.shift()) {
      const result = await runFile(file)
      report(result)
      results.push(result)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return total(results)
}

async function main(): Promise<void> {
  const { repeat, busy, jobs, files: named } = optionsOf(process.argv.slice(2))
  const files = (named.length > 0 ? named : globSync(PATTERNS)).toSorted(
    (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
  )
  if (needsPackages(files)) {
    const { status } = spawnSync('sh', ['-euc', '. scripts/setup.sh && setup_packages'], { stdio: 'inherit' })
    if (status !== 0) process.exit(status ?? 1)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      endAll()
      process.exit(130)
    })
  }
  const checks = total([check('types', 'tsc', '-p', '.'), check('lint', 'biome', 'check', '.')])
  // Each is a thread that keeps one core busy for as long as the tests run.
  const loops = Array.from({ length: busy }, () => new Worker('for (;;);', { eval: true }))
  // A short test takes most of its time to compile its imports, so all processes share a compile cache.
  const compiled = mkdtempSync(join(tmpdir(), 'plugboard-compiled-'))
  process.env.NODE_COMPILE_CACHE = compiled
  const runs: Count[] = []
  for (let run = 1; run <= repeat; run++) {
    const begin = performance.now()
    const beside = busy > 0 ? `, beside ${busy} busy loops` : ''
    console.log(
      `# tests: ${files.length} files, ${jobs} at a time${beside}${repeat > 1 ? `, run ${run} of ${repeat}` : ''}`,
    )
    const counts = await runAll(files, jobs)
    runs.push(counts)
    const seconds = ((performance.now() - begin) / 1000).toFixed(0)
    if (repeat > 1) console.log(`run ${run} of ${repeat}: ${words(counts)} (${seconds} s)`)
  }
  for (const loop of loops) await loop.terminate()
  rmSync(compiled, { recursive: true, force: true })
  const all = total([checks, ...runs])
  if (process.getuid?.() !== 0) console.log('Not root: the tests on real Open vSwitch and Mininet were skipped.')
  console.log(words(all))
  process.exitCode = all.failed > 0 || all.passed === 0 ? 1 : 0
}

await main()
