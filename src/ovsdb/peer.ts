/**
 * A JSON-RPC 1.0 peer on a socket (RFC 7047 section 4): requests, replies, notifications, probes, and the end of the
 * connection.
 */
import type { Socket } from 'node:net'
import { Framer, MAX_MESSAGE_OCTETS } from './json-framer.ts'
import { OvsdbError } from './ovsdb-error.ts'
import { refusal } from './refusal.ts'
import { excerpt, type Message, messageOf } from './rpc.ts'

const PROBE_INTERVAL_MS = 5_000

/** The limits of a connection. */
export interface PeerOptions {
  /**
   * The maximum size of a message of the peer in bytes, and of the data that waits for the peer to read it. Default:
   * 256 MiB.
   */
  readonly maxMessage?: number
  /**
   * Milliseconds of silence after which an echo is sent, and after the same time again the connection is closed.
   * Default: 5000. 0 means never.
   */
  readonly probeInterval?: number
}

/** Why a connection has ended. */
export interface Closed {
  readonly reason: string
  /** What broke the connection. Undefined if `close` was called or the peer closed it properly. */
  readonly error: OvsdbError | undefined
}

/** How an answer is received, and how a request is canceled. */
export interface RequestOptions<T> {
  /** Called as soon as the reply is read, before any later message. If it throws, the connection ends. */
  readonly receive?: (result: unknown) => T
  /** Sends `cancel` (section 4.1.4). The request is rejected with code `canceled`, unless it was completed already. */
  readonly signal?: AbortSignal | undefined
}

interface Waiting {
  readonly method: string
  readonly take: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * A JSON-RPC peer (RFC 7047 section 4), without knowledge of methods: what a `Connection` has in addition to the
 * methods of OVSDB.
 */
export class Peer {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<Closed>
  /** An IPv4 address in dotted form, even if the socket is IPv6. Undefined for a unix socket. */
  readonly localAddress: string | undefined
  /** Undefined for a unix socket. */
  readonly localPort: number | undefined
  /** The same as `localAddress` for the other side. */
  readonly remoteAddress: string | undefined
  /** The same as `localPort` for the other side. */
  readonly remotePort: number | undefined

  readonly #socket: Socket
  readonly #framer: Framer
  readonly #maxUnread: number
  readonly #waiting = new Map<number, Waiting>()
  readonly #probe: NodeJS.Timeout | undefined
  readonly #tellClosed: (closed: Closed) => void
  #lastId = 0
  #silent = false
  #heard = false
  #end: Closed | undefined

  /** @param socket a connected socket, which the peer owns from now on */
  constructor(socket: Socket, options: PeerOptions = {}) {
    const { maxMessage = MAX_MESSAGE_OCTETS, probeInterval = PROBE_INTERVAL_MS } = options
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
    socket.on('error', (cause) => this.fail(new OvsdbError('closed', cause.message, { cause })))
    socket.on('close', () => this.#finish('the peer closed the connection', undefined))
  }

  /** Whether the peer has sent anything yet. */
  get heard(): boolean {
    return this.#heard
  }

  /** RFC 7047 section 4.1.11 */
  async echo(...params: readonly unknown[]): Promise<unknown> {
    return this.request('echo', params)
  }

  /**
   * Sends a request of any method.
   * @throws OvsdbError with the server's words; canceled; closed, and then it is unknown whether the request was
   *   executed
   */
  request<T = unknown>(method: string, params: readonly unknown[], options: RequestOptions<T> = {}): Promise<T> {
    const { receive = (result: unknown) => result as T, signal } = options
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    if (this.#end !== undefined) {
      reject(closedError(this.#end))
      return promise
    }
    if (signal?.aborted) {
      reject(new OvsdbError('canceled'))
      return promise
    }
    const id = ++this.#lastId
    const cancel = () => this.#cancel(id)
    signal?.addEventListener('abort', cancel)
    this.#waiting.set(id, {
      method,
      take(result) {
        signal?.removeEventListener('abort', cancel)
        resolve(receive(result))
      },
      reject(error) {
        signal?.removeEventListener('abort', cancel)
        reject(error)
      },
    })
    this.#send({ id, method, params })
    return promise
  }

  /** Sends a message that has no answer. */
  notify(method: string, params: readonly unknown[]): void {
    this.#send({ id: null, method, params })
  }

  /** Ends the connection. Requests without an answer are rejected with code `closed`. */
  close(reason = 'closed by this side'): void {
    this.#finish(reason, undefined)
  }

  /**
   * Ends the connection because of an error.
   * @returns the same error
   */
  protected fail(error: OvsdbError): OvsdbError {
    this.#finish(error.message, error)
    return error
  }

  /** For subclasses that understand notifications; others are ignored. If it throws, the connection ends. */
  protected onNotification(_method: string, _params: readonly unknown[]): void {}

  /** Called once, before `closed` resolves. */
  protected onEnd(_error: OvsdbError): void {}

  /**
   * ovsdb-server answers a canceled transaction only after set_db_change_aware. But it handles messages in order, so a
   * transaction that is not answered before a later echo is not answered at all. Its id stays known in case an answer
   * comes after all.
   */
  #cancel(id: number): void {
    this.notify('cancel', [id])
    this.echo().then(
      () => this.#waiting.get(id)?.reject(new OvsdbError('canceled')),
      // The connection has ended, which has rejected the request.
      () => undefined,
    )
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
      this.fail(cause instanceof OvsdbError ? cause : new OvsdbError('listener-failed', String(cause), { cause }))
    }
  }

  #take(message: Message): void {
    switch (message.kind) {
      case 'reply':
        this.#takeReply(message.id, message.result, message.error)
        break
      case 'notification':
        this.onNotification(message.method, message.params)
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

  #send(message: object): void {
    if (this.#end !== undefined) return
    if (this.#socket.writableLength > this.#maxUnread) this.fail(new OvsdbError('peer-not-reading'))
    else this.#socket.write(JSON.stringify(message))
  }

  /** Called after each probe interval in which nothing came. */
  #silence(): void {
    if (this.#silent) {
      // If this process was busy, data may be waiting in the socket. It is read before the immediate runs.
      setImmediate(() => {
        if (this.#silent) this.fail(new OvsdbError('no-answer'))
      })
      return
    }
    this.#silent = true
    this.#probe?.refresh()
    // It is rejected only when the connection ends, which `closed` reports.
    this.echo().catch(() => undefined)
  }

  #finish(reason: string, error: OvsdbError | undefined): void {
    if (this.#end !== undefined) return
    this.#end = { reason, error }
    clearTimeout(this.#probe)
    this.#socket.destroy()
    const closed = closedError(this.#end)
    for (const { reject } of this.#waiting.values()) reject(closed)
    this.#waiting.clear()
    this.onEnd(closed)
    this.#tellClosed(this.#end)
  }
}

const closedError = ({ reason, error }: Closed): OvsdbError =>
  new OvsdbError('closed', `the connection is closed: ${reason}`, { cause: error })

const plainAddress = (address: string | undefined): string | undefined =>
  address?.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
