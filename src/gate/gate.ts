/**
 * The connections of one listener, from accept(2) on. A caller is unknown until the controller knows which hypervisor it
 * belongs to. Unknown callers are bounded in number and time: in total, and for each address. A new caller is let in at the cost
 * of the oldest unknown one: a hypervisor is known within moments, so the oldest is most probably one that never will be. No
 * known caller ever loses its place.
 */
import type { Socket } from 'node:net'
import { networkOf, plainAddress } from '../core/network-of.ts'

export interface GateLimits {
  /** All connections. */
  readonly maxConnections: number
  readonly maxUnknown: number
  readonly maxUnknownPerAddress: number
  readonly joinSeconds: number
}

interface Caller {
  readonly socket: Socket
  readonly name: string
  readonly network: string
  /** Undefined: it is known. */
  timer: NodeJS.Timeout | undefined
}

export class Gate {
  readonly #limits: GateLimits
  readonly #refused: (address: string, reason: string) => void
  /** By `address:port`. */
  readonly #callers = new Map<string, Caller>()
  /** The unknown ones, by network. The oldest of each network are first. */
  readonly #unknown = new Map<string, Set<Caller>>()
  #unknownCount = 0
  /** The number of callers that were refused or closed before they were known. */
  refusals = 0

  /** @param refused called with the address of each caller that is refused, or closed before it was known */
  constructor(limits: GateLimits, refused: (address: string, reason: string) => void) {
    this.#limits = limits
    this.#refused = refused
  }

  get unknown(): number {
    return this.#unknownCount
  }

  get known(): number {
    return this.#callers.size - this.#unknownCount
  }

  /** Called with each accepted socket, which is destroyed if there is no room for it. */
  enter(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    if (remoteAddress === undefined) return
    const { maxConnections, maxUnknown, maxUnknownPerAddress, joinSeconds } = this.#limits
    const network = networkOf(remoteAddress)
    const same = this.#unknown.get(network)
    if (same && same.size >= maxUnknownPerAddress)
      this.#closeOldest(same, 'its address has too many connections that have not joined')
    if (this.#unknownCount >= maxUnknown) this.#makeRoom('too many connections have not joined')
    if (this.#callers.size >= maxConnections && !this.#makeRoom('there are too many connections')) {
      this.#refuse(socket, remoteAddress, `${maxConnections} connections are open, which is the limit`)
      return
    }
    const name = `${plainAddress(remoteAddress)}:${remotePort}`
    const late = () => this.#close(caller, `it has not joined within ${joinSeconds} s`)
    const caller: Caller = { socket, name, network, timer: setTimeout(late, joinSeconds * 1000).unref() }
    this.#add(caller)
    socket.once('close', () => this.#leave(caller))
    // A socket that is closed before somebody reads it must not end the process.
    socket.on('error', () => undefined)
  }

  /** The controller knows which hypervisor the caller belongs to. @param name `address:port` of its end */
  admit(name: string): void {
    const caller = this.#callers.get(plainAddress(name))
    if (caller) this.#forgetUnknown(caller)
  }

  #add(caller: Caller): void {
    this.#callers.set(caller.name, caller)
    const same = this.#unknown.get(caller.network) ?? new Set()
    this.#unknown.set(caller.network, same.add(caller))
    this.#unknownCount += 1
  }

  #leave(caller: Caller): void {
    this.#forgetUnknown(caller)
    if (this.#callers.get(caller.name) === caller) this.#callers.delete(caller.name)
  }

  #forgetUnknown(caller: Caller): void {
    if (!caller.timer) return
    clearTimeout(caller.timer)
    caller.timer = undefined
    this.#unknownCount -= 1
    const same = this.#unknown.get(caller.network)
    same?.delete(caller)
    if (same?.size === 0) this.#unknown.delete(caller.network)
  }

  /** Closes the oldest unknown caller of the network that has the most. @returns whether there was one */
  #makeRoom(reason: string): boolean {
    if (this.#unknownCount === 0) return false
    const most = [...this.#unknown.values()].reduce((one, other) => (other.size > one.size ? other : one))
    this.#closeOldest(most, reason)
    return true
  }

  #closeOldest([oldest]: ReadonlySet<Caller>, reason: string): void {
    if (oldest) this.#close(oldest, reason)
  }

  /** The one who reads the socket is told the reason by its `error` event. */
  #close(caller: Caller, reason: string): void {
    this.#leave(caller)
    this.#count(caller.socket.remoteAddress ?? caller.network, reason)
    caller.socket.destroy(new Error(reason))
  }

  /** Nobody reads the socket yet. */
  #refuse(socket: Socket, address: string, reason: string): void {
    this.#count(address, reason)
    socket.destroy()
  }

  #count(address: string, reason: string): void {
    this.refusals += 1
    this.#refused(address, reason)
  }
}
