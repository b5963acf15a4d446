/**
 * The process of the lab, lab.py, and requests to it: one JSON object a line, in both directions. It is the first process of its own
 * namespaces, so all other processes there end together with it. It ends when its stdin ends, so also when this process ends.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./lab.py', import.meta.url))

/** Debian's Mininet is a package of Debian's own Python. */
const command = '--net --mount --pid --fork --kill-child --mount-proc /usr/bin/python3 -B'.split(' ')

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** A process that `spawn` started has ended. */
interface Exit {
  readonly event: 'exit'
  readonly pid: number
  readonly code: number
}

export class LabError extends Error {
  override readonly name = 'LabError'
}

export class Channel {
  readonly #process
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #exits = new Map<number, PromiseWithResolvers<number>>()
  readonly #ended: Promise<void>
  #errors = ''
  #next = 1

  constructor(directory: string) {
    // Detached, so that a Ctrl-C at the terminal reaches only this process, which then ends the lab properly.
    this.#process = spawn('unshare', [...command, script, directory], { stdio: 'pipe', detached: true })
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-10_000)
    })
    this.#process.stdin.on('error', () => this.#fail('the lab has ended'))
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#hear(line))
    this.#ended = new Promise((resolve) => {
      this.#process.on('error', (error) => {
        this.#fail(`the lab cannot start: ${error.message}`)
        resolve()
      })
      this.#process.on('close', () => {
        this.#fail(`the lab has ended. ${this.#errors}`)
        resolve()
      })
    })
  }

  /** The process that holds the lab's namespaces. Its child is the target for `nsenter -t PID`. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Sends a request to lab.py. The result is what its method of the same name returns. */
  call<Result>(op: string, parameters: Record<string, unknown>): Promise<Result> {
    const id = this.#next++
    const answer = Promise.withResolvers<unknown>()
    if (this.#process.stdin.writable) {
      this.#waiting.set(id, answer)
      this.#process.stdin.write(`${JSON.stringify({ id, op, with: parameters })}\n`)
    } else {
      answer.reject(new LabError(`the lab has ended. ${this.#errors}`))
    }
    return answer.promise as Promise<Result>
  }

  /** Resolves with the exit code of a process that `spawn` started; negative: the signal that ended it. */
  exit(pid: number): Promise<number> {
    return this.#exitOf(pid).promise
  }

  /** Resolves when every process of the lab is gone. */
  close(): Promise<void> {
    this.#process.stdin.end()
    return this.#ended
  }

  #hear(line: string): void {
    const message = JSON.parse(line) as Answer | Exit
    if ('event' in message) {
      this.#exitOf(message.pid).resolve(message.code)
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.error === undefined) waiting?.resolve(message.result)
    else waiting?.reject(new LabError(message.error))
  }

  #exitOf(pid: number): PromiseWithResolvers<number> {
    const exit = this.#exits.get(pid) ?? Promise.withResolvers<number>()
    this.#exits.set(pid, exit)
    return exit
  }

  #fail(why: string): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new LabError(why))
    this.#waiting.clear()
  }
}
