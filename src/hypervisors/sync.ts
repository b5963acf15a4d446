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
import type { Switchboard } from '../core/connected-switches.ts'
import type { Draft } from '../core/draft.ts'
import type { Condition } from '../core/engine/engine.ts'
import type { JoinedHosts } from '../core/joined-hosts.ts'
import type { RefusalOf } from '../core/refusal-of.ts'
import { type Connection, type OpenVSwitch, openVSwitch, replicate } from '../ovsdb/index.ts'
import { Absences } from './absences.ts'
import { BindingSettler, type Refusal } from './binding-settler.ts'
import { ClaimRefusals } from './claim-refusals.ts'
import { Contenders } from './contenders.ts'
import { type RefusedAddress, refusedAddresses } from './encap-addresses.ts'
import { identityOf } from './facts.ts'
import type { Guest } from './foreign-hosts.ts'
import { formerName, renamedTo } from './former-name.ts'
import { type HostContext, HostSession } from './host-session.ts'
import { Reception } from './reception.ts'
import { RefusedHosts } from './refused-hosts.ts'
import { systemIdOf } from './same-host.ts'
import { StateWriter } from './state-writer.ts'
import type { SyncContext } from './sync-context.ts'

export class HypervisorSync implements JoinedHosts {
  readonly reception: Reception
  readonly #context: SyncContext
  readonly #graph: GraphReader
  readonly #log: Logger
  readonly #absences: Absences
  readonly #switches: Switchboard
  readonly #settler: BindingSettler
  readonly #writer: StateWriter
  readonly #host: HostContext
  readonly #contenders: Contenders
  readonly #refusalOf: RefusalOf
  readonly #refused: RefusedHosts
  readonly #sessions = new Map<HypervisorId, HostSession>()
  /** Why the last connection of a disconnected host ended. */
  readonly #lastErrors = new Map<HypervisorId, string>()

  constructor(context: SyncContext) {
    const { graph, journal, switches, log, engines } = context
    this.#context = context
    this.#refusalOf = context.refusalOf ?? (() => undefined)
    this.#graph = graph
    this.#log = log
    this.#switches = switches
    const changed = (id: HypervisorId) => context.conditionsChanged(id)
    this.reception = new Reception({
      ...context,
      formerOf: (guest) => this.#formerOf(guest),
      enter: (guest) => this.#enter(guest),
      changed,
    })
    const addressOf = (id: HypervisorId) => graph.hypervisors.get(id)?.address ?? null
    this.#contenders = new Contenders({ log, addressOf, changed, seen: (id) => context.otherSeen(id) })
    const isKnown = (id: HypervisorId) => graph.hypervisors.has(id)
    this.#refused = new RefusedHosts({ log, isKnown, changed })
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
    this.#host = {
      ...context,
      engines: [...engines.values()],
      writer: this.#writer,
      renamed,
      reception: this.reception,
    }
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
      ...this.reception.conditions(id),
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

  /** The VNICs whose interfaces a host shows, by port number; undefined: it is not connected, or has not told. */
  alive(id: HypervisorId): ReadonlyMap<number, VnicId> | undefined {
    return this.#sessions.get(id)?.alive
  }

  /** The switch of a hypervisor was reviewed since the store was loaded: its host carries that. */
  reviewed(id: HypervisorId): void {
    if (!this.reception.isReviewDue(id)) return
    this.reception.reviewed(id)
    this.refresh(id)
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
    let known: HypervisorId | undefined
    try {
      const systemId = await systemIdOf(connection)
      if (systemId === null || !isOpaque(systemId)) {
        this.#refused.nameless(connection, systemId)
        return
      }
      const id = systemId as HypervisorId
      const impostor = this.#refusalOf(id, connection)
      if (impostor !== undefined) {
        this.#refused.impostor(connection, impostor)
        return
      }
      // What is refused is closed, and a spare sends its rows when its turn comes.
      if (!(await this.#mayJoin(id, connection)) || this.#refused.bars(id, connection)) return
      known = id
      void connection.closed.then(({ error }) => this.#refused.ended(id, error))
      if (limits) connection.maxMessage = limits.maxMessage
      const before = this.#sessions.get(id)
      const replica = await replicate<OpenVSwitch>(connection, openVSwitch, undefined, undefined, limits?.rows)
      const { systemId: now } = identityOf(replica.tables)
      if (now !== id) throw new Error(`its system-id was ${id} and is ${now} now`)
      // Another host may have joined with this system-id meanwhile.
      if (this.#sessions.get(id) !== before && !(await this.#mayJoin(id, connection))) {
        replica.stop()
        return
      }
      await this.reception.receive({ id, connection, replica })
    } catch (error) {
      // The host of a hypervisor that is connected stays what the API shows.
      if (known !== undefined && this.#graph.hypervisors.has(known) && !this.#sessions.has(known)) {
        this.#lastErrors.set(known, error instanceof Error ? error.message : String(error))
      }
      this.#refused.unreadable(connection, error)
    }
  }

  /** Called when an operator has removed a hypervisor. A hypervisor that has connected again meanwhile stays. */
  forget(id: HypervisorId): void {
    if (this.#sessions.has(id)) return
    this.#absences.forget(id)
    this.#refused.forget(id)
    this.#lastErrors.delete(id)
    this.reception.forget(id)
  }

  close(reason: string): void {
    this.#settler.close()
    this.#absences.close()
    this.#contenders.close(reason)
    this.#refused.close()
    this.reception.close(reason)
    for (const session of this.#sessions.values()) session.close(reason)
  }

  async #mayJoin(id: HypervisorId, connection: Connection): Promise<boolean> {
    const first = this.#sessions.get(id) ?? this.reception.get(id)
    if (!first) return !this.#contenders.isReserved(id, connection)
    return this.#contenders.replaces(id, first.connection, connection)
  }

  /** Is it connected, or was it a moment ago? */
  #isThere(id: HypervisorId): boolean {
    return this.#sessions.has(id) || !this.#absences.hasVanished(id)
  }

  async #enter({ id, connection, replica }: Guest): Promise<void> {
    const former = this.#formerOf({ id, connection, replica })
    if (former !== undefined) await this.#succeed(former, id)
    this.#join(new HostSession(id, connection, replica, this.#host))
  }

  #formerOf({ id, connection, replica }: Guest): HypervisorId | undefined {
    const known = { graph: this.#graph, switches: this.#switches, hosts: this }
    const former = formerName(known, id, identityOf(replica.tables), connection)
    return former !== undefined && this.#refusalOf(former, connection) ? undefined : former
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
