/**
 * The connected hosts, by system-id. The OVSDB of each host is replicated. The state of the host is written into the graph,
 * where the last known one is durable. Ports and settings that the host lacks are written into its OVSDB.
 *
 *   OVSDB replica ─> facts (rows -> state) ─> state writer ─> journal
 *                                                │  └─ binding settler (which claim on a VNIC wins)
 *                    provision (what is missing) ─> OVSDB transaction
 */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import { type HypervisorId, isOpaque, type VnicId } from '../../topology/ids.ts'
import type { ConnectedSwitches } from '../core/connected-switches.ts'
import type { Draft } from '../core/draft.ts'
import type { Condition, Engine } from '../core/engine/engine.ts'
import type { JoinedHosts } from '../core/joined-hosts.ts'
import type { Journal } from '../core/journal.ts'
import type { RefusalOf } from '../core/refusal-of.ts'
import { SparingLog } from '../core/sparing-log.ts'
import type { Trouble } from '../core/trouble.ts'
import { type Connection, type OpenVSwitch, openVSwitch, replicate } from '../ovsdb/index.ts'
import { Absences } from './absences.ts'
import { BindingSettler } from './binding-settler.ts'
import { Contenders } from './contenders.ts'
import { readHost } from './facts.ts'
import { formerName, renamedTo } from './former-name.ts'
import { type HostContext, HostSession } from './host-session.ts'
import { RefusedHosts } from './refused-hosts.ts'
import { systemIdOf } from './same-host.ts'
import type { Sightings } from './sightings.ts'
import { StateWriter } from './state-writer.ts'

/** Different lines in a minute about hosts that are refused. */
const MAX_LINES = 100

/** What a host may send and fill. */
export interface HostLimits {
  /** The octets of a message of a host whose system-id is known. Until then, the limit of the listener counts. */
  readonly maxMessage: number
  /** About the octets of memory that its rows may take. */
  readonly maxOctets: number
}

interface Context {
  readonly graph: GraphReader
  readonly journal: Pick<Journal, 'write'>
  readonly engines: ReadonlyMap<string, Engine>
  readonly switches: ConnectedSwitches
  readonly log: Logger
  readonly tunnels: HostContext['tunnels']
  /** Called with what stops traffic on a host, whenever its rows have been read. */
  troubled(hypervisor: HypervisorId, troubles: readonly Trouble[]): void
  readonly sightings: Sightings
  /** Called when the conditions of a hypervisor have changed, beside those of its rows. */
  conditionsChanged(hypervisor: HypervisorId): void
  /** Called when a host was refused or replaced that has the system-id of a connected one. */
  otherSeen(hypervisor: HypervisorId): void
  /** Called when a host has joined or left. */
  joinedOrLeft(hypervisor: HypervisorId): void
  /** The OpenFlow listener for the switch of a host that has connected to this address: `tcp:ADDRESS:PORT`. */
  controllerFor(connection: Connection): string
  readonly limits?: HostLimits
  /** Undefined: none is refused. */
  readonly refusalOf: RefusalOf | undefined
}

export class HypervisorSync implements JoinedHosts {
  readonly #graph: GraphReader
  readonly #log: Logger
  readonly #joinedOrLeft: Context['joinedOrLeft']
  readonly #absences: Absences
  readonly #switches: ConnectedSwitches
  readonly #settler: BindingSettler
  readonly #writer: StateWriter
  readonly #host: HostContext
  readonly #contenders: Contenders
  readonly #sightings: Sightings
  readonly #limits: HostLimits | undefined
  readonly #refusalOf: RefusalOf
  readonly #sparing = new SparingLog(MAX_LINES)
  readonly #refused: RefusedHosts
  readonly #sessions = new Map<HypervisorId, HostSession>()
  /** Why the last connection of a disconnected host ended. */
  readonly #lastErrors = new Map<HypervisorId, string>()

  constructor(context: Context) {
    const {
      graph,
      sightings,
      journal,
      engines,
      switches,
      log,
      tunnels,
      troubled,
      conditionsChanged,
      otherSeen,
      joinedOrLeft,
      controllerFor,
      limits,
      refusalOf = () => undefined,
    } = context
    this.#refusalOf = refusalOf
    this.#limits = limits
    this.#refused = new RefusedHosts(log, this.#sparing)
    this.#contenders = new Contenders({ log, changed: conditionsChanged, seen: otherSeen })
    const vanished = (ids: Iterable<HypervisorId>) => {
      for (const id of ids) void this.#settler.settleAgain(graph.contestsOf.get(id))
    }
    this.#absences = new Absences({ switches, vanished }, () => [...graph.contestsOf.keys()])
    this.#graph = graph
    this.#log = log
    this.#joinedOrLeft = joinedOrLeft
    this.#settler = new BindingSettler({ graph, journal, attendance: this.#absences, log })
    this.#writer = new StateWriter({ graph, journal, settler: this.#settler })
    this.#switches = switches
    const renamed = (session: HostSession, to: string | null) => this.#renamed(session, to)
    this.#sightings = sightings
    const shared = { graph, sightings, writer: this.#writer, log, tunnels, controllerFor }
    this.#host = { ...shared, engines: [...engines.values()], renamed, troubled }
  }

  /** The number of connected hosts. */
  get size(): number {
    return this.#sessions.size
  }

  /** The number of second connections of connected hosts. */
  get spares(): number {
    return this.#contenders.spares
  }

  /** The number of refused connections: of hosts without a usable system-id, or with that of another host. */
  get refusals(): number {
    return this.#refused.count + this.#contenders.refusals
  }

  connected(id: HypervisorId): boolean {
    return this.#sessions.has(id)
  }

  /** Does this address belong to another host than the connected one with this system-id? */
  isOther(id: HypervisorId, address: string): boolean {
    if (this.#contenders.isOther(id, address)) return true
    const own = this.#sessions.get(id)?.connection.remoteAddress
    if (own === undefined || own === address) return false
    return [...this.#sessions.values()].some(({ connection }) => connection.remoteAddress === address)
  }

  conditions(id: HypervisorId): readonly Condition[] {
    const successor = this.#graph.hypervisors.get(id)?.successor ?? null
    return [
      ...(this.#sessions.get(id)?.conditions ?? []),
      ...this.#contenders.conditions(id),
      ...(successor === null ? [] : [renamedTo(id, successor)]),
    ]
  }

  lastError(id: HypervisorId): string | null {
    return this.#sessions.get(id)?.lastError ?? this.#lastErrors.get(id) ?? null
  }

  settle(vnic: VnicId, operation: (draft: Draft) => void): Promise<void> {
    return this.#settler.settleWith(vnic, operation)
  }

  /** The rules of a switch were compared: now the claims of its hypervisor can win. */
  synced(hypervisor: HypervisorId): void {
    void this.#settler.settleAgain(this.#graph.contestsOf.get(hypervisor))
  }

  /** A switch has disconnected. If it does not come back soon, other claims on its VNICs can win. */
  disconnected(hypervisor: HypervisorId): void {
    this.#absences.begin(hypervisor)
  }

  /** Writes what a host's OVSDB lacks now, if the host is connected. */
  refresh(id: HypervisorId): void {
    this.#sessions.get(id)?.refresh()
  }

  /**
   * Called when a host has connected. It is asked for its system-id first, so that only a host that may join sends its rows.
   * Resolves when it has joined, is a spare, or was refused.
   */
  async accept(connection: Connection): Promise<void> {
    const from = `${connection.remoteAddress}:${connection.remotePort}`
    let known: HypervisorId | undefined
    try {
      const systemId = await systemIdOf(connection)
      if (systemId === null || !isOpaque(systemId)) {
        this.#refused.unnamed(connection, from, systemId)
        return
      }
      const id = systemId as HypervisorId
      const impostor = this.#refusalOf(id, connection)
      if (impostor !== undefined) {
        this.#refused.impostor(connection, from, impostor)
        return
      }
      // What is refused is closed, and a spare sends its rows when its turn comes.
      if (!(await this.#mayJoin(id, connection))) return
      known = id
      if (this.#limits) connection.maxMessage = this.#limits.maxMessage
      const before = this.#sessions.get(id)
      const replica = await replicate<OpenVSwitch>(
        connection,
        openVSwitch,
        undefined,
        undefined,
        this.#limits?.maxOctets,
      )
      const { systemId: now, facts } = readHost(replica.tables, (vnic) => this.#graph.bindings.get(vnic))
      if (now !== id) throw new Error(`its system-id was ${id} and is ${now} now`)
      // Another host may have joined with this system-id meanwhile.
      if (this.#sessions.get(id) !== before && !(await this.#mayJoin(id, connection))) {
        replica.stop()
        return
      }
      const former = formerName({ graph: this.#graph, switches: this.#switches, hosts: this }, id, facts, connection)
      if (former !== undefined && !this.#refusalOf(former, connection)) await this.#succeed(former, id)
      this.#join(new HostSession(id, connection, replica, this.#host))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      // The host of a hypervisor that is connected stays what the API shows.
      if (known !== undefined && this.#graph.hypervisors.has(known) && !this.#sessions.has(known)) {
        this.#lastErrors.set(known, reason)
      }
      const write = () => this.#log.warn({ err: error, from }, 'cannot read the OVSDB of a host')
      this.#sparing.log(`unread ${connection.remoteAddress}`, write)
      connection.close(reason)
    }
  }

  /** Called when an operator has removed a hypervisor. A hypervisor that has connected again meanwhile stays. */
  forget(id: HypervisorId): void {
    if (this.#sessions.has(id)) return
    this.#absences.forget(id)
    this.#lastErrors.delete(id)
  }

  close(reason: string): void {
    this.#settler.close()
    this.#absences.close()
    this.#contenders.close(reason)
    for (const session of this.#sessions.values()) session.close(reason)
  }

  async #mayJoin(id: HypervisorId, connection: Connection): Promise<boolean> {
    const first = this.#sessions.get(id)
    return !first || (await this.#contenders.replaces(id, first.connection, connection))
  }

  /** A connected host has another system-id: it is another hypervisor from now on, and joins again as that. */
  async #renamed(session: HostSession, to: string | null): Promise<void> {
    const isUsable = to !== null && isOpaque(to) && !this.#refusalOf(to as HypervisorId, session.connection)
    if (isUsable && (await this.#mayJoin(to as HypervisorId, session.connection))) {
      this.#sessions.get(to as HypervisorId)?.close('it does not answer, and another host has its system-id now')
      if (!this.#switches.get(to as HypervisorId)) await this.#succeed(session.id, to as HypervisorId)
    }
    session.close(`its system-id is ${to ?? 'gone'} now`)
  }

  async #succeed(from: HypervisorId, to: HypervisorId): Promise<void> {
    this.#log.warn({ from, to }, 'the system-id of a host has changed: it keeps its VNICs and rules under the new one')
    await this.#writer.succeed(from, to)
  }

  #join(session: HostSession): void {
    const { id, connection } = session
    this.#sessions.get(id)?.close('it does not answer, and its host has connected anew')
    this.#sessions.set(id, session)
    this.#contenders.joined(id, connection)
    this.#log.info({ hypervisor: id, from: connection.remoteAddress }, 'hypervisor joined')
    void connection.closed.then(({ reason }) => {
      this.#log.warn({ hypervisor: id, reason }, "hypervisor's OVSDB connection ended")
      if (this.#sessions.get(id) !== session) return
      this.#sessions.delete(id)
      this.#lastErrors.set(id, reason)
      this.#sightings.forget(id)
      this.#joinedOrLeft(id)
      const spare = this.#contenders.takeSpare(id)
      if (spare) void this.accept(spare)
    })
    this.#joinedOrLeft(id)
    session.start()
  }
}
