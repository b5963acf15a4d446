/** Listens for OVSDB servers that connect: `ovs-vsctl set-manager tcp:HOST:PORT`. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls'
import { credentialsOf } from './connect.ts'
import { Connection } from './connection.ts'
import { MessageBudget } from './message-budget.ts'
import { OvsdbError } from './ovsdb-error.ts'
import type { PeerOptions } from './peer-options.ts'
import { printTarget, type Target, type Tls } from './target.ts'

/** Called with each connection. If it throws or rejects, the connection is closed with that reason. */
export type OnConnection = (connection: Connection) => void | Promise<void>

/** Who receives the connections, and their options. */
export interface ListenOptions extends PeerOptions {
  readonly onConnection: OnConnection
  /** Called with each socket as soon as it is accepted. It may destroy the socket, which then becomes no connection. */
  readonly onSocket?: (socket: Socket) => void
  /**
   * The maximum number of bytes of unfinished messages of all connections together. When there are more, the address
   * with the most of them loses its connection with the most; connections with a lower `maxMessage` come first. Default:
   * no limit.
   */
  readonly maxHeld?: number
  /** Called when a TLS handshake failed, with `address:port`. If it throws, the process emits a warning. */
  readonly onRefused?: (error: OvsdbError, remoteAddress: string) => void
}

const HANDSHAKE_TIMEOUT_MS = 5_000

/** Listens for servers that connect. */
export class Listener {
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  /** All sockets, including those without a connection yet. */
  readonly #sockets = new Set<Socket>()

  /** @internal */
  constructor(
    server: Server,
    secure: boolean,
    { onConnection, onSocket, onRefused, maxHeld, ...options }: ListenOptions,
  ) {
    this.#server = server
    const budget = maxHeld === undefined ? undefined : new MessageBudget(maxHeld)
    server.on('connection', (socket: Socket) => {
      onSocket?.(socket)
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      if (socket.destroyed) return
      const connection = new Connection(socket, options, budget)
      this.#connections.add(connection)
      void connection.closed.then(() => this.#connections.delete(connection))
      void handOver(connection, onConnection)
    })
    server.on('tlsClientError', (cause: Error, socket: Socket) => {
      const error = new OvsdbError('cannot-connect', `TLS handshake: ${cause.message}`, { cause })
      warned(() => onRefused?.(error, `${socket.remoteAddress}:${socket.remotePort}`))
    })
  }

  /** The address that it listens on: with the assigned port if 0 was given, or the path of a unix socket. */
  get address(): { readonly host: string; readonly port: number } | { readonly path: string } {
    const address = this.#server.address() as AddressInfo | string
    return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port }
  }

  /**
   * Uses another key and other certificates for new connections. Those that are open stay.
   * @throws OvsdbError `cannot-listen` if they cannot be read, or if it listens without TLS; then nothing changes
   */
  renew(tls: Tls): void {
    if (!(this.#server instanceof TlsServer)) throw new OvsdbError('cannot-listen', 'it listens without TLS')
    try {
      this.#server.setSecureContext(credentialsOf(tls))
    } catch (cause) {
      throw new OvsdbError('cannot-listen', `the key or a certificate cannot be read: ${String(cause)}`, { cause })
    }
  }

  /** Stops listening and ends all its connections. */
  async close(reason = 'the listener is closed'): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const connection of this.#connections) connection.close(reason)
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

/**
 * Listens for servers that connect: `ovs-vsctl set-manager tcp:HOST:PORT`, or ssl.
 * @throws OvsdbError `cannot-listen`, also if a key or certificate cannot be read
 */
export const listen = async (target: Target, options: ListenOptions): Promise<Listener> => {
  const tls = 'path' in target ? undefined : target.tls
  try {
    const server = tls
      ? createTlsServer({ ...credentialsOf(tls), requestCert: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS })
      : createServer()
    const listener = new Listener(server, tls !== undefined, options)
    const listening = once(server, 'listening')
    server.listen('path' in target ? target.path : { host: target.host, port: target.port })
    await listening
    // An error of accept(2), as when file descriptors run out. The next call may succeed.
    server.on('error', () => undefined)
    return listener
  } catch (cause) {
    throw new OvsdbError('cannot-listen', `${printTarget(target)}: ${String(cause)}`, { cause })
  }
}

/** Passes a connection to its consumer. Never rejects. */
export const handOver = async (connection: Connection, onConnection: OnConnection): Promise<void> => {
  try {
    await onConnection(connection)
  } catch (error) {
    connection.close(`onConnection failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Runs a callback whose errors must not stop anything. If it throws, the process emits a warning. */
export const warned = (callback: () => void): void => {
  try {
    callback()
  } catch (thrown) {
    process.emitWarning(thrown instanceof Error ? thrown : String(thrown))
  }
}
