/** A connection, and a bare socket at its other end that the test controls. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type Connection, connect, Framer, type PeerOptions } from '../../src/ovsdb/index.ts'

export class Peer {
  readonly connection: Connection
  readonly socket: Socket
  readonly #said: AsyncGenerator<unknown>

  constructor(connection: Connection, socket: Socket) {
    this.connection = connection
    this.socket = socket
    this.#said = messages(socket)
  }

  static async start(options: PeerOptions = {}): Promise<Peer> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('not a TCP port')
    const [connection, [socket]] = await Promise.all([
      connect({ host: '127.0.0.1', port: address.port }, options),
      once(server, 'connection') as Promise<[Socket]>,
    ])
    server.close()
    socket.on('error', () => undefined)
    return new Peer(connection, socket)
  }

  /** The next message from the connection. */
  async next<T extends object = { id: unknown; method: string; params: unknown[]; result: unknown }>(): Promise<T> {
    const { value, done } = await this.#said.next()
    if (done) throw new Error('the connection has ended')
    return value as T
  }

  say(...messages: readonly object[]): void {
    this.socket.write(messages.map((message) => JSON.stringify(message)).join(''))
  }

  [Symbol.dispose](): void {
    this.connection.close()
    this.socket.destroy()
  }
}

async function* messages(socket: Socket): AsyncGenerator<unknown> {
  const framer = new Framer()
  for await (const chunk of socket) yield* framer.push(chunk)
}
