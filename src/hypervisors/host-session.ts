/**
 * One host that is connected: whenever its OVSDB changes, its state is written into the graph, and what its OVSDB lacks is
 * written into that.
 */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Condition, Engine } from '../core/engine/engine.ts'
import { Timers } from '../core/timers.ts'
import { type Connection, type OpenVSwitch, openVSwitch, type Replica } from '../ovsdb/index.ts'
import { conditionsOf, datapathTwin } from './conditions.ts'
import { fabricPortsOf } from './fabric-ports.ts'
import { type HostState, readHost } from './facts.ts'
import { provision } from './provision.ts'
import type { StateWriter } from './state-writer.ts'

export interface HostContext {
  readonly graph: GraphReader
  readonly engines: readonly Engine[]
  readonly writer: StateWriter
  readonly log: Logger
  /** Where the switch of a host that has connected this way finds the OpenFlow listener: `tcp:ADDRESS:PORT`. */
  controllerFor(connection: Connection): string
}

const RETRY_MS = 1_000

export class HostSession {
  readonly id: HypervisorId
  readonly connection: Connection
  /** Why its state could not be applied the last time, or null. */
  lastError: string | null = null
  readonly #replica: Replica<OpenVSwitch>
  readonly #context: HostContext
  readonly #timers = new Timers()
  /** The state that was written last. */
  #applied: HostState | null = null
  #isBusy = false
  #isStale = false
  #isClosed = false

  constructor(id: HypervisorId, connection: Connection, replica: Replica<OpenVSwitch>, context: HostContext) {
    this.id = id
    this.connection = connection
    this.#replica = replica
    this.#context = context
  }

  start(): void {
    this.#replica.onUpdate(() => void this.#sync())
    void this.connection.closed.then(() => this.#end())
    void this.#sync()
  }

  close(reason: string): void {
    this.#end()
    this.connection.close(reason)
  }

  /** As of now: a VNIC made since, or a claim of another host, may have changed what is wrong. */
  get conditions(): readonly Condition[] {
    return this.#applied ? conditionsOf(this.id, this.#replica.tables, this.#applied, this.#context) : []
  }

  #end(): void {
    this.#isClosed = true
    this.#timers.clear()
  }

  /** Applies the rows until they are as last seen. Updates that come meanwhile are applied together, after this one. */
  async #sync(): Promise<void> {
    this.#isStale = true
    if (this.#isBusy) return
    this.#isBusy = true
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false
      try {
        await this.#apply()
        this.lastError = null
      } catch (error) {
        this.#retry(error)
        break
      }
    }
    this.#isBusy = false
  }

  async #apply(): Promise<void> {
    const { graph, writer } = this.#context
    const state = readHost(this.#replica.tables, (vnic) => graph.bindings.get(vnic))
    if (state.systemId !== this.id) {
      this.close(`its system-id is ${state.systemId ?? 'gone'} now`)
      return
    }
    await writer.write(this.id, state)
    this.#applied = state
    await this.#provision(state)
  }

  async #provision(state: HostState): Promise<void> {
    const { graph, engines, controllerFor, log } = this.#context
    const operations = provision(this.#replica.tables, {
      systemId: this.id,
      datapathIdTaken: datapathTwin(this.id, state.facts, graph) !== undefined,
      datapathType: state.datapathType,
      controller: controllerFor(this.connection),
      fabric: fabricPortsOf(engines, state.facts).ports,
    })
    if (operations.length === 0) return
    log.info({ hypervisor: this.id, operations: operations.length }, "writing the hypervisor's OVSDB")
    await this.connection.transact(openVSwitch.name, operations)
  }

  #retry(error: unknown): void {
    this.lastError = error instanceof Error ? error.message : String(error)
    this.#context.log.error({ err: error, hypervisor: this.id }, "cannot apply the hypervisor's state, retrying")
    if (!this.#isClosed) this.#timers.later(() => void this.#sync(), RETRY_MS)
  }
}
