/**
 * A JSON-RPC 1.0 peer on a socket (RFC 7047 section 4): requests, replies, notifications, probes, and the end of the
 * connection.
 */
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { MAX_MESSAGE_OCTETS } from './json-framer.ts'
import type { MessageBudget } from './message-budget.ts'
import { MessageReader } from './message-reader.ts'
import { OvsdbError } from './ovsdb-error.ts'
import type { Closed, PeerOptions, RequestOptions } from './peer-options.ts'
import { refusal } from './refusal.ts'
import { excerpt, type Message, messageOf } from './rpc.ts'

const PROBE_INTERVAL_MS = 5_000
const MAX_UNREAD_OCTETS = 256 * 1024 * 1024
/** The number of checks within the time that an answer may take. */
const CHECKS_PER_TIMEOUT = 4

interface Waiting {
  readonly method: string
  /** How often the check has seen it as the oldest request. */
  checks: number
  /** @returns when the result is received, if that takes a while */
  readonly take: (result: unknown) => Promise<unknown> | undefined
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
  /** The certificate of the other side. Undefined without TLS. */
  readonly certificate: X509Certificate | undefined

  readonly #socket: Socket
  readonly #reader: MessageReader
  readonly #maxUnread: number
  /** Requests without an answer, the oldest first. */
  readonly #waiting = new Map<number, Waiting>()
  readonly #probe: NodeJS.Timeout | undefined
  readonly #watch: NodeJS.Timeout | undefined
  readonly #tellClosed: (closed: Closed) => void
  #lastId = 0
  #silent = false
  #heard = false
  #end: Closed | undefined

  /**
   * @internal
   * @param socket a connected socket, which the peer owns from now on
   * @param budget bounds the octets of unfinished messages of all connections that share it
   */
  constructor(socket: Socket, options: PeerOptions = {}, budget?: MessageBudget) {
    const {
      maxMessage = MAX_MESSAGE_OCTETS,
      maxUnread = MAX_UNREAD_OCTETS,
      probeInterval = PROBE_INTERVAL_MS,
      messageTimeout = 0,
      requestTimeout = 0,
    } = options
    const { promise, resolve } = Promise.withResolvers<Closed>()
    this.closed = promise
    this.#tellClosed = resolve
    this.#socket = socket
    this.#reader = new MessageReader({
      socket,
      maxMessage,
      messageTimeout,
      budget,
      take: (json) => this.#take(messageOf(json)),
      fail: (error) => this.fail(error),
    })
    this.#maxUnread = maxUnread
    this.localAddress = plainAddress(socket.localAddress)
    this.localPort = socket.localPort
    this.remoteAddress = plainAddress(socket.remoteAddress)
    this.remotePort = socket.remotePort
    this.certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
    this.#probe = probeInterval > 0 ? setTimeout(() => this.#silence(), probeInterval) : undefined
    if (requestTimeout > 0) {
      this.#watch = setInterval(() => this.#checkOldest(requestTimeout), requestTimeout / CHECKS_PER_TIMEOUT)
    }
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (cause) => this.fail(new OvsdbError('closed', cause.message, { cause })))
    socket.on('close', () => this.#finish('the peer closed the connection', undefined))
  }

  /** The maximum size of a message of the peer in bytes. */
  get maxMessage(): number {
    return this.#reader.maxMessage
  }

  /** Sets the maximum size. A message that has begun is bounded by it, too. */
  set maxMessage(octets: number) {
    this.#reader.maxMessage = octets
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
      checks: 0,
      take(result) {
        signal?.removeEventListener('abort', cancel)
        const received = receive(result)
        resolve(received)
        return received instanceof Promise ? received : undefined
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

  /**
   * For subclasses that understand notifications; others are ignored. If it returns a promise, nothing is read until that
   * resolves. If it throws or rejects, the connection ends.
   */
  protected onNotification(_method: string, _params: readonly unknown[]): Promise<unknown> | undefined {
    return undefined
  }

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
    this.#reader.push(chunk)
  }

  #take(message: Message): Promise<unknown> | undefined {
    switch (message.kind) {
      case 'reply':
        return this.#takeReply(message.id, message.result, message.error)
      case 'notification':
        return this.onNotification(message.method, message.params)
      case 'request':
        this.#send(
          message.method === 'echo'
            ? { id: message.id, result: message.params, error: null }
            : { id: message.id, result: null, error: 'unknown method' },
        )
        return undefined
    }
  }

  #takeReply(id: unknown, result: unknown, error: unknown): Promise<unknown> | undefined {
    const waiting = typeof id === 'number' ? this.#waiting.get(id) : undefined
    if (typeof id !== 'number' || waiting === undefined) {
      throw new OvsdbError('unexpected-reply', `a reply with id ${excerpt(id)}, which no request has`)
    }
    this.#waiting.delete(id)
    try {
      if (error === null) return waiting.take(result)
      waiting.reject(refusal(error, waiting.method))
      return undefined
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
    // While nothing is read, silence means nothing.
    if (this.#reader.isBusy) {
      this.#probe?.refresh()
      return
    }
    if (this.#silent) {
      // If this process was busy, data may be waiting in the socket. It is read before the immediate runs.
      setImmediate(() => {
        if (this.#silent && !this.#reader.isBusy) this.fail(new OvsdbError('no-answer'))
      })
      return
    }
    this.#silent = true
    this.#probe?.refresh()
    // It is rejected only when the connection ends, which `closed` reports.
    this.echo().catch(() => undefined)
  }

  /** While a long message is read, it may be the answer. */
  #checkOldest(timeout: number): void {
    const [oldest] = this.#waiting.values()
    if (!oldest || this.#reader.isBusy) return
    oldest.checks += 1
    if (oldest.checks > CHECKS_PER_TIMEOUT)
      this.fail(new OvsdbError('no-answer', `no answer to ${oldest.method} for ${timeout} ms`))
  }

  #finish(reason: string, error: OvsdbError | undefined): void {
    if (this.#end !== undefined) return
    this.#end = { reason, error }
    clearTimeout(this.#probe)
    clearInterval(this.#watch)
    this.#reader.end()
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
