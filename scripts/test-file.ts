/** Runs one test file in its own process, and collects its output and the counts of its results. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export interface FileResult extends Count {
  readonly file: string
  readonly durationMs: number
  /** The lines of its output. */
  readonly lines: readonly string[]
}

/** The longest time of one test file. Its own tests have shorter limits. */
const MAX_FILE_S = 900
/** After this time, tap ends the file and reports the current test. */
const MAX_TEST_S = 600

const running = new Set<ReturnType<typeof spawn>>()

/** Runs one file with Node, which prints TAP. Never rejects: a file that cannot run counts as one failure. */
export async function runFile(file: string): Promise<FileResult> {
  const begin = performance.now()
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TAP_TIMEOUT: String(MAX_TEST_S) },
    timeout: MAX_FILE_S * 1000,
    killSignal: 'SIGKILL',
  })
  running.add(child)
  const lines: string[] = []
  const streams = [child.stdout, child.stderr].map((input) => {
    const reader = createInterface({ input }).on('line', (line) => lines.push(line))
    return once(reader, 'close')
  })
  const [code, signal] = await once(child, 'close').catch((error: Error) => [error.message, null])
  await Promise.all(streams)
  running.delete(child)
  const summary = lines.findLast((line) => line.startsWith('# { total:')) ?? ''
  const failed = counted(summary, 'fail')
  const hasEnded = code === 0 && summary !== ''
  if (!hasEnded && failed === 0) lines.push(`# it ended with ${signal ?? code}, and not by a test that failed`)
  return {
    file,
    durationMs: performance.now() - begin,
    lines,
    passed: counted(summary, 'pass'),
    failed: hasEnded ? failed : Math.max(failed, 1),
    skipped: counted(summary, 'skip') + counted(summary, 'todo'),
  }
}

/** tap ends its output with `# { total: 12, pass: 10, fail: 1, skip: 1 }`, without the counts that are 0. */
const counted = (summary: string, what: string): number =>
  Number(summary.match(new RegExp(`\\b${what}: (\\d+)`))?.[1] ?? 0)

/** Ends all running files when the whole run is ended. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

export const total = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((sum, { passed }) => sum + passed, 0),
  failed: counts.reduce((sum, { failed }) => sum + failed, 0),
  skipped: counts.reduce((sum, { skipped }) => sum + skipped, 0),
})

export const words = ({ passed, failed, skipped }: Count): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`
