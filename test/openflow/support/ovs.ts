/** A private Open vSwitch in its own network namespace. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Framer } from '../../../src/ovsdb/json-framer.ts'

const run = promisify(execFile)
const LATEST = 6
/** The version as column `protocols` names it: `OpenFlow13` for wire version 4. */
const protocolOf = (version: number): string => `OpenFlow1${version - 1}`
/** The longest time that the daemon may take to follow its database. */
const MAX_VSCTL_S = 60
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

/** Why tests on real Open vSwitch cannot run here; false if they can. */
export const noOvs: string | false = (() => {
  if (process.getuid?.() !== 0) return 'real Open vSwitch needs root'
  try {
    execFileSync('ovs-vswitchd', ['--version'])
    return false
  } catch {
    return 'Open vSwitch is not installed'
  }
})()

interface Teardown {
  teardown(stop: () => Promise<void>): void
}

export class Ovs {
  readonly directory: string
  readonly #version: number
  readonly #children: ReadonlyArray<ReturnType<typeof spawn>>

  private constructor(directory: string, children: ReadonlyArray<ReturnType<typeof spawn>>, version: number) {
    this.directory = directory
    this.#version = version
    this.#children = children
  }

  /**
   * Starts Open vSwitch with an empty bridge `br0`. It is stopped when the test ends.
   * @param version the only wire version that the bridge allows; if left out, it allows all versions
   */
  static async start(t: Teardown, version?: number): Promise<Ovs> {
    const directory = await mkdtemp(join(tmpdir(), 'plugboard-ovs-'))
    const at = (name: string): string => join(directory, name)
    const env = { ...process.env, OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVS_DBDIR: directory }
    await run('ovsdb-tool', ['create', at('conf.db'), SCHEMA])
    const database = ['ovsdb-server', at('conf.db'), `--remote=punix:${at('db.sock')}`, `--unixctl=${at('db.ctl')}`]
    const daemon = ['ovs-vswitchd', `unix:${at('db.sock')}`, `--unixctl=${at('vswitchd.ctl')}`]
    const children: Array<ReturnType<typeof spawn>> = []
    const ovs = new Ovs(directory, children, version ?? LATEST)
    t.teardown(() => ovs.stop())
    for (const { command, socket } of [
      { command: database, socket: at('db.sock') },
      { command: daemon, socket: at('vswitchd.ctl') },
    ]) {
      const child = spawn('unshare', ['--net', '--kill-child', ...command], { env, stdio: 'ignore', cwd: directory })
      children.push(child)
      await listening(child, socket)
    }
    await ovs.vsctl('init')
    const protocols = version === undefined ? [] : [`protocols=${protocolOf(version)}`]
    await ovs.vsctl('add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath_type=netdev', ...protocols)
    return ovs
  }

  /** The address of the bridge for ovs-ofctl and `connect`. */
  get bridge(): string {
    return `unix:${this.path}`
  }

  /** Runs a process in the namespace of the bridge. */
  get pid(): number {
    return this.#children[1]?.pid ?? 0
  }

  get path(): string {
    return join(this.directory, 'br0.mgmt')
  }

  async vsctl(...args: string[]): Promise<string> {
    const { stdout } = await run('ovs-vsctl', [
      `--db=unix:${join(this.directory, 'db.sock')}`,
      '-t',
      String(MAX_VSCTL_S),
      ...args,
    ])
    return stdout
  }

  async ofctl(...args: string[]): Promise<string> {
    const { stdout } = await run('ovs-ofctl', ['-O', protocolOf(this.#version), ...args], {
      maxBuffer: 2 ** 28,
      cwd: this.directory,
    })
    return stdout
  }

  /** Does the same as `ovs-appctl`: JSON-RPC on the daemon's socket. A process for each call would take ten times as long. */
  async appctl(method: string, ...params: string[]): Promise<string> {
    const socket = createConnection(join(this.directory, 'vswitchd.ctl'))
    socket.write(JSON.stringify({ id: 0, method, params }))
    const framer = new Framer()
    for await (const chunk of socket) {
      for (const reply of framer.push(chunk)) {
        const { result, error } = reply as { result: string | null; error: string | null }
        if (result === null) throw new Error(`${method}: ${error}`)
        return result
      }
    }
    throw new Error(`${method}: ovs-vswitchd closed the connection`)
  }

  /** The rules as ovs-ofctl prints them, without the leading blank of each line. */
  async dump(): Promise<string[]> {
    const text = await this.ofctl('dump-flows', '--no-stats', '--no-names', this.bridge)
    return text.split('\n').flatMap((line) => (line.startsWith(' ') ? [line.slice(1)] : []))
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(
      this.#children.map(
        (child) => child.exitCode ?? child.signalCode ?? new Promise((done) => child.once('exit', done)),
      ),
    )
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** Waits for the socket of a daemon, as long as the daemon runs. */
async function listening(child: ReturnType<typeof spawn>, socket: string): Promise<void> {
  while (!existsSync(socket)) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`)
    await sleep(10)
  }
}

/** Repeats an attempt until it succeeds. After ten seconds it throws the last error. */
export async function until(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    try {
      await attempt()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(20)
    }
  }
}

/** Runs a program with this text as its input. */
export async function output(command: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(command, [...args], { maxBuffer: 2 ** 28 })
  return stdout + stderr
}

export const textOf = (path: string): Promise<string> => readFile(path, 'utf8')
