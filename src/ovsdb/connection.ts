/** One JSON-RPC session with an OVSDB server, whoever of the two opened the connection. */
import type { Socket } from 'node:net'
import { OvsdbError, refusal } from './errors.ts'
import { Framer, MAX_MESSAGE } from './framer.ts'
import { type Operation, type Results, resultsOf } from './operation.ts'
import { excerpt, type Message, messageOf } from './rpc.ts'
import { type DatabaseSchema, databaseSchemaOf } from './served.ts'

export interface ConnectionOptions {
  /** Bytes that a message of the peer may have, and bytes that may wait for it to read them. 256 MiB unless said. */
  readonly maxMessage?: number
  /** Milliseconds of silence after which an echo is sent, and once more as many until the end. 5000; 0 is never. */
  readonly probeInterval?: number
}

export interface Closed {
  readonly reason: string
  /** What broke the connection; undefined if `close` was called or the peer said goodbye. */
  readonly error: OvsdbError | undefined
}

interface Waiting {
  readonly method: string
  readonly take: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Takes the updates of one monitor as they come: the notification's method and <table-updates>. */
export type UpdateHandler = (method: string, updates: unknown) => void

export class Connection {
  /** Resolves when the connection has ended, whatever ended it. */
  readonly closed: Promise<Closed>
  /** Undefined on a unix socket, as the three that follow. IPv4 in dotted form, also where the socket is IPv6. */
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined

  readonly #socket: Socket
  readonly #framer: Framer
  readonly #maxUnread: number
  readonly #waiting = new Map<number, Waiting>()
  readonly #monitors = new Map<number, UpdateHandler>()
  readonly #probe: NodeJS.Timeout | undefined
  readonly #tellClosed: (closed: Closed) => void
  #lastId = 0
  #silent = false
  #heard = false
  #end: Closed | undefined

  /** @param socket connected; the connection owns it from here on */
  constructor(socket: Socket, options: ConnectionOptions = {}) {
    const { maxMessage = MAX_MESSAGE, probeInterval = 5000 } = options
    const { promise, resolve } = Promise.withResolvers<Closed>()
    this.closed = promise
    this.#tellClosed = resolve
    this.#socket = socket
    this.#framer = new Framer(maxMessage)
    this.#maxUnread = maxMessage
    this.localAddress = plainAddress(socket.localAddress)
    this.localPort = socket.localPort
    this.remoteAddress = plainAddress(socket.remoteAddress)
    this.remotePort = socket.remotePort
    this.#probe = probeInterval > 0 ? setTimeout(() => this.#silence(), probeInterval) : undefined
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (cause) => this.#fail(new OvsdbError('closed', cause.message, { cause })))
    socket.on('close', () => this.#finish('the peer closed the connection', undefined))
  }

  /** Whether the peer has said anything yet. */
  get heard(): boolean {
    return this.#heard
  }

  /** RFC 7047 section 4.1.1 */
  listDbs(): Promise<readonly string[]> {
    return this.request('list_dbs', [], namesOf)
  }

  /** RFC 7047 section 4.1.2 */
  getSchema(db: string): Promise<DatabaseSchema> {
    return this.request('get_schema', [db], databaseSchemaOf)
  }

  /**
   * RFC 7047 section 4.1.3: all of the operations or none. Updates of monitors that it causes come before its results.
   * @throws OvsdbError with the server's words and the index of the operation that failed
   */
  async transact<const Os extends readonly Operation[]>(db: string, operations: Os): Promise<Results<Os>> {
    const reply = await this.request('transact', [db, ...operations])
    try {
      return resultsOf(operations, reply)
    } catch (error) {
      const broken = error instanceof OvsdbError && (error.code === 'malformed-message' || error.code === 'bad-value')
      throw broken ? this.#fail(error) : error
    }
  }

  /** RFC 7047 section 4.1.11 */
  async echo(...params: readonly unknown[]): Promise<unknown> {
    return this.request('echo', params)
  }

  /**
   * A request of any method.
   * @param receive called as soon as the reply is read, before anything that follows it; it ends the connection if it
   *   throws
   * @throws OvsdbError with the server's words; closed
   */
  request(method: string, params: readonly unknown[]): Promise<unknown>
  request<T>(method: string, params: readonly unknown[], receive: (result: unknown) => T): Promise<T>
  request(method: string, params: readonly unknown[], receive = (result: unknown) => result): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    if (this.#end !== undefined) {
      reject(closedError(this.#end))
      return promise
    }
    const id = ++this.#lastId
    const take = (result: unknown) => resolve(receive(result))
    this.#waiting.set(id, { method, take, reject })
    this.#send({ id, method, params })
    return promise
  }

  /** @returns an id for a monitor whose updates `handler` takes, from the next message on */
  addMonitor(handler: UpdateHandler): number {
    const id = ++this.#lastId
    this.#monitors.set(id, handler)
    return id
  }

  removeMonitor(id: number): void {
    this.#monitors.delete(id)
  }

  /** Ends the connection. What has no answer yet is rejected with code `closed`. */
  close(reason = 'closed by this side'): void {
    this.#finish(reason, undefined)
  }

  #receive(chunk: Buffer): void {
    this.#heard = true
    this.#silent = false
    this.#probe?.refresh()
    try {
      for (const json of this.#framer.push(chunk)) {
        this.#take(messageOf(json))
        if (this.#end !== undefined) return
      }
    } catch (cause) {
      this.#fail(cause instanceof OvsdbError ? cause : new OvsdbError('listener-failed', String(cause), { cause }))
    }
  }

  #take(message: Message): void {
    switch (message.kind) {
      case 'reply':
        this.#takeReply(message.id, message.result, message.error)
        break
      case 'notification':
        this.#takeNotification(message.method, message.params)
        break
      case 'request':
        this.#send(
          message.method === 'echo'
            ? { id: message.id, result: message.params, error: null }
            : { id: message.id, result: null, error: 'unknown method' },
        )
    }
  }

  #takeReply(id: unknown, result: unknown, error: unknown): void {
    const waiting = typeof id === 'number' ? this.#waiting.get(id) : undefined
    if (typeof id !== 'number' || waiting === undefined) {
      throw new OvsdbError('unexpected-reply', `a reply with id ${excerpt(id)}, which no request has`)
    }
    this.#waiting.delete(id)
    try {
      if (error === null) waiting.take(result)
      else waiting.reject(refusal(error, waiting.method))
    } catch (cause) {
      waiting.reject(cause)
      throw cause
    }
  }

  /** 4.1.6; the methods "update2" and "update3" are OVS's. Other notifications ("locked", …) are for later editions. */
  #takeNotification(method: string, params: readonly unknown[]): void {
    if (method !== 'update' && method !== 'update2') return
    const [id] = params
    const handler = typeof id === 'number' ? this.#monitors.get(id) : undefined
    if (handler === undefined) {
      throw new OvsdbError('inconsistent-update', `an update of monitor ${excerpt(id)}, which is not there`)
    }
    handler(method, params[1])
  }

  #send(message: object): void {
    if (this.#end !== undefined) return
    if (this.#socket.writableLength > this.#maxUnread) this.#fail(new OvsdbError('peer-not-reading'))
    else this.#socket.write(JSON.stringify(message))
  }

  /** Called after each probe interval in which nothing came. */
  #silence(): void {
    if (this.#silent) {
      // If this process was held up, what the peer sent may wait in the socket: it is read before the immediate runs.
      setImmediate(() => {
        if (this.#silent) this.#fail(new OvsdbError('no-answer'))
      })
      return
    }
    this.#silent = true
    this.#probe?.refresh()
    // Rejected only when the connection ends, which `closed` tells.
    this.echo().catch(() => undefined)
  }

  #fail(error: OvsdbError): OvsdbError {
    this.#finish(error.message, error)
    return error
  }

  #finish(reason: string, error: OvsdbError | undefined): void {
    if (this.#end !== undefined) return
    this.#end = { reason, error }
    clearTimeout(this.#probe)
    this.#socket.destroy()
    for (const { reject } of this.#waiting.values()) reject(closedError(this.#end))
    this.#waiting.clear()
    this.#monitors.clear()
    this.#tellClosed(this.#end)
  }
}

const namesOf = (names: unknown): readonly string[] => {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  throw new OvsdbError('malformed-message', `not a list of names: ${excerpt(names)}`)
}

const closedError = ({ reason, error }: Closed): OvsdbError =>
  new OvsdbError('closed', `the connection is closed: ${reason}`, { cause: error })

const plainAddress = (address: string | undefined): string | undefined =>
  address?.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
