/**
 * Hosts that connect with the system-id of a host that is connected. The first one keeps its place if it answers within a second;
 * otherwise the second one replaces it, so that a host that comes back after a half-open connection is not locked out. A second
 * connection of the same host is kept as a spare. Another host is refused: it is probably a copy of the first one's disk.
 *
 * When a host has gone, its system-id is kept for its address for a while, also over a restart of the controller. So another host does
 * not get it by being the first to connect in that moment.
 */
import type { Logger } from 'pino'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Condition } from '../core/engine/engine.ts'
import type { Connection } from '../ovsdb/index.ts'
import { answers, isSameHost } from './same-host.ts'

/** A refused host tries again every few seconds. The condition ends when it has not tried for this time. */
const CONDITION_MS = 30_000

/** Open vSwitch tries to connect every second, or every 8 seconds before the controller has told it otherwise. */
const RESERVED_MS = 12_000

/** A host with the system-id of a connected one. */
interface Other {
  readonly address: string | undefined
  readonly timer: NodeJS.Timeout
}

interface Refusal {
  readonly condition: Condition
  readonly address: string
  readonly timer: NodeJS.Timeout
}

interface Context {
  readonly log: Logger
  /** The address that a hypervisor that is away connected from; null: unknown. */
  addressOf(hypervisor: HypervisorId): string | null
  /** Called when the condition of a hypervisor appears or ends. */
  changed(hypervisor: HypervisorId): void
  /** Called when another host with the system-id of a connected one was seen. */
  seen(hypervisor: HypervisorId): void
}

export class Contenders {
  readonly #context: Context
  readonly #spares = new Map<HypervisorId, Connection>()
  readonly #refused = new Map<HypervisorId, Refusal>()
  readonly #others = new Map<HypervisorId, Other>()
  /** Hypervisors with a decision under way. */
  readonly #deciding = new Set<HypervisorId>()
  /** When the connection of each host has ended that was there a short while ago. */
  readonly #left = new Map<HypervisorId, NodeJS.Timeout>()
  #isStarting = true
  readonly #start: NodeJS.Timeout
  /** The number of refused connections of other hosts. */
  refusals = 0

  constructor(context: Context) {
    this.#context = context
    this.#start = setTimeout(() => {
      this.#isStarting = false
    }, RESERVED_MS).unref()
  }

  /** Is the system-id kept for another address? Then the connection is closed. */
  isReserved(id: HypervisorId, connection: Connection): boolean {
    const address = this.#isStarting || this.#left.has(id) ? this.#context.addressOf(id) : null
    if (address === null || address === connection.remoteAddress) return false
    const seconds = RESERVED_MS / 1_000
    this.#refuseFor(
      id,
      connection,
      address,
      `the system-id was last that of the host at ${address}, and is kept for it for ${seconds} s`,
    )
    return true
  }

  /** Called when the connection of a host has ended. */
  left(id: HypervisorId): void {
    clearTimeout(this.#left.get(id))
    this.#left.set(id, setTimeout(() => this.#left.delete(id), RESERVED_MS).unref())
  }

  /** The number of second connections that are kept. */
  get spares(): number {
    return this.#spares.size
  }

  /** Decides between two connections with one system-id. @returns whether the second one takes the place of the first */
  async replaces(id: HypervisorId, first: Connection, second: Connection): Promise<boolean> {
    // One decision at a time. Open vSwitch tries again in a second.
    if (this.#deciding.has(id)) {
      second.close('another connection with this system-id is being looked at')
      return false
    }
    this.#deciding.add(id)
    try {
      if (!(await answers(first))) {
        this.#see(id, first, second.remoteAddress)
        return true
      }
      if (await isSameHost(first, second)) this.#keep(id, second)
      else this.#refuse(id, first, second)
      return false
    } finally {
      this.#deciding.delete(id)
    }
  }

  /** Is this the address of another host with this system-id, which was refused or replaced lately? */
  isOther(id: HypervisorId, address: string): boolean {
    return this.#others.get(id)?.address === address
  }

  /** Called when the connection of a host has ended. @returns its spare connection, which is to take its place */
  takeSpare(id: HypervisorId): Connection | undefined {
    const spare = this.#spares.get(id)
    this.#spares.delete(id)
    this.#settle(id)
    return spare
  }

  conditions(id: HypervisorId): readonly Condition[] {
    const condition = this.#refused.get(id)?.condition
    return condition ? [condition] : []
  }

  close(reason: string): void {
    for (const spare of this.#spares.values()) spare.close(reason)
    for (const { timer } of [...this.#refused.values(), ...this.#others.values()]) clearTimeout(timer)
    for (const timer of [this.#start, ...this.#left.values()]) clearTimeout(timer)
  }

  /** Called when a host has joined: its address is not that of another host any more. */
  joined(id: HypervisorId, { remoteAddress }: Connection): void {
    const other = this.#others.get(id)
    if (other?.address !== remoteAddress) return
    clearTimeout(other?.timer)
    this.#others.delete(id)
  }

  /** Remembers that another host has the system-id, unless both have one address. */
  #see(id: HypervisorId, other: Connection, here: string | undefined): void {
    clearTimeout(this.#others.get(id)?.timer)
    this.#others.delete(id)
    const address = other.remoteAddress
    if (address === here) return
    const timer = setTimeout(() => this.#others.delete(id), CONDITION_MS).unref()
    this.#others.set(id, { address, timer })
    this.#context.seen(id)
  }

  #keep(id: HypervisorId, connection: Connection): void {
    if (this.#spares.has(id)) {
      connection.close('this host has two connections already')
      return
    }
    this.#spares.set(id, connection)
    this.#context.log.info(
      { hypervisor: id, from: connection.remoteAddress },
      'a second connection of the host is a spare',
    )
    void connection.closed.then(() => {
      if (this.#spares.get(id) === connection) this.#spares.delete(id)
    })
  }

  #refuse(id: HypervisorId, first: Connection, second: Connection): void {
    const message = `the host at ${second.remoteAddress} has the system-id of the host at ${first.remoteAddress}, which is connected, and is refused: give it a system-id of its own (external_ids:system-id in Open_vSwitch; a copied disk has that of its original)`
    this.#refuseFor(id, second, first.remoteAddress, message)
  }

  #refuseFor(id: HypervisorId, second: Connection, first: string | undefined, message: string): void {
    const address = String(second.remoteAddress)
    this.refusals += 1
    this.#see(id, second, first)
    const known = this.#refused.get(id)
    clearTimeout(known?.timer)
    const timer = setTimeout(() => this.#settle(id), CONDITION_MS).unref()
    const condition: Condition = { code: 'duplicate-system-id', message, severity: 'error' }
    this.#refused.set(id, { condition, address, timer })
    if (known?.address !== address) {
      this.#context.log.error({ hypervisor: id, from: address, first }, message)
      this.#context.changed(id)
    }
    second.close(message)
  }

  #settle(id: HypervisorId): void {
    const known = this.#refused.get(id)
    if (!known) return
    clearTimeout(known.timer)
    this.#refused.delete(id)
    this.#context.changed(id)
  }
}
