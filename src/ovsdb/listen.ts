/** Servers call: `ovs-vsctl set-manager tcp:HOST:PORT`. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { credentialsOf } from './connect.ts'
import { Connection } from './connection.ts'
import { OvsdbError } from './ovsdb-error.ts'
import type { PeerOptions } from './peer.ts'
import { printTarget, type Target } from './target.ts'

/** Told of each connection. If it throws or rejects, the connection is closed with that reason. */
export type OnConnection = (connection: Connection) => void | Promise<void>

/** Who takes the connections, and what they put up with. */
export interface ListenOptions extends PeerOptions {
  readonly onConnection: OnConnection
  /** Told of callers whose TLS handshake failed. What it throws is a warning of the process. */
  readonly onRefused?: (error: OvsdbError) => void
}

/** Milliseconds that a TLS handshake may take. */
const HANDSHAKE = 5000

/** Waits for servers that call. */
export class Listener {
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  /** Those without a connection yet, too. */
  readonly #sockets = new Set<Socket>()

  /** @internal */
  constructor(server: Server, secure: boolean, { onConnection, onRefused, ...options }: ListenOptions) {
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      const connection = new Connection(socket, options)
      this.#connections.add(connection)
      void connection.closed.then(() => this.#connections.delete(connection))
      void handOver(connection, onConnection)
    })
    server.on('tlsClientError', (cause: Error) =>
      warned(() => onRefused?.(new OvsdbError('cannot-connect', `TLS handshake: ${cause.message}`, { cause }))),
    )
  }

  /** Where it listens: the port that was given for 0, or the path of a unix socket. */
  get address(): { readonly host: string; readonly port: number } | { readonly path: string } {
    const address = this.#server.address() as AddressInfo | string
    return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port }
  }

  /** Stops listening and ends the connections that came of it. */
  async close(reason = 'the listener is closed'): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const connection of this.#connections) connection.close(reason)
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

/**
 * Waits for servers that call: `ovs-vsctl set-manager tcp:HOST:PORT`, or ssl.
 * @throws OvsdbError `cannot-listen`, also if a key or certificate cannot be read
 */
export const listen = async (target: Target, options: ListenOptions): Promise<Listener> => {
  const tls = 'path' in target ? undefined : target.tls
  try {
    const server = tls
      ? createTlsServer({ ...credentialsOf(tls), requestCert: true, handshakeTimeout: HANDSHAKE })
      : createServer()
    const listener = new Listener(server, tls !== undefined, options)
    const listening = once(server, 'listening')
    server.listen('path' in target ? target.path : { host: target.host, port: target.port })
    await listening
    // Of accept(2), as when file descriptors run out: the next one may well succeed.
    server.on('error', () => undefined)
    return listener
  } catch (cause) {
    throw new OvsdbError('cannot-listen', `${printTarget(target)}: ${String(cause)}`, { cause })
  }
}

/** Never rejects. */
export const handOver = async (connection: Connection, onConnection: OnConnection): Promise<void> => {
  try {
    await onConnection(connection)
  } catch (error) {
    connection.close(`onConnection failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A callback that can stop nothing: what it throws is a warning of the process. */
export const warned = (callback: () => void): void => {
  try {
    callback()
  } catch (thrown) {
    process.emitWarning(thrown instanceof Error ? thrown : String(thrown))
  }
}
