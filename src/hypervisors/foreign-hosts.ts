/** The connected hosts that are not touched, because they belong to another store, or may belong to one. */
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import type { Condition } from '../core/engine/engine.ts'
import type { Identity } from '../core/identity.ts'
import type { Connection, OpenVSwitch, Replica, Tables } from '../ovsdb/index.ts'
import { type Facts, readHost } from './facts.ts'
import { foreignStore, type Standing } from './ownership.ts'

/** A host that has connected and told its rows. */
export interface Guest {
  readonly id: HypervisorId
  readonly connection: Connection
  readonly replica: Replica<OpenVSwitch>
}

interface Kept {
  readonly guest: Guest
  readonly standing: Exclude<Standing, 'ours'>
  readonly view: Hypervisor
}

/** Beyond the keys of objects: lists show these hosts after those that the store knows. */
const FIRST_PLACE = 2 ** 32

export class ForeignHosts {
  readonly #identity: Identity
  readonly #changed: (id: HypervisorId) => void
  readonly #kept = new Map<HypervisorId, Kept>()
  #next = FIRST_PLACE

  /** @param changed called when the condition of a hypervisor appears or ends */
  constructor(identity: Identity, changed: (id: HypervisorId) => void) {
    this.#identity = identity
    this.#changed = changed
  }

  *values(): Generator<Hypervisor> {
    for (const { view } of this.#kept.values()) yield view
  }

  get(id: HypervisorId): Guest | undefined {
    return this.#kept.get(id)?.guest
  }

  view(id: HypervisorId): Hypervisor | undefined {
    return this.#kept.get(id)?.view
  }

  isUnlooked(id: HypervisorId): boolean {
    return this.#kept.get(id)?.standing === 'unlooked'
  }

  /** The hosts that wait for a look at the switch with this datapath id. */
  unlooked(datapathId: string): Guest[] {
    return [...this.#kept.values()].flatMap(({ guest, standing, view }) =>
      standing === 'unlooked' && view.datapathId === datapathId ? [guest] : [],
    )
  }

  /** Keeps a host, or changes why it is kept. */
  keep(guest: Guest, standing: Kept['standing']): void {
    const { id, connection, replica } = guest
    const before = this.#kept.get(id)
    const key = before?.view.key ?? (this.#next++ as Key)
    const view = { id, key, ...outlineOf(replica.tables), ...NEW, address: connection.remoteAddress ?? null }
    this.#kept.set(id, { guest, standing, view })
    if (before?.guest.connection !== connection) before?.guest.connection.close('its host has connected anew')
    this.#changed(id)
  }

  /** Ends the keeping, if it is this host. @returns whether it was */
  take({ id, connection }: Pick<Guest, 'id' | 'connection'>): boolean {
    if (this.#kept.get(id)?.guest.connection !== connection) return false
    this.#kept.delete(id)
    this.#changed(id)
    return true
  }

  conditions(id: HypervisorId): readonly Condition[] {
    const kept = this.#kept.get(id)
    return kept ? [foreignStore(id, kept.standing, kept.guest.replica.tables, this.#identity)] : []
  }

  close(reason: string): void {
    for (const { guest } of this.#kept.values()) guest.connection.close(reason)
  }
}

const NEW = { successor: null, claimsStored: true, hadVnic: false }

/** What a host says of itself, without its interfaces: there can be many, and nothing is done with them. */
const outlineOf = (rows: Tables<OpenVSwitch>): Facts =>
  readHost({ ...rows, Port: new Map(), Interface: new Map() }, () => undefined).facts
