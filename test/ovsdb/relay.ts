/** Relays between a client and a server. It records what both send, and can change what the client sends. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Target } from '../../src/ovsdb/index.ts'

export class Relay {
  readonly target: { readonly host: string; readonly port: number }
  /** Everything that the client has sent, and everything that the server has sent. Each character is a byte. */
  up = ''
  down = ''
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #waiting = new Set<() => void>()

  constructor(server: Server, target: Relay['target']) {
    this.#server = server
    this.target = target
  }

  static async start(server: Target, garble = (text: string): string => text): Promise<Relay> {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const address = listener.address()
    if (address === null || typeof address === 'string') throw new Error('not a TCP port')
    const relay = new Relay(listener, { host: '127.0.0.1', port: address.port })
    listener.on('connection', (client) => {
      const upstream = connect(server)
      client.on('data', (chunk: Buffer) => {
        const text = garble(chunk.toString('latin1'))
        relay.up += text
        upstream.write(text, 'latin1')
        relay.#tell()
      })
      upstream.on('data', (chunk: Buffer) => {
        relay.down += chunk.toString('latin1')
        client.write(chunk)
        relay.#tell()
      })
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        relay.#sockets.add(one)
        one.on('error', () => undefined)
        one.on('close', () => other.destroy())
      }
    })
    return relay
  }

  /** Resolves when the condition on the recorded text is true. */
  async until(holds: (relay: Relay) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
