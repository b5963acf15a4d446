/** Runs the program as a process: its log, its API, its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
export const ANY_PORTS = [
  '--http-listen',
  '127.0.0.1:0',
  '--openflow-listen',
  '127.0.0.1:0',
  '--ovsdb-listen',
  '[::1]:0',
]

type Line = Readonly<Record<string, unknown>> & { readonly msg: string }

/** A process and its log. */
export class Plugboard {
  readonly process: ChildProcess
  readonly log: Line[] = []
  readonly errors: Promise<string>
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  readonly #waiting = new Map<string, (line: Line) => void>()

  /** @param under a command that runs it, with its arguments */
  constructor(t: Test, args: readonly string[], nodeFlags: readonly string[] = [], under: readonly string[] = []) {
    const [command = process.execPath, ...words] = [...under, process.execPath, ...nodeFlags, MAIN, ...args]
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.process = child
    this.errors = text(child.stderr)
    const lines = createInterface({ input: child.stdout })
    this.ended = Promise.all([once(child, 'close'), once(lines, 'close')]).then(([[code, signal]]) => code ?? signal)
    lines.on('line', (line) => {
      const entry = JSON.parse(line) as Line
      this.log.push(entry)
      this.#waiting.get(entry.msg)?.(entry)
    })
    t.teardown(() => child.kill('SIGKILL'))
  }

  /** Resolves with the first log line that has this message. */
  async says(message: string): Promise<Line> {
    const said = this.log.find(({ msg }) => msg === message)
    if (said) return said
    const line = new Promise<Line>((resolve) => this.#waiting.set(message, resolve))
    const end = this.ended.then(async (code) => {
      throw new Error(`it ended with ${code} and did not say "${message}": ${await this.errors}`)
    })
    return Promise.race([line, end])
  }

  /** @returns the base URL of its API */
  async ready(): Promise<string> {
    return `http://${(await this.says('plugboard is ready')).http}`
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.process.kill(signal)
    return this.ended
  }
}

export const storeIn = (t: Test): string => join(t.testdir(), 'store')
export const start = (t: Test, store: string, ...flags: string[]) =>
  new Plugboard(t, [...ANY_PORTS, '--store-path', store, ...flags])

export async function send<T>(
  url: string,
  method: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: T }> {
  const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
  const response = await fetch(url, { method, ...(init ?? { headers }) })
  const answer = await response.text()
  return { status: response.status, body: (answer === '' ? undefined : JSON.parse(answer)) as T }
}

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command that ends by itself. */
export const run = (...args: string[]): Promise<Ended> => runWith('', ...args)

export async function runWith(input: string, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args])
  child.stdin.end(input)
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { status, stdout, stderr }
}
