/** A cluster of real ovsdb-servers on 127.0.0.1, with a small database for the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scalar } from '../../src/ovsdb/index.ts'
import { freePort, Process, run } from './process.ts'

const SCHEMA = {
  name: 'Ledger',
  version: '1.0.0',
  tables: {
    Entry: { columns: { number: { type: 'integer' } }, indexes: [['number']], isRoot: true },
    Total: { columns: { count: { type: 'integer' } }, isRoot: true, maxRows: 1 },
  },
}

/** The same schema, in the form of the library. */
export const ledger = {
  name: 'Ledger',
  tables: { Entry: { number: scalar('integer') }, Total: { count: scalar('integer') } },
} as const

export interface Member {
  readonly target: { readonly host: string; readonly port: number }
  readonly process: Process
}

export class Cluster {
  readonly members: readonly Member[]
  readonly #directory: string

  constructor(directory: string, members: readonly Member[]) {
    this.#directory = directory
    this.members = members
  }

  /** Resolves when all servers have joined. */
  static async start(size: number): Promise<Cluster> {
    const directory = mkdtempSync(join(tmpdir(), 'plugboard-ovsdb-'))
    writeFileSync(join(directory, 'schema'), JSON.stringify(SCHEMA))
    const members: Member[] = []
    let first = ''
    for (let n = 0; n < size; n++) {
      const [file, address] = [join(directory, `${n}.db`), `tcp:127.0.0.1:${await freePort()}`]
      if (n === 0) run('ovsdb-tool', ['create-cluster', file, join(directory, 'schema'), address])
      else run('ovsdb-tool', ['join-cluster', file, ledger.name, address, first])
      first ||= address
      const target = { host: '127.0.0.1', port: await freePort() }
      const process = new Process(directory, String(n), [file, `--remote=ptcp:${target.port}:127.0.0.1`])
      await process.start()
      run('ovsdb-client', ['-t', '20', 'wait', `tcp:127.0.0.1:${target.port}`, ledger.name, 'connected'])
      members.push({ target, process })
    }
    return new Cluster(directory, members)
  }

  /** The server that listens on this port. */
  at(port: number | undefined): Member {
    const member = this.members.find(({ target }) => target.port === port)
    if (member === undefined) throw new Error(`no member listens on ${port}`)
    return member
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.members) await process.kill()
    rmSync(this.#directory, { recursive: true })
  }
}
