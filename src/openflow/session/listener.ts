/** Listens for switches, and connects to switches that listen. */
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { handshake, type SessionOptions } from './handshake.ts'
import { Queue } from './queue.ts'
import type { Session } from './session.ts'
import { dialTls, renewTls, type Tls, tlsServer } from './tls.ts'

/**
 * A TCP port (0 is any free one) on `host`, by default 127.0.0.1, with TLS if `tls` is given; or the path of a unix
 * socket.
 */
export type Place = { readonly host?: string; readonly port: number; readonly tls?: Tls } | { readonly path: string }

const LOOPBACK = '127.0.0.1'

interface ListenerOptions extends SessionOptions {
  /**
   * Called with each session. Without it, sessions come from iterating over the listener. If it throws or rejects, the
   * session is closed with that reason.
   */
  readonly onSession?: (session: Session) => void | Promise<void>
  /** Called with each socket as soon as it is accepted. It may destroy the socket, which then becomes no session. */
  readonly onSocket?: (socket: Socket) => void
  /** Called for connections that did not become a session. If it throws, the process emits a warning. */
  readonly onRefused?: (error: OpenFlowError, remoteAddress: string) => void
}

/**
 * Where to listen: on a TCP port (0 is any free one) of `host`, by default 127.0.0.1, with TLS if `tls` is given; or on
 * a unix socket at `path`.
 */
export type ListenOptions = ListenerOptions & Place

/** Listens for switches: `for await (const session of listener)`, unless `onSession` is given. */
export class Listener implements AsyncIterable<Session> {
  readonly #server: Server
  readonly #sessions = new Queue<Session>()
  readonly #sockets = new Set<Socket>()
  /** Sockets whose TLS handshake is not complete. */
  readonly #early = new Map<string, Socket>()
  readonly #open = new Set<Session>()
  readonly #options: ListenerOptions

  /** @internal */
  constructor(server: Server, options: ListenerOptions, isSecure = false) {
    this.#server = server
    this.#options = options
    if (options.onSocket) server.on('connection', options.onSocket)
    if (!isSecure) {
      server.on('connection', (socket: Socket) => void this.#greet(socket))
      return
    }
    server.on('connection', (socket: Socket) => {
      this.#early.set(nameOf(socket), socket)
      socket.on('close', () => this.#early.delete(nameOf(socket)))
    })
    server.on('secureConnection', (socket: Socket) => {
      this.#early.delete(nameOf(socket))
      void this.#greet(socket)
    })
    server.on('tlsClientError', (cause: Error, socket: Socket) =>
      this.#refuse(new OpenFlowError('not-connected', `TLS handshake: ${cause.message}`, { cause }), nameOf(socket)),
    )
  }

  /** The address that it listens on. Without meaning for a unix socket. */
  get address(): AddressInfo {
    return this.#server.address() as AddressInfo
  }

  /**
   * Uses another key and other certificates for new connections. Sessions stay.
   * @throws OpenFlowError `bad-credentials` if they cannot be read, or if it listens without TLS; then nothing changes
   */
  renew(tls: Tls): void {
    if (!(this.#server instanceof TlsServer)) throw new OpenFlowError('bad-credentials', 'it listens without TLS')
    renewTls(this.#server, tls)
  }

  /** Stops listening and ends all sessions. Resolves when the last connection is closed. */
  async close(): Promise<void> {
    this.#sessions.close()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#open) session.close('the listener is closed')
    for (const socket of this.#sockets) socket.destroySoon()
    for (const socket of this.#early.values()) socket.destroy()
    await closed
  }

  /** The sessions, until the listener is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<Session, void, void> {
    return this.#sessions[Symbol.asyncIterator]()
  }

  async #greet(socket: Socket): Promise<void> {
    const { onSession = (session) => this.#sessions.push(session) } = this.#options
    if (socket.destroyed) return
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const from = nameOf(socket)
    const session = await handshake(socket, this.#options).catch((error: unknown) => this.#refuse(error, from))
    if (!session) return
    this.#open.add(session)
    void session.closed.then(() => this.#open.delete(session))
    try {
      await onSession(session)
    } catch (error) {
      session.close(`onSession failed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #refuse(error: unknown, from: string): undefined {
    if (!(error instanceof OpenFlowError)) throw error
    try {
      this.#options.onRefused?.(error, from)
    } catch (thrown) {
      process.emitWarning(thrown instanceof Error ? thrown : String(thrown))
    }
  }
}

const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`

/**
 * Listens for switches. 6653 is the standard port of OpenFlow.
 * @throws OpenFlowError `bad-credentials`; the error of Node.js if it cannot listen on the address (EADDRINUSE,
 *   EACCES)
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const tls = 'path' in options ? undefined : options.tls
  const server = tls ? tlsServer(tls) : createServer()
  const listener = new Listener(server, options, tls !== undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const place = 'path' in options ? options : { port: options.port, host: options.host ?? LOOPBACK }
    server.listen({ ...place }, () => resolve())
  })
  // An error of accept(2), as when file descriptors run out. The next call may succeed.
  server.on('error', () => undefined)
  return listener
}

/**
 * Where a switch listens: on a TCP port of `host`, by default 127.0.0.1, with TLS if `tls` is given; or on a unix
 * socket at `path`.
 */
export type ConnectOptions = SessionOptions & Place

/** Opens a socket, and returns it with the event that says it is connected. */
function call(place: Place): [socket: Socket, event: string] {
  if ('path' in place) return [dial({ path: place.path }), 'connect']
  const { host = LOOPBACK, port, tls } = place
  return tls ? [dialTls(host, port, tls), 'secureConnect'] : [dial({ host, port }), 'connect']
}

/**
 * Connects to a switch that listens: on `ptcp:`, or on a bridge's own `<bridge>.mgmt` socket. Resolves after HELLO and
 * FEATURES.
 * @throws OpenFlowError `not-connected` with the cause; `bad-credentials`; `no-common-version`; `closed` with the
 *   reason; `malformed` if the peer does not begin with HELLO; `out-of-range` if `versions` has an unsupported one
 */
export async function connect(options: ConnectOptions): Promise<Session> {
  const [socket, event] = call(options)
  await new Promise<void>((resolve, reject) => {
    socket.once(event, () => resolve())
    socket.once('error', (cause) => reject(new OpenFlowError('not-connected', cause.message, { cause })))
  })
  return handshake(socket, options)
}
