/**
 * The connected hosts, by system-id. The OVSDB of each host is replicated. The state of the host is written into the graph,
 * where the last known one is durable. Ports and settings that the host lacks are written into its OVSDB.
 *
 *   OVSDB replica ─> facts (rows -> state) ─> state writer ─> journal
 *                                                │  └─ bindings (who claims a VNIC) ─> binding settler
 *                    provision (what is missing) ─> OVSDB transaction
 */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import { type HypervisorId, isOpaque, type VnicId } from '../../topology/ids.ts'
import type { Binding } from '../../topology/model.ts'
import type { Condition, Engine } from '../core/engine/engine.ts'
import type { JoinedHosts } from '../core/joined-hosts.ts'
import type { Journal } from '../core/journal.ts'
import type { Trouble } from '../core/trouble.ts'
import { type Connection, openVSwitch, replicate } from '../ovsdb/index.ts'
import { BindingSettler } from './binding-settler.ts'
import { BindingClaims } from './bindings.ts'
import { readHost } from './facts.ts'
import { type HostContext, HostSession } from './host-session.ts'
import { StateWriter } from './state-writer.ts'

interface Context {
  readonly graph: GraphReader
  readonly journal: Pick<Journal, 'write'>
  readonly engines: ReadonlyMap<string, Engine>
  readonly log: Logger
  /** Called with what stops traffic on a host, whenever its rows have been read. */
  troubled(hypervisor: HypervisorId, troubles: readonly Trouble[]): void
  /** Called when a host has joined or left. */
  joinedOrLeft(hypervisor: HypervisorId): void
  /** The OpenFlow listener for the switch of a host that has connected to this address: `tcp:ADDRESS:PORT`. */
  controllerFor(connection: Connection): string
}

export class HypervisorSync implements JoinedHosts {
  readonly #graph: GraphReader
  readonly #log: Logger
  readonly #joinedOrLeft: Context['joinedOrLeft']
  readonly #claims = new BindingClaims()
  readonly #settler: BindingSettler
  readonly #writer: StateWriter
  readonly #host: HostContext
  readonly #sessions = new Map<HypervisorId, HostSession>()
  /** Why the last connection of a disconnected host ended. */
  readonly #lastErrors = new Map<HypervisorId, string>()
  /** The number of connections refused because the host has no system-id, or one that cannot be used. */
  refused = 0

  constructor({ graph, journal, engines, log, troubled, joinedOrLeft, controllerFor }: Context) {
    const claims = this.#claims
    this.#graph = graph
    this.#log = log
    this.#joinedOrLeft = joinedOrLeft
    this.#settler = new BindingSettler({ graph, journal, claims, log })
    this.#writer = new StateWriter({ graph, journal, claims, settler: this.#settler })
    this.#host = { graph, engines: [...engines.values()], writer: this.#writer, log, troubled, controllerFor }
    for (const binding of graph.bindings.values()) claims.remember(binding)
  }

  /** The number of connected hosts. */
  get size(): number {
    return this.#sessions.size
  }

  connected(id: HypervisorId): boolean {
    return this.#sessions.has(id)
  }

  conditions(id: HypervisorId): readonly Condition[] {
    return this.#sessions.get(id)?.conditions ?? []
  }

  lastError(id: HypervisorId): string | null {
    return this.#sessions.get(id)?.lastError ?? this.#lastErrors.get(id) ?? null
  }

  /** The interface that a hypervisor still has for a VNIC that it has lost to another one. */
  leftOf(vnic: VnicId, hypervisor: HypervisorId): Binding | undefined {
    return this.#claims.lost(vnic, hypervisor, this.#graph.bindings.get(vnic))
  }

  /** Called when a host has connected. Resolves when it has joined or was refused. */
  async accept(connection: Connection): Promise<void> {
    const from = `${connection.remoteAddress}:${connection.remotePort}`
    try {
      const replica = await replicate(connection, openVSwitch)
      const { systemId } = readHost(replica.tables, (vnic) => this.#graph.bindings.get(vnic))
      if (systemId === null || !isOpaque(systemId)) {
        this.#refuse(connection, from, systemId)
        return
      }
      this.#join(new HostSession(systemId as HypervisorId, connection, replica, this.#host))
    } catch (error) {
      this.#log.warn({ err: error, from }, 'cannot read the OVSDB of a host')
      connection.close(error instanceof Error ? error.message : String(error))
    }
  }

  /** Called when an operator has removed a hypervisor. A hypervisor that has connected again meanwhile stays. */
  forget(id: HypervisorId): void {
    if (this.#sessions.has(id)) return
    this.#writer.forget(id)
    this.#lastErrors.delete(id)
  }

  close(reason: string): void {
    this.#settler.close()
    for (const session of this.#sessions.values()) session.close(reason)
  }

  #refuse(connection: Connection, from: string, systemId: string | null): void {
    this.refused += 1
    const words = systemId === null ? 'has no system-id' : `has "${systemId}" as system-id`
    const remedy = 'set external_ids:system-id in Open_vSwitch to 1–64 of [A-Za-z0-9._-]'
    this.#log.error({ from }, `refusing a host that ${words}: ${remedy}`)
    connection.close('no system-id')
  }

  #join(session: HostSession): void {
    const { id, connection } = session
    this.#sessions.get(id)?.close('a host with the same system-id has connected')
    this.#sessions.set(id, session)
    this.#log.info({ hypervisor: id, from: connection.remoteAddress }, 'hypervisor joined')
    void connection.closed.then(({ reason }) => {
      this.#log.warn({ hypervisor: id, reason }, "hypervisor's OVSDB connection ended")
      if (this.#sessions.get(id) !== session) return
      this.#sessions.delete(id)
      this.#lastErrors.set(id, reason)
      this.#joinedOrLeft(id)
    })
    this.#joinedOrLeft(id)
    session.start()
  }
}
