/** A host that speaks OVSDB and says what a test wants, without a database behind it. */
import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { Framer, NO_TRANSACTION } from '../../src/ovsdb/index.ts'
import { room } from './running.ts'

interface Request {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
}

interface Lies {
  readonly systemId?: string
  /** The loopback address that it connects from. */
  readonly from?: string
  /** Further keys of its `external_ids`. */
  readonly external?: Readonly<Record<string, string>>
  /** Rows of its first answer, beside that with its system-id. */
  readonly snapshot?: () => object
  /** Called in place of the first answer. */
  readonly instead?: (host: LyingHost) => void
}

/** A host that says its system-id, answers transactions, and answers its monitor with what it is given. */
export class LyingHost {
  readonly socket: Socket
  readonly closed: Promise<void>
  isClosed = false
  #monitor: unknown

  constructor(t: Test, port: number, lies: Lies = {}) {
    this.socket = connect({ host: '127.0.0.1', port, localAddress: lies.from ?? '127.0.0.77' })
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

  #answer(
    { id, method, params }: Request,
    { systemId = 'liar', external = {}, snapshot = () => ({}), instead }: Lies,
  ): void {
    const answer = (result: unknown) => void this.#say({ id, result, error: null })
    const external_ids = ['map', [['system-id', systemId], ...Object.entries(external)]]
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
export const rows = (count: number, row: object) =>
  Object.fromEntries(Array.from({ length: count }, () => [randomUUID(), row]))
