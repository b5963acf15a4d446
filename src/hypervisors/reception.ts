/**
 * Decides which hosts are served, before anything is changed there: a host that belongs to this store, or to none. Others are kept
 * connected until an operator adopts them. The switch of a hypervisor is served once its host was admitted.
 *
 *   host with rows ─> standing ─┬─ ours ─────────> enters ─> its state is written ─> its switch is admitted
 *                               ├─ unlooked ─> its switch is looked at ─┘ no rules of Plugboard
 *                               └─ another store's, or unknown with rules: kept ─> adopted by an operator, or its rows change
 */
import type { Logger } from 'pino'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import type { Switchboard } from '../core/connected-switches.ts'
import type { Condition } from '../core/engine/engine.ts'
import type { Identity } from '../core/identity.ts'
import type { Connection } from '../ovsdb/index.ts'
import { openVSwitch } from '../ovsdb/index.ts'
import { identityOf } from './facts.ts'
import { ForeignHosts, type Guest } from './foreign-hosts.ts'
import { carriedBy, lookOperations, type Marks, type Standing, standingOf } from './ownership.ts'

interface Context {
  readonly graph: GraphReader
  readonly identity: Identity
  /** Does each host that connects belong to this store, once? */
  readonly adoptAll: boolean
  readonly switches: Switchboard
  readonly log: Logger
  /** The hypervisor that the host was before, if its system-id has changed. */
  formerOf(guest: Guest): HypervisorId | undefined
  /** Serves a host from now on. */
  enter(guest: Guest): Promise<void>
  controllerFor(connection: Connection): string
  /** Called when the condition of a hypervisor appears or ends. */
  changed(hypervisor: HypervisorId): void
}

export class Reception {
  readonly #context: Context
  readonly #foreign: ForeignHosts
  /** Hypervisors whose switches are served. */
  readonly #admitted = new Set<HypervisorId>()
  /** Hypervisors that were last compared before the store was loaded from a dump. */
  readonly #due = new Set<HypervisorId>()
  /** Hosts that `adoptAll` has adopted. If another store takes one after that, there would be no end. */
  readonly #adopted = new Set<HypervisorId>()

  constructor(context: Context) {
    this.#context = context
    this.#foreign = new ForeignHosts(context.identity, context.changed)
  }

  /** The hosts that are not touched. */
  foreign(): Iterable<Hypervisor> {
    return this.#foreign.values()
  }

  view(id: HypervisorId): Hypervisor | undefined {
    return this.#foreign.view(id)
  }

  get(id: HypervisorId): Guest | undefined {
    return this.#foreign.get(id)
  }

  conditions(id: HypervisorId): readonly Condition[] {
    return this.#foreign.conditions(id)
  }

  /** Called when a host has told its rows. Resolves when it has entered, or is kept. */
  async receive(guest: Guest): Promise<void> {
    const standing = this.#standing(guest)
    if (standing === 'ours') {
      await this.#enter(guest)
      return
    }
    const { id, connection, replica } = guest
    this.#withdraw(id)
    this.#context.log.warn(
      { hypervisor: id, from: connection.remoteAddress, standing },
      'a host that may belong to another store is not touched',
    )
    this.#foreign.keep(guest, standing)
    const stop = replica.onUpdate(() => void this.#again(guest))
    void connection.closed.then(() => {
      stop()
      this.#foreign.take(guest)
    })
    if (standing === 'unlooked') await this.#look(guest)
  }

  /** Serves a host that was not touched so far. @returns false if there is no such host */
  async adopt(id: HypervisorId): Promise<boolean> {
    const guest = this.#foreign.get(id)
    if (!guest || !this.#foreign.take(guest)) return false
    this.#context.log.warn({ hypervisor: id }, 'a host was adopted by an operator')
    await this.#context.enter(guest)
    return true
  }

  /** A switch has connected whose datapath id no served hypervisor has. */
  switchSeen(datapathId: string): void {
    for (const guest of this.#foreign.unlooked(datapathId)) void this.#look(guest)
  }

  /** What the host must carry. */
  marks(id: HypervisorId): Marks {
    const { identity } = this.#context
    return { store: identity.id, load: this.#due.has(id) ? undefined : identity.load }
  }

  /** Called when the state of the host is in the graph: its switch is served from now on, and reviewed again if rules are held. */
  admit(id: HypervisorId): void {
    this.#admitted.add(id)
    this.#context.switches.admit(id)
  }

  /** Is the switch of the hypervisor served? Without having asked its host only if all belong to this store. */
  isAdmitted(id: HypervisorId): boolean {
    return this.#admitted.has(id) || (this.#context.adoptAll && !this.#foreign.get(id))
  }

  /** Must the switch's rules be reviewed, because the store may be older than they are? */
  isReviewDue(id: HypervisorId): boolean {
    return this.#due.has(id)
  }

  reviewed(id: HypervisorId): void {
    this.#due.delete(id)
  }

  /** Another store has taken a served host. */
  taken(id: HypervisorId): void {
    this.#context.log.error({ hypervisor: id }, 'another store has taken the host: it is not touched any more')
    this.#withdraw(id)
  }

  forget(id: HypervisorId): void {
    this.#admitted.delete(id)
    this.#due.delete(id)
    this.#adopted.delete(id)
  }

  close(reason: string): void {
    this.#foreign.close(reason)
  }

  #standing(guest: Guest, hasRules?: boolean): Standing {
    const { graph, identity, adoptAll, formerOf } = this.#context
    const { id, replica } = guest
    if (adoptAll && !this.#adopted.has(id)) return 'ours'
    const known = graph.hypervisors.get(id)
    const isKnown = (known && known.successor === null) || formerOf(guest) !== undefined
    return standingOf(replica.tables, identity, { isKnown, hasRules })
  }

  async #enter(guest: Guest): Promise<void> {
    const { identity, adoptAll, enter } = this.#context
    const { id, replica } = guest
    const carried = carriedBy(replica.tables)
    const isAdopted = adoptAll && !this.#adopted.has(id) && carried.store !== null && carried.store !== identity.id
    if (adoptAll) this.#adopted.add(id)
    if (!isAdopted && carried.load !== identity.load) this.#due.add(id)
    await enter(guest)
  }

  /** Looks whether a switch has rules of Plugboard. If it has not connected, it is asked to; `switchSeen` follows. */
  async #look(guest: Guest): Promise<void> {
    const { switches, controllerFor, log } = this.#context
    const { id, connection, replica } = guest
    try {
      const { datapathId } = identityOf(replica.tables)
      const hasRules = datapathId === null ? undefined : await switches.hasRules(datapathId)
      if (this.#foreign.get(id)?.connection !== connection) return
      const standing = this.#standing(guest, hasRules)
      if (standing === 'ours') {
        if (this.#foreign.take(guest)) await this.#enter(guest)
        return
      }
      this.#foreign.keep(guest, standing)
      if (standing !== 'unlooked') return
      const operations = lookOperations(replica.tables, controllerFor(connection))
      if (operations.length > 0) await connection.transact(openVSwitch.name, operations)
    } catch (error) {
      log.error({ err: error, hypervisor: id }, 'cannot look at the switch of a host')
      connection.close('its switch cannot be looked at')
    }
  }

  /** The rows of a host that is not touched have changed. If it belongs to this store now, or has another name, it joins anew. */
  async #again(guest: Guest): Promise<void> {
    const { id, connection, replica } = guest
    if (this.#foreign.get(id)?.connection !== connection) return
    const { systemId, datapathId } = identityOf(replica.tables)
    if (systemId !== id) connection.close(`its system-id is ${systemId ?? 'gone'} now`)
    else if (this.#standing(guest, this.#hadRules(id)) === 'ours') connection.close('it belongs to this store now')
    else if (datapathId !== this.#foreign.view(id)?.datapathId) await this.#look(guest)
  }

  #hadRules(id: HypervisorId): boolean | undefined {
    return this.#foreign.isUnlooked(id) ? undefined : true
  }

  /** The switch of the hypervisor is not served any more. */
  #withdraw(id: HypervisorId): void {
    this.#admitted.delete(id)
    this.#context.switches.dismiss(id, 'its host may belong to another store')
  }
}
