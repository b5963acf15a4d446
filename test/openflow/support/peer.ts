/** A peer on a bare socket: it sends what the test says, right or wrong. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Decoded, decode, encode, Framer, type Message } from '../../../src/openflow/index.ts'

export class Peer {
  readonly socket: Socket
  /** All messages that have arrived, in order. */
  readonly received: Decoded[] = []
  #taken = 0
  #probes = 0
  #wake: () => void = () => {}
  #ended = false

  constructor(socket: Socket) {
    this.socket = socket
    const framer = new Framer()
    socket.on('data', (chunk) => {
      for (const frame of framer.push(chunk)) this.received.push(decode(frame))
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** @param from the address to connect from */
  static async connect(port: number, from = '127.0.0.1'): Promise<Peer> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    await once(socket, 'connect')
    return new Peer(socket)
  }

  send(...messages: Array<Message | Uint8Array>): void {
    this.socket.write(Buffer.concat(messages.map((one) => (one instanceof Uint8Array ? one : encode(one)))))
  }

  /** The next message that arrives, except echoes; undefined at the end of the connection. */
  async next(): Promise<Decoded | undefined> {
    for (;;) {
      const message = this.received[this.#taken]
      if (message) {
        this.#taken += 1
        return message
      }
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The next message of this type. Messages before it are skipped. */
  async nextOf<Type extends Decoded['type']>(type: Type): Promise<Extract<Decoded, { type: Type }>> {
    for (;;) {
      const message = await this.next()
      if (message === undefined) throw new Error(`the connection ended before a ${type} came`)
      if (message.type === type) return message as Extract<Decoded, { type: Type }>
    }
  }

  /** Resolves when the other side has read all that was sent so far. */
  async heard(): Promise<void> {
    const xid = ++this.#probes
    this.send({ type: 'echo_request', xid })
    while ((await this.nextOf('echo_reply')).xid !== xid);
  }

  /** Acts as a switch until the features are exchanged. */
  async greet(datapathId = 0x1234n): Promise<void> {
    this.send({ type: 'hello' })
    const { xid } = await this.nextOf('features_request')
    this.send({ type: 'features_reply', xid, datapathId, buffers: 0, tables: 254, auxiliaryId: 0, capabilities: 0 })
  }

  /** Resolves when the other side has closed the connection. */
  async end(): Promise<void> {
    while ((await this.next()) !== undefined);
  }
}
