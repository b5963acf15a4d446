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
import type { Written } from '../core/committed.ts'
import type { ConnectedSwitches } from '../core/connected-switches.ts'
import type { Draft } from '../core/draft.ts'
import type { Condition, Engine } from '../core/engine/engine.ts'
import type { JoinedHosts } from '../core/joined-hosts.ts'
import type { Journal } from '../core/journal.ts'
import type { RefusalOf } from '../core/refusal-of.ts'
import { SparingLog } from '../core/sparing-log.ts'
import type { Trouble } from '../core/trouble.ts'
import { type Connection, type OpenVSwitch, openVSwitch, type ReplicaLimits, replicate } from '../ovsdb/index.ts'
import { Absences } from './absences.ts'
import { BindingSettler, type Refusal } from './binding-settler.ts'
import { ClaimRefusals } from './claim-refusals.ts'
import { Contenders } from './contenders.ts'
import { type RefusedAddress, refusedAddresses } from './encap-addresses.ts'
import { identityOf } from './facts.ts'
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
  /** About the octets of memory that its rows may take, and their number. */
  readonly rows: ReplicaLimits
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
  /** Called when a hypervisor that must not have a pinned VNIC shows its interface. */
  claimRefused(vnic: VnicId): void
  /** Called when hypervisors have been away for so long that others may have their tunnel addresses. */
  addressesFreed(): void
  /** Called when a host has joined or left. */
  joinedOrLeft(hypervisor: HypervisorId): void
  /** The OpenFlow listener for the switch of a host that has connected to this address: `tcp:ADDRESS:PORT`. */
  controllerFor(connection: Connection): string
  readonly limits?: HostLimits
  /** Undefined: none is refused. */
  readonly refusalOf: RefusalOf | undefined
}

export class HypervisorSync implements JoinedHosts {
  readonly #context: Context
  readonly #graph: GraphReader
  readonly #log: Logger
  readonly #absences: Absences
  readonly #switches: ConnectedSwitches
  readonly #settler: BindingSettler
  readonly #writer: StateWriter
  readonly #host: HostContext
  readonly #contenders: Contenders
  readonly #refusalOf: RefusalOf
  readonly #sparing = new SparingLog(MAX_LINES)
  readonly #refused: RefusedHosts
  readonly #sessions = new Map<HypervisorId, HostSession>()
  /** Why the last connection of a disconnected host ended. */
  readonly #lastErrors = new Map<HypervisorId, string>()

  constructor(context: Context) {
    const { graph, journal, switches, log, engines } = context
    this.#context = context
    this.#refusalOf = context.refusalOf ?? (() => undefined)
    this.#graph = graph
    this.#log = log
    this.#switches = switches
    const changed = (id: HypervisorId) => context.conditionsChanged(id)
    const addressOf = (id: HypervisorId) => graph.hypervisors.get(id)?.address ?? null
    this.#contenders = new Contenders({ log, addressOf, changed, seen: (id) => context.otherSeen(id) })
    const isKnown = (id: HypervisorId) => graph.hypervisors.has(id)
    this.#refused = new RefusedHosts({ log, sparing: this.#sparing, isKnown, changed })
    const vanished = (ids: Iterable<HypervisorId>) => {
      for (const id of ids) void this.#settler.settleAgain(graph.contestsOf.get(id))
      context.addressesFreed()
    }
    this.#absences = new Absences({ switches, vanished }, () => [...graph.contestsOf.keys()])
    const refusals = new ClaimRefusals({ log, tell: (vnic) => context.claimRefused(vnic) })
    const refused = (found: readonly Refusal[]) => refusals.report(found)
    this.#settler = new BindingSettler({ graph, journal, attendance: this.#absences, log, refused })
    const isThere = (id: HypervisorId) => this.#isThere(id)
    this.#writer = new StateWriter({ graph, journal, settler: this.#settler, isThere })
    const renamed = (session: HostSession, to: string | null) => this.#renamed(session, to)
    this.#host = { ...context, engines: [...engines.values()], writer: this.#writer, renamed }
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

  /** Is its OVSDB connected from this address? */
  isOwn(id: HypervisorId, address: string): boolean {
    return this.#sessions.get(id)?.connection.remoteAddress === address
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
      ...this.#refused.conditions(id),
      ...(successor === null ? [] : [renamedTo(id, successor)]),
    ]
  }

  lastError(id: HypervisorId): string | null {
    return this.#sessions.get(id)?.lastError ?? this.#lastErrors.get(id) ?? null
  }

  settle<T>(vnic: VnicId, operation: (draft: Draft) => T): Promise<Written<T>> {
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

  /** Hosts that say that they have the tunnel address of another one. Those whose address is free by now are read again. */
  refusedAddresses(): RefusedAddress[] {
    return refusedAddresses(this.#graph, this.#sessions.values(), (id) => this.#isThere(id))
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
    const { limits } = this.#context
    const from = `${connection.remoteAddress}:${connection.remotePort}`
    let known: HypervisorId | undefined
    try {
      const systemId = await systemIdOf(connection)
      if (systemId === null || !isOpaque(systemId)) {
        this.#refused.nameless(connection, from, systemId)
        return
      }
      const id = systemId as HypervisorId
      const impostor = this.#refusalOf(id, connection)
      if (impostor !== undefined) {
        this.#refused.impostor(connection, from, impostor)
        return
      }
      // What is refused is closed, and a spare sends its rows when its turn comes.
      if (!(await this.#mayJoin(id, connection)) || this.#refused.bars(id, connection)) return
      known = id
      void connection.closed.then(({ error }) => this.#refused.ended(id, error))
      if (limits) connection.maxMessage = limits.maxMessage
      const before = this.#sessions.get(id)
      const replica = await replicate<OpenVSwitch>(connection, openVSwitch, undefined, undefined, limits?.rows)
      const { systemId: now, ...its } = identityOf(replica.tables)
      if (now !== id) throw new Error(`its system-id was ${id} and is ${now} now`)
      // Another host may have joined with this system-id meanwhile.
      if (this.#sessions.get(id) !== before && !(await this.#mayJoin(id, connection))) {
        replica.stop()
        return
      }
      const former = formerName({ graph: this.#graph, switches: this.#switches, hosts: this }, id, its, connection)
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
    this.#refused.forget(id)
    this.#lastErrors.delete(id)
  }

  close(reason: string): void {
    this.#settler.close()
    this.#absences.close()
    this.#contenders.close(reason)
    this.#refused.close()
    for (const session of this.#sessions.values()) session.close(reason)
  }

  async #mayJoin(id: HypervisorId, connection: Connection): Promise<boolean> {
    const first = this.#sessions.get(id)
    if (!first) return !this.#contenders.isReserved(id, connection)
    return this.#contenders.replaces(id, first.connection, connection)
  }

  /** Is it connected, or was it a moment ago? */
  #isThere(id: HypervisorId): boolean {
    return this.#sessions.has(id) || !this.#absences.hasVanished(id)
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
    this.#refused.forget(id)
    this.#log.info({ hypervisor: id, from: connection.remoteAddress }, 'hypervisor joined')
    void connection.closed.then(({ reason }) => {
      this.#log.warn({ hypervisor: id, reason }, "hypervisor's OVSDB connection ended")
      if (this.#sessions.get(id) !== session) return
      this.#sessions.delete(id)
      this.#contenders.left(id)
      this.#lastErrors.set(id, reason)
      this.#context.sightings.forget(id)
      this.#context.joinedOrLeft(id)
      const spare = this.#contenders.takeSpare(id)
      if (spare) void this.accept(spare)
    })
    this.#context.joinedOrLeft(id)
    session.start()
  }
}
