/**
 * A connected host. Whenever its OVSDB changes, its state is written into the graph, and what is missing in its OVSDB is
 * written there.
 */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Condition, Engine } from '../core/engine/engine.ts'
import { Timers } from '../core/timers.ts'
import type { Trouble } from '../core/trouble.ts'
import { type Connection, type OpenVSwitch, openVSwitch, type Replica } from '../ovsdb/index.ts'
import { conditionsOf, datapathTwin } from './conditions.ts'
import { fabricPortsOf } from './fabric-ports.ts'
import { type HostState, readHost } from './facts.ts'
import { InterfacesDown } from './interfaces-down.ts'
import { provisionProbes } from './probe-ports.ts'
import { provision } from './provision.ts'
import type { Sightings } from './sightings.ts'
import type { StateWriter } from './state-writer.ts'
import type { TunnelWatch } from './tunnel-watch.ts'

export interface HostContext {
  readonly graph: GraphReader
  readonly engines: readonly Engine[]
  readonly writer: StateWriter
  readonly log: Logger
  readonly sightings: Sightings
  readonly tunnels: Pick<TunnelWatch, 'read' | 'probesOf'>
  /** Called when a host has another system-id than before; null: it has none. Its connection is then closed. */
  renamed(session: HostSession, to: string | null): Promise<void>
  /** Called with what stops traffic on a host, whenever its rows have been read. */
  troubled(hypervisor: HypervisorId, troubles: readonly Trouble[]): void
  /** The OpenFlow listener for the switch of a host that has connected to this address: `tcp:ADDRESS:PORT`. */
  controllerFor(connection: Connection): string
}

const RETRY_MS = 1_000

export class HostSession {
  readonly id: HypervisorId
  readonly connection: Connection
  /** Why the state of the host could not be applied the last time; null if it could. */
  lastError: string | null = null
  readonly #replica: Replica<OpenVSwitch>
  readonly #context: HostContext
  readonly #timers = new Timers()
  /** The state that was written last. */
  #applied: HostState | null = null
  /** The ids of its rows of Interface at that time. */
  #interfaces: ReadonlySet<string> = new Set()
  readonly #down = new InterfacesDown()
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

  /** Writes what its OVSDB lacks now. */
  refresh(): void {
    void this.#sync()
  }

  close(reason: string): void {
    this.#end()
    this.connection.close(reason)
  }

  /** Computed on each call, because a new VNIC or the claim of another host may have changed what is wrong. */
  get conditions(): readonly Condition[] {
    return this.#applied ? conditionsOf(this.id, this.#replica.tables, this.#applied, this.#context) : []
  }

  #end(): void {
    this.#isClosed = true
    this.#timers.clear()
  }

  /** Applies the rows until none have changed. Updates that arrive meanwhile are applied together afterwards. */
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
    const interfaces = new Set(this.#replica.tables.Interface.keys())
    const state = readHost(
      this.#replica.tables,
      (vnic) => graph.bindings.get(vnic),
      (id) => graph.hypervisors.get(id)?.uplinks ?? {},
    )
    if (state.systemId !== this.id) {
      await this.#context.renamed(this, state.systemId)
      return
    }
    await writer.write(this.id, state, this.#renewed(state))
    this.#applied = state
    this.#interfaces = interfaces
    const unknown = [...state.claims.values()].filter(({ vnicId }) => !graph.vnics.has(vnicId))
    this.#context.sightings.report(this.id, {
      strays: state.strays,
      unknown: new Map(unknown.map(({ vnicId, interface: name }) => [vnicId, name])),
    })
    const down = this.#down.read(this.#replica.tables, state.claims.values())
    this.#context.troubled(this.id, [...state.troubles, ...down])
    this.#context.tunnels.read(this.id, this.#replica.tables)
    await this.#provision(state)
  }

  /**
   * The VNICs that it claims as before, by an interface that is new. Tools that start a VM remove what is left of its interface, and
   * add it again, in one transaction.
   */
  #renewed({ claims }: HostState): Set<VnicId> {
    const before = this.#applied?.claims
    if (!before) return new Set()
    const added = new Set<string>()
    for (const [id, { name }] of this.#replica.tables.Interface) if (!this.#interfaces.has(id)) added.add(name)
    if (added.size === 0) return new Set()
    return new Set(
      [...claims.values()].flatMap((claim) =>
        before.has(claim.vnicId) && added.has(claim.interface) ? [claim.vnicId] : [],
      ),
    )
  }

  async #provision(state: HostState): Promise<void> {
    const { graph, engines, tunnels, controllerFor, log } = this.#context
    const wanted = provision(this.#replica.tables, {
      systemId: this.id,
      isTaken: (datapathId) => datapathTwin(this.id, { datapathId }, graph) !== undefined,
      datapathType: state.datapathType,
      controller: controllerFor(this.connection),
      fabric: fabricPortsOf(engines, state.facts).ports,
    })
    const isTunnelled = state.facts.encapIp !== null
    const probes = provisionProbes(this.#replica.tables, isTunnelled, tunnels.probesOf(this.id))
    const operations = [...wanted, ...probes]
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
