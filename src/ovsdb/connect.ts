/** The two ways a connection comes to be: this side calls (`connect`), or the switch does (`listen`). */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, Socket } from 'node:net'
import { Connection, type ConnectionOptions } from './connection.ts'
import { OvsdbError } from './errors.ts'

/** `tcp:HOST:PORT` or `unix:PATH` in the words of OVS. */
export type Target = { readonly host: string; readonly port: number } | { readonly path: string }

export interface ConnectOptions extends ConnectionOptions {
  /** Milliseconds until an attempt is given up. 5000 unless said. */
  readonly connectTimeout?: number
  /** Gives an attempt up; has no effect on a connection. */
  readonly signal?: AbortSignal
}

/** @throws OvsdbError cannot-connect */
export const connect = async (target: Target, options: ConnectOptions = {}): Promise<Connection> => {
  const { connectTimeout = 5000, signal } = options
  const timeout = AbortSignal.timeout(connectTimeout)
  const socket = new Socket()
  try {
    const connected = once(socket, 'connect', { signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
    socket.connect(target)
    await connected
  } catch (cause) {
    // An aborted attempt may still fail afterwards; nobody waits for it any more.
    socket.on('error', () => undefined).destroy()
    const why = timeout.aborted ? `no answer within ${connectTimeout} ms` : String(cause)
    throw new OvsdbError('cannot-connect', `${targetName(target)}: ${why}`, { cause })
  }
  return new Connection(socket, options)
}

/** Told of each connection. If it throws or rejects, the connection is closed with that reason. */
export type OnConnection = (connection: Connection) => void | Promise<void>

export interface ListenOptions extends ConnectionOptions {
  readonly onConnection: OnConnection
}

/** Waits for servers that call: `ovs-vsctl set-manager tcp:HOST:PORT`. */
export class Listener {
  readonly #server: Server
  readonly #connections = new Set<Connection>()

  constructor(server: Server, { onConnection, ...options }: ListenOptions) {
    this.#server = server
    server.on('connection', (socket) => {
      const connection = new Connection(socket, options)
      this.#connections.add(connection)
      void connection.closed.then(() => this.#connections.delete(connection))
      void handOver(connection, onConnection)
    })
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
    await closed
  }
}

/** @throws OvsdbError cannot-listen */
export const listen = async (target: Target, options: ListenOptions): Promise<Listener> => {
  const server = createServer()
  const listener = new Listener(server, options)
  try {
    const listening = once(server, 'listening')
    server.listen(target)
    await listening
  } catch (cause) {
    throw new OvsdbError('cannot-listen', `${targetName(target)}: ${String(cause)}`, { cause })
  }
  // Of accept(2), as when file descriptors run out: the next one may well succeed.
  server.on('error', () => undefined)
  return listener
}

/** Never rejects. */
export const handOver = async (connection: Connection, onConnection: OnConnection): Promise<void> => {
  try {
    await onConnection(connection)
  } catch (error) {
    connection.close(`onConnection failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export const targetName = (target: Target): string =>
  'path' in target
    ? `unix:${target.path}`
    : `tcp:${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`
