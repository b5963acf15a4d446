/** A private ovsdb-server in its own directory, with a switch's database, on a Unix socket. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Process, run } from './process.ts'

export { freePort, skip } from './process.ts'

export const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

export class Server extends Process {
  readonly directory: string
  readonly path: string

  constructor(directory: string, options: readonly string[]) {
    const path = join(directory, 'db.sock')
    const remotes = [`--remote=punix:${path}`, '--remote=db:Open_vSwitch,Open_vSwitch,manager_options']
    super(directory, 'server', ['conf.db', ...remotes, ...options])
    this.directory = directory
    this.path = path
  }

  /** The database is as ovs-ctl makes it: it has one row in Open_vSwitch. */
  static async start(...options: readonly string[]): Promise<Server> {
    const server = new Server(mkdtempSync(join(tmpdir(), 'plugboard-ovsdb-')), options)
    run('ovsdb-tool', ['create', join(server.directory, 'conf.db'), SCHEMA])
    await server.start()
    server.vsctl('init')
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.directory, { recursive: true })
  }

  vsctl(...args: readonly string[]): string {
    return run('ovs-vsctl', [`--db=unix:${this.path}`, '--no-wait', ...args])
  }
}
