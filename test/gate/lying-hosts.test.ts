/** A real controller process, and hosts that join and then send more than any host has. */
import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { Framer, NO_TRANSACTION } from '../../src/ovsdb/index.ts'
import { until } from '../support/switches.ts'
import { growthOf, room, running } from './running.ts'

interface Request {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
}

interface Lies {
  readonly systemId?: string
  /** Rows of its first answer, beside that with its system-id. */
  readonly snapshot?: () => object
  /** Called in place of the first answer. */
  readonly instead?: (host: LyingHost) => void
}

/** A host that says its system-id, answers transactions, and answers its monitor with what it is given. */
class LyingHost {
  readonly socket: Socket
  readonly closed: Promise<void>
  isClosed = false
  #monitor: unknown

  constructor(t: Test, port: number, lies: Lies = {}) {
    this.socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.77' })
    this.socket.on('error', () => undefined)
    t.teardown(() => this.socket.destroy())
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()))
    void this.closed.then(() => {
      this.isClosed = true
    })
    const framer = new Framer()
    this.socket.on('data', (chunk) => {
      for (const message of framer.push(chunk)) this.#answer(message as Request, lies)
    })
  }

  /** Sends an update of its rows. Resolves when there is room for the next one. */
  async update(tables: object): Promise<void> {
    const params = [this.#monitor, NO_TRANSACTION, tables]
    if (!this.#say({ id: null, method: 'update3', params })) await room(this.socket)
  }

  #say(message: object): boolean {
    return this.socket.write(JSON.stringify(message))
  }

  #answer({ id, method, params }: Request, { systemId = 'liar', snapshot = () => ({}), instead }: Lies): void {
    const answer = (result: unknown) => void this.#say({ id, result, error: null })
    const external_ids = ['map', [['system-id', systemId]]]
    const root = { [randomUUID()]: { initial: { external_ids } } }
    if (method === 'echo') answer(params)
    else if (method === 'monitor_cond_since' && instead) instead(this)
    else if (method === 'monitor_cond_since') {
      this.#monitor = params[1]
      answer([false, NO_TRANSACTION, { Open_vSwitch: root, ...snapshot() }])
    } else if (method === 'transact') {
      const results = params.slice(1).map(() => ({ count: 1, uuid: ['uuid', randomUUID()] }))
      const isSelect = (params[1] as { op: string }).op === 'select'
      answer(isSelect ? [{ rows: [{ external_ids }] }] : results)
    }
  }
}

/** Rows of Interface that no host has. */
const rows = (count: number, row: object) =>
  Object.fromEntries(Array.from({ length: count }, () => [randomUUID(), row]))

t.test('B108: a host that sends rows without end is closed, and its hypervisor says why', async (t) => {
  const { plugboard, url, ovsdb } = await running(t)
  const host = new LyingHost(t, ovsdb)
  const view = async () => (await (await fetch(`${url}/v1/hypervisors/liar`)).json()) as Record<string, unknown>
  await until(async () => (await view()).ovsdb_connected === true)
  const growsLess = growthOf(t, plugboard)
  const insert = { name: 'x'.repeat(1_000) }
  while (!host.socket.destroyed) await host.update({ Interface: rows(1_000, { insert }) })
  await until(async () => (await view()).ovsdb_connected === false)
  t.match((await view()).last_error, /the rows take more than \d+ bytes/)
  growsLess(600)
})

t.test('B108: a host whose first rows are too many does not join, and the API answers meanwhile', async (t) => {
  const { plugboard, url, ovsdb } = await running(t)
  const growsLess = growthOf(t, plugboard)
  const host = new LyingHost(t, ovsdb, { snapshot: () => ({ Interface: rows(400_000, { initial: {} }) }) })
  await host.closed
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  t.equal((await fetch(`${url}/v1/hypervisors/liar`)).status, 404)
  await plugboard.says('cannot read the OVSDB of a host')
  growsLess(600)
})

t.test('B103: hosts whose first rows never end hold a bounded memory', async (t) => {
  const { plugboard, url, ovsdb } = await running(t)
  const growsLess = growthOf(t, plugboard)
  const piece = 'x'.repeat(1_000_000)
  /** Sends 28 MB of the 32 MiB that a message may have, and never its end. */
  const fill = async ({ socket }: LyingHost) => {
    socket.write('{"id":null,"method":"update3","params":[')
    for (let n = 0; n < 28; n += 1) {
      if (!socket.write(`"${piece}",`)) await room(socket)
    }
  }
  const filled: Promise<void>[] = []
  const instead = (host: LyingHost) => void filled.push(fill(host))
  const hosts = Array.from({ length: 10 }, (_, n) => new LyingHost(t, ovsdb, { systemId: `liar-${n}`, instead }))
  await until(() => filled.length === hosts.length)
  await Promise.all(filled)
  await until(() => hosts.filter(({ isClosed }) => isClosed).length >= 6)
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  t.comment(`${hosts.filter(({ isClosed }) => isClosed).length} closed`)
  growsLess(400)
})
