/**
 * The connections of the API, bounded in total and for each address. A new one is let in at the cost of one that has no request
 * under way, the one that has been without for the longest time. If all have one, the new one gets an answer: 503.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { networkOf } from '../core/network-of.ts'

/** Connections above the limit that are open at a time to be told so. Further ones are closed without an answer. */
const MAX_BEYOND = 256

interface Connection {
  /** `address:port` of the other end, which is the same below and above TLS. */
  readonly name: string
  readonly socket: Socket
  readonly peers: Peers
  /** Is it above the limit? Then its only request gets a 503. */
  readonly isBeyond: boolean
  /** Answers that are not finished. */
  readonly answers: Set<ServerResponse>
}

/** The connections of one address. */
interface Peers {
  readonly network: string
  count: number
  /** Those without a request, the one that has been without for the longest time first. */
  readonly idle: Set<Connection>
}

interface Limits {
  readonly max_connections: number
  readonly max_connections_per_address: number
}

export class Connections {
  readonly #limits: Limits
  readonly #byName = new Map<string, Connection>()
  readonly #peers = new Map<string, Peers>()
  /** Those without a request, of all addresses. */
  readonly #idle = new Set<Connection>()
  #beyond = 0
  readonly #refused: () => void

  /** @param refused called for each connection that is refused, or closed to make room */
  constructor(limits: Limits, refused: () => void) {
    this.#limits = limits
    this.#refused = refused
  }

  get count(): number {
    return this.#byName.size
  }

  attach(server: Server): void {
    server.on('connection', (socket) => this.#enter(socket))
    // Before the request is answered.
    server.prependListener('request', (request, response) => this.#begin(request, response))
  }

  /** Is the connection of this socket above the limit? */
  isBeyond(socket: Socket): boolean {
    return this.#find(socket)?.isBeyond ?? false
  }

  /** Has an answer begun there that is not finished? Then nothing else may be written to it. */
  isAnswering(socket: Socket): boolean {
    return [...(this.#find(socket)?.answers ?? [])].some(({ headersSent }) => headersSent)
  }

  #enter(socket: Socket): void {
    const name = nameOf(socket)
    if (name === undefined) return
    const network = networkOf(socket.remoteAddress ?? '')
    const peers = this.#peers.get(network) ?? { network, count: 0, idle: new Set() }
    const isBeyond = !this.#hasRoom(peers)
    if (isBeyond) this.#refused()
    if (isBeyond && this.#beyond >= MAX_BEYOND) {
      socket.destroy()
      return
    }
    const connection: Connection = { name, socket, peers, isBeyond, answers: new Set() }
    this.#byName.set(name, connection)
    if (isBeyond) this.#beyond += 1
    else {
      peers.count += 1
      this.#peers.set(network, peers)
      this.#rest(connection)
    }
    socket.once('close', () => this.#leave(connection))
  }

  #leave(connection: Connection): void {
    const { name, peers, isBeyond } = connection
    if (this.#byName.get(name) !== connection) return
    this.#byName.delete(name)
    this.#wake(connection)
    if (isBeyond) this.#beyond -= 1
    else peers.count -= 1
    if (peers.count === 0) this.#peers.delete(peers.network)
  }

  /** @returns whether there is room for one more, if need be after another one was closed */
  #hasRoom({ count, idle }: Peers): boolean {
    const { max_connections: most, max_connections_per_address: mostOfOne } = this.#limits
    if (count >= mostOfOne && !this.#closeFirst(idle)) return false
    return this.#byName.size - this.#beyond < most || this.#closeFirst(this.#idle)
  }

  #closeFirst([first]: ReadonlySet<Connection>): boolean {
    if (!first) return false
    this.#refused()
    this.#leave(first)
    first.socket.destroy()
    return true
  }

  #begin({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#find(socket)
    if (!connection) return
    connection.answers.add(response)
    this.#wake(connection)
    response.once('close', () => {
      connection.answers.delete(response)
      const isOpen = this.#byName.get(connection.name) === connection
      if (isOpen && connection.answers.size === 0 && !connection.isBeyond) this.#rest(connection)
    })
  }

  #rest(connection: Connection): void {
    this.#idle.add(connection)
    connection.peers.idle.add(connection)
  }

  #wake(connection: Connection): void {
    this.#idle.delete(connection)
    connection.peers.idle.delete(connection)
  }

  #find(socket: Socket): Connection | undefined {
    const name = nameOf(socket)
    return name === undefined ? undefined : this.#byName.get(name)
  }
}

/** Undefined once the connection is closed, and for requests of tests without a connection. */
const nameOf = ({ remoteAddress, remotePort }: Socket): string | undefined =>
  remoteAddress === undefined || remotePort === undefined ? undefined : `${remoteAddress}:${remotePort}`
