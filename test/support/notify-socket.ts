/** A socket for the messages that a service sends to systemd, since Node cannot open one. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const PROGRAM = fileURLToPath(new URL('notify-socket.py', import.meta.url))

export class NotifySocket {
  readonly path: string
  /** All assignments so far, such as `READY=1`. */
  readonly told: string[] = []
  #waiting: Array<() => void> = []

  private constructor(path: string) {
    this.path = path
  }

  /** @param path the path of the socket, which must not exist */
  static async open(t: Test, path: string): Promise<NotifySocket> {
    const socket = new NotifySocket(path)
    const child = spawn('python3', [PROGRAM, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => child.kill('SIGKILL'))
    createInterface({ input: child.stdout }).on('line', (line) => {
      socket.told.push(...(JSON.parse(line) as string[]))
      for (const wake of socket.#waiting.splice(0)) wake()
    })
    await socket.hears('LISTENING')
    return socket
  }

  count(assignment: string): number {
    return this.told.filter((each) => each === assignment).length
  }

  /** Resolves when an assignment has come this many times. */
  async hears(assignment: string, times = 1): Promise<void> {
    while (this.count(assignment) < times) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
