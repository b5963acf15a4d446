/** DHCP clients in VMs: ISC's dhclient and udhcpc, which real guests use, and a raw client for messages that these never send. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Lab } from './lab.ts'

const SCRIPT = fileURLToPath(new URL('./dhcp-client.sh', import.meta.url))
const RAW = fileURLToPath(new URL('./dhcp.py', import.meta.url))

/** The variables that a client passed to its script. */
export type Told = Readonly<Record<string, string>>

export interface Run {
  readonly told: Told
  /** The output of the client. */
  readonly words: string
}

export class DhcpClients {
  readonly #lab: Lab
  readonly #directory: string

  static async in(lab: Lab): Promise<DhcpClients> {
    return new DhcpClients(lab, await mkdtemp(join(tmpdir(), 'plugboard-dhcp-')))
  }

  private constructor(lab: Lab, directory: string) {
    this.#lab = lab
    this.#directory = directory
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** Runs udhcpc until it has a lease. It also requests these options. */
  async udhcpc(vm: string, ...options: readonly string[]): Promise<Run> {
    const asked = options.flatMap((option) => ['-O', option])
    return await this.#run(vm, 'udhcpc', '-f', '-q', '-n', '-i', 'eth0', '-s', SCRIPT, ...asked)
  }

  /** Starts udhcpc and keeps it running, so that a test can make it renew its lease. */
  async lasting(vm: string) {
    const pid = this.#path(`${vm}.pid`)
    const env = `LEASE=${this.#path(vm)}`
    const process = await this.#lab.background(vm, 'env', env, 'udhcpc', '-f', '-i', 'eth0', '-s', SCRIPT, '-p', pid)
    return {
      told: () => this.told(vm),
      renew: async () => {
        await this.#lab.exec(vm, 'sh', '-c', `kill -USR1 $(cat ${pid})`)
      },
      stop: () => process.stop(),
    }
  }

  /** Runs dhclient until it has a lease. @param lease an earlier lease, in the format of its lease file */
  async dhclient(vm: string, lease = ''): Promise<Run> {
    const [leases, pid] = [this.#path(`${vm}.leases`), this.#path(`${vm}.pid`)]
    await writeFile(leases, lease)
    const files = ['-sf', SCRIPT, '-lf', leases, '-pf', pid, '-e', `LEASE=${this.#path(vm)}`]
    const run = await this.#run(vm, 'dhclient', '-4', '-1', '-v', ...files, 'eth0')
    await this.#lab.exec(vm, 'sh', '-c', `kill $(cat ${pid})`)
    return run
  }

  /** Runs dhclient for DHCPv6, for other settings than addresses. */
  async dhclient6(vm: string): Promise<Run> {
    const [leases, pid] = [this.#path(`${vm}.leases6`), this.#path(`${vm}.pid6`)]
    await writeFile(leases, '')
    const files = ['-sf', SCRIPT, '-lf', leases, '-pf', pid, '-e', `LEASE=${this.#path(vm)}`]
    return await this.#run(vm, 'dhclient', '-6', '-S', '-1', '-v', ...files, 'eth0')
  }

  /** Runs dhclient for DHCPv6 with addresses, for this many seconds: there are none. @returns its output */
  async solicit6(vm: string, seconds: number): Promise<string> {
    const [leases, pid] = [this.#path(`${vm}.leases6`), this.#path(`${vm}.pid6`)]
    await writeFile(leases, '')
    const files = ['-sf', SCRIPT, '-lf', leases, '-pf', pid, '-e', `LEASE=${this.#path(vm)}`]
    const client = ['dhclient', '-6', '-1', '-d', '-v', ...files, 'eth0']
    const run = await this.#lab.exec(vm, 'timeout', String(seconds), ...client)
    return run.stdout + run.stderr
  }

  /** Runs the raw client. @returns its output */
  raw<T>(vm: string, ...what: readonly string[]): Promise<T> {
    return rawDhcp<T>(this.#lab, vm, ...what)
  }

  async told(vm: string): Promise<Told> {
    try {
      const lines = (await readFile(this.#path(vm), 'utf8')).split('\n').filter((line) => line.includes('='))
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
      throw error
    }
  }

  async #run(vm: string, ...argv: readonly string[]): Promise<Run> {
    await rm(this.#path(vm), { force: true })
    const { stdout, stderr } = await this.#lab.exec(vm, 'env', `LEASE=${this.#path(vm)}`, 'timeout', '30', ...argv)
    return { told: await this.told(vm), words: stdout + stderr }
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }
}

/** Runs the raw client. @returns its output */
export async function rawDhcp<T>(lab: Lab, vm: string, ...what: readonly string[]): Promise<T> {
  const { stdout, stderr } = await lab.exec(vm, 'python3', RAW, ...what)
  if (stderr !== '') throw new Error(stderr)
  return JSON.parse(stdout) as T
}
