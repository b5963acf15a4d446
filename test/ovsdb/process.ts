/** An ovsdb-server process, which a test can start, freeze and kill. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'

const reasonToSkip = (): string | false => {
  if (process.getuid?.() !== 0) return 'needs root'
  try {
    execFileSync('ovsdb-server', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'needs ovsdb-server (Debian package openvswitch-switch)'
  }
}

/** Why tests on a real ovsdb-server are skipped; false if they are not. */
export const skip = reasonToSkip()

export class Process {
  readonly #directory: string
  readonly #name: string
  readonly #options: readonly string[]
  #child: ChildProcess | undefined

  /** @param name the name of its files in the directory */
  constructor(directory: string, name: string, options: readonly string[]) {
    this.#directory = directory
    this.#name = name
    this.#options = options
  }

  async start(): Promise<void> {
    const own = [`--unixctl=${this.#socket}`, `--log-file=${this.#name}.log`, '-vconsole:off']
    const child = spawn('ovsdb-server', [...this.#options, ...own], { cwd: this.#directory, stdio: 'ignore' })
    this.#child = child
    const orphan = () => child.kill('SIGKILL')
    process.once('exit', orphan)
    child.once('exit', () => process.off('exit', orphan))
    await once(child, 'spawn')
    // The server answers once it has opened its sockets.
    for (;;) {
      if (child.exitCode !== null) throw new Error('ovsdb-server ended')
      try {
        this.appctl('ovsdb-server/list-remotes')
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(signal)
    await exit
  }

  /** Freezes the process as if the machine had failed: connections stay open, and nobody answers. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  appctl(...args: readonly string[]): string {
    return run('ovs-appctl', ['-t', this.#socket, ...args])
  }

  get #socket(): string {
    return join(this.#directory, `${this.#name}.ctl`)
  }
}

export const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('not a TCP port')
  return address.port
}
