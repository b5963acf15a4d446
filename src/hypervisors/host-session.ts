/**
 * A connected host. Whenever its OVSDB changes, its state is written into the graph, and what is missing in its OVSDB is
 * written there.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, VnicId } from '../../topology/ids.ts'
import type { Condition, Engine } from '../core/engine/engine.ts'
import { sliced } from '../core/slices.ts'
import { Timers } from '../core/timers.ts'
import type { Trouble } from '../core/trouble.ts'
import {
  type Connection,
  type OpenVSwitch,
  type Operation,
  openVSwitch,
  type Replica,
  type Tables,
} from '../ovsdb/index.ts'
import { conditionsOf, datapathTwin } from './conditions.ts'
import { fabricPortsOf } from './fabric-ports.ts'
import { type HostState, readingHost } from './facts.ts'
import { InterfacesDown } from './interfaces-down.ts'
import { carriedBy, markOperations } from './ownership.ts'
import { provisionProbes } from './probe-ports.ts'
import { provision } from './provision.ts'
import type { Reception } from './reception.ts'
import { Share } from './share.ts'
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
  readonly reception: Pick<Reception, 'admit' | 'marks' | 'taken'>
  /** Called when a host has another system-id than before; null: it has none. Its connection is then closed. */
  renamed(session: HostSession, to: string | null): Promise<void>
  /** Called with what stops traffic on a host, whenever its rows have been read. */
  troubled(hypervisor: HypervisorId, troubles: readonly Trouble[]): void
  /** The OpenFlow listener for the switch of a host that has connected to this address: `tcp:ADDRESS:PORT`. */
  controllerFor(connection: Connection): string
}

type Rows = Tables<OpenVSwitch>

/** Ids of no VNIC that are remembered, to say what is closest to one that waits. */
const MAX_UNKNOWN = 1_000

const RETRY_MS = 1_000

export class HostSession {
  readonly id: HypervisorId
  readonly connection: Connection
  /** Why the state of the host could not be applied the last time; null if it could. */
  lastError: string | null = null
  /** The tunnel address that the host says it has; null: none. */
  encapIp: string | null = null
  readonly #replica: Replica<OpenVSwitch>
  readonly #context: HostContext
  readonly #timers = new Timers()
  /** The state that was written last. */
  #applied: HostState | null = null
  /** The ids of its rows of Interface at that time. */
  #interfaces: ReadonlySet<string> = new Set()
  readonly #down = new InterfacesDown()
  readonly #share = new Share()
  #isBusy = false
  #isStale = false
  #isClosed = false
  /** Has the host carried the id of our store? */
  #isMarked = false

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

  /** The VNICs whose interfaces are there, by port number; undefined: it is not known yet. */
  get alive(): ReadonlyMap<number, VnicId> | undefined {
    if (!this.#applied) return undefined
    const alive = new Map<number, VnicId>()
    for (const { ofport, vnicId } of this.#applied.claims.values()) if (ofport !== null) alive.set(ofport, vnicId)
    return alive
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
      const { wait } = this.#share
      if (wait > 0) {
        await sleep(wait, undefined, { ref: false })
        continue
      }
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
    const { graph, writer, reception } = this.#context
    // The rows change while they are read in slices.
    const rows = this.#share.take(() => copyOf(this.#replica.tables))
    const reading = readingHost(
      rows,
      (vnic) => graph.bindings.get(vnic),
      (id) => graph.hypervisors.get(id)?.uplinks ?? {},
    )
    const state = await sliced(this.#share.taking(reading))
    if (this.#isClosed) return
    if (state.systemId !== this.id) {
      await this.#context.renamed(this, state.systemId)
      return
    }
    if (this.#isTaken(rows)) {
      reception.taken(this.id)
      this.close('another store has taken it')
      return
    }
    this.encapIp = state.facts.encapIp
    const address = this.connection.remoteAddress ?? null
    await writer.write(this.id, state, { address, renewed: this.#renewed(rows, state), share: this.#share })
    this.#applied = state
    reception.admit(this.id)
    this.#interfaces = new Set(rows.Interface.keys())
    const operations = this.#share.take(() => {
      this.#report(rows, state)
      return this.#missing(state)
    })
    if (operations.length === 0) return
    this.#context.log.info({ hypervisor: this.id, operations: operations.length }, "writing the hypervisor's OVSDB")
    await this.connection.transact(openVSwitch.name, operations)
  }

  /** Tells others what was read. */
  #report(rows: Rows, { claims, strays, troubles }: HostState): void {
    const { graph, sightings, troubled, tunnels } = this.#context
    const unknown = [...claims.values()].filter(({ vnicId }) => !graph.vnics.has(vnicId)).slice(0, MAX_UNKNOWN)
    sightings.report(this.id, {
      strays,
      unknown: new Map(unknown.map(({ vnicId, interface: name }) => [vnicId, name])),
    })
    troubled(this.id, [...troubles, ...this.#down.read(rows, claims.values())])
    tunnels.read(this.id, rows)
  }

  /** Does the host carry the id of another store, after it has carried ours? */
  #isTaken(rows: Rows): boolean {
    const { store } = carriedBy(rows)
    const isOurs = store === this.#context.reception.marks(this.id).store
    this.#isMarked ||= isOurs
    return this.#isMarked && !isOurs && store !== null
  }

  /**
   * The VNICs that it claims as before, by an interface that is new. Tools that start a VM remove what is left of its interface, and
   * add it again, in one transaction.
   */
  #renewed(rows: Rows, { claims }: HostState): Set<VnicId> {
    const before = this.#applied?.claims
    if (!before) return new Set()
    const added = new Set<string>()
    for (const [id, { name }] of rows.Interface) if (!this.#interfaces.has(id)) added.add(name)
    if (added.size === 0) return new Set()
    return new Set(
      [...claims.values()].flatMap((claim) =>
        before.has(claim.vnicId) && added.has(claim.interface) ? [claim.vnicId] : [],
      ),
    )
  }

  /** The operations that write what its OVSDB lacks. */
  #missing(state: HostState): Operation[] {
    const { graph, engines, tunnels, controllerFor, reception } = this.#context
    const wanted = provision(this.#replica.tables, {
      systemId: this.id,
      isTaken: (datapathId) => datapathTwin(this.id, { datapathId }, graph) !== undefined,
      datapathType: state.datapathType,
      controller: controllerFor(this.connection),
      fabric: fabricPortsOf(engines, state.facts).ports,
    })
    const isTunnelled = state.facts.encapIp !== null
    const probes = provisionProbes(this.#replica.tables, isTunnelled, tunnels.probesOf(this.id))
    return [...markOperations(this.#replica.tables, reception.marks(this.id)), ...wanted, ...probes]
  }

  #retry(error: unknown): void {
    this.lastError = error instanceof Error ? error.message : String(error)
    this.#context.log.error({ err: error, hypervisor: this.id }, "cannot apply the hypervisor's state, retrying")
    if (!this.#isClosed) this.#timers.later(() => void this.#sync(), RETRY_MS)
  }
}

/** The rows at this moment. A row never changes. */
const copyOf = (rows: Rows): Rows => ({
  Open_vSwitch: new Map(rows.Open_vSwitch),
  Bridge: new Map(rows.Bridge),
  Port: new Map(rows.Port),
  Interface: new Map(rows.Interface),
  Controller: new Map(rows.Controller),
  Manager: new Map(rows.Manager),
})
