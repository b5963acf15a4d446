/** An Open vSwitch for the benchmark: in its own namespace, with a user-space datapath. It ends with the benchmark. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

/** The most interfaces that one ovs-vsctl command adds. */
const MAX_BATCH_INTERFACES = 100

export class Ovs {
  readonly directory: string
  readonly #children: ChildProcess[] = []

  private constructor(directory: string) {
    this.directory = directory
  }

  /** @param external the host's `external_ids` */
  static async start(external: Readonly<Record<string, string>>): Promise<Ovs> {
    const ovs = new Ovs(await mkdtemp(join(tmpdir(), 'plugboard-bench-')))
    await run('ovsdb-tool', ['create', ovs.at('conf.db'), SCHEMA])
    const remotes = [`--remote=punix:${ovs.at('db.sock')}`, '--remote=db:Open_vSwitch,Open_vSwitch,manager_options']
    ovs.daemon('ovsdb-server', ovs.at('conf.db'), ...remotes, `--unixctl=${ovs.at('db.ctl')}`)
    await until(() => ovs.vsctl('--no-wait', 'init'))
    const ids = Object.entries(external).map(([key, value]) => `external_ids:${key}="${value}"`)
    await ovs.vsctl('--no-wait', 'set', 'Open_vSwitch', '.', ...ids)
    ovs.daemon('ovs-vswitchd', `unix:${ovs.at('db.sock')}`, `--unixctl=${ovs.at('vswitchd.ctl')}`)
    return ovs
  }

  at(name: string): string {
    return join(this.directory, name)
  }

  /** Runs a daemon that ends with this switch. */
  daemon(command: string, ...args: readonly string[]): ChildProcess {
    const env = { ...process.env, OVS_RUNDIR: this.directory, OVS_LOGDIR: this.directory, OVN_RUNDIR: this.directory }
    const child = spawn(command, args, { env, cwd: this.directory, stdio: 'ignore' })
    this.#children.push(child)
    return child
  }

  async vsctl(...args: string[]): Promise<string> {
    const { stdout } = await run('ovs-vsctl', [`--db=unix:${this.at('db.sock')}`, '-t', '60', ...args])
    return stdout.trim()
  }

  async ofctl(...args: string[]): Promise<string> {
    const { stdout } = await run('ovs-ofctl', ['-O', 'OpenFlow15', ...args], { maxBuffer: 2 ** 28 })
    return stdout
  }

  /** Adds tap interfaces to br-int, each with the id of a VNIC. */
  async addInterfaces(ids: readonly string[]): Promise<void> {
    const already = (await this.vsctl('list-ports', 'br-int')).split('\n').filter((name) => /^t\d+$/.test(name)).length
    for (let from = 0; from < ids.length; from += MAX_BATCH_INTERFACES) {
      const wish = ids.slice(from, from + MAX_BATCH_INTERFACES).flatMap((id, n) => {
        const name = `t${already + from + n}`
        return [
          '--',
          'add-port',
          'br-int',
          name,
          '--',
          'set',
          'Interface',
          name,
          'type=internal',
          `external_ids:iface-id=${id}`,
        ]
      })
      await this.vsctl(...wish)
    }
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** Repeats an attempt until it succeeds. After two minutes it throws the last error. */
export async function until(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 120_000
  for (;;) {
    try {
      await attempt()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}
