/** A private ovsdb-server in a directory of its own, on a unix socket and a TCP port. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

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

export class Server {
  readonly directory = mkdtempSync(join(tmpdir(), 'plugboard-ovsdb-'))
  readonly path = join(this.directory, 'db.sock')
  #child: ChildProcess | undefined

  readonly #options: readonly string[]

  constructor(options: readonly string[]) {
    this.#options = options
  }

  /** The database is as ovs-ctl makes it: one row in Open_vSwitch. */
  static async start(...options: readonly string[]): Promise<Server> {
    const server = new Server(options)
    execFileSync('ovsdb-tool', ['create', join(server.directory, 'conf.db'), SCHEMA])
    await server.start()
    server.vsctl('init')
    return server
  }

  async start(): Promise<void> {
    const child = spawn(
      'ovsdb-server',
      [
        'conf.db',
        `--remote=punix:${this.path}`,
        '--remote=db:Open_vSwitch,Open_vSwitch,manager_options',
        `--unixctl=${join(this.directory, 'ctl.sock')}`,
        '--log-file=ovsdb-server.log',
        '-vconsole:off',
        ...this.#options,
      ],
      { cwd: this.directory, stdio: 'ignore' },
    )
    this.#child = child
    process.once('exit', () => child.kill('SIGKILL'))
    await once(child, 'spawn')
    // Answers once it has opened its sockets.
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

  /** Stops it as if the machine had gone: connections stay open and nobody answers. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.directory, { recursive: true })
  }

  vsctl(...args: readonly string[]): string {
    return run('ovs-vsctl', [`--db=unix:${this.path}`, '--no-wait', ...args])
  }

  appctl(...args: readonly string[]): string {
    return run('ovs-appctl', ['-t', join(this.directory, 'ctl.sock'), ...args])
  }
}

const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

/** A TCP port of 127.0.0.1 that was free just now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('not a TCP port')
  return address.port
}
