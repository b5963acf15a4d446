/** One test file in a process of its own: what it said, and the counts of what passed in it. */
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
  /** All that it printed, a line each. */
  readonly lines: readonly string[]
}

/** A single test file may take this long; its own tests give up earlier. */
const MAX_FILE_S = 900
/** tap ends a file that has not finished by then, and says which test it was in. */
const MAX_TEST_S = 600

const running = new Set<ReturnType<typeof spawn>>()

/** Run one file with Node, which prints TAP. Never rejects: a file that cannot run counts as one failure. */
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

/** tap closes its output with `# { total: 12, pass: 10, fail: 1, skip: 1 }`, leaving out what is 0. */
const counted = (summary: string, what: string): number =>
  Number(summary.match(new RegExp(`\\b${what}: (\\d+)`))?.[1] ?? 0)

/** Ends what still runs, when the run itself is ended. */
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
