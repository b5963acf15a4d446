/**
 * Reports changes of status. When something that an object's standing depends on may have changed, it computes the standing again.
 * If it differs from the last reported one, it emits an event and calls the watchers of the VNIC.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import { Multimap } from '../../topology/multimap.ts'
import type { StalePairs } from '../core/committed.ts'
import type { Event } from '../core/event-log.ts'
import type { Standings } from '../core/standing.ts'
import type { BuildingTimes } from './building-times.ts'
import { DOWN } from './port-status.ts'
import { isSamePort, isSameVnic, ToldStandings } from './told-standings.ts'

export interface StatusEvents {
  vnicStatus(id: VnicId): void
  portStatus(id: PortId): void
}

export class StatusTeller {
  readonly #graph: GraphReader
  readonly #now: Standings
  readonly #events: StatusEvents
  readonly #building: BuildingTimes
  readonly #told = new ToldStandings()
  readonly #watchers = new Multimap<VnicId, () => void>()

  constructor(graph: GraphReader, now: Standings, events: StatusEvents, building: BuildingTimes) {
    this.#graph = graph
    this.#now = now
    this.#events = events
    this.#building = building
  }

  /**
   * Reports changes that were not reported before a crash. For plugged VNICs, more follows when their switches connect.
   * @param log the events before the controller started, oldest first
   */
  recall(log: Iterable<Event>): void {
    for (const event of log) this.#told.recall(event)
    for (const id of [...this.#told.vnics.keys()]) if (!this.#graph.vnics.get(id)?.portId) this.vnic(id)
    for (const id of [...this.#told.ports.keys()]) if (!this.#graph.attachmentOf(id)) this.port(id)
  }

  /** Calls back whenever the standing of the VNIC changes. @returns a function that ends the watch */
  watch(id: VnicId, callback: () => void): () => void {
    this.#watchers.add(id, callback)
    return () => this.#watchers.delete(id, callback)
  }

  /** Was the VNIC last reported as active? */
  wasActive(id: VnicId): boolean {
    return this.#told.vnics.get(id)?.status === 'active'
  }

  /** Was the port last reported as active? */
  portWasActive(id: PortId): boolean {
    return this.#told.ports.get(id)?.status === 'active'
  }

  vnic(id: VnicId): void {
    const vnic = this.#graph.vnics.get(id)
    if (!vnic) {
      this.#told.vnics.delete(id)
      this.#building.forget(id)
      this.#callBack(id)
      return
    }
    const before = this.#told.vnics.get(id)
    const now = this.#now.vnic(id)
    if (!isSameVnic(now, before)) {
      this.#told.vnics.set(id, now)
      this.#building.changed(id, now)
      if (before || now.status !== 'unplugged') this.#events.vnicStatus(id)
      this.#callBack(id)
    }
    for (const port of this.#graph.portsOf(vnic)) this.port(port)
  }

  port(id: PortId): void {
    if (!this.#graph.ports.has(id)) {
      this.#told.ports.delete(id)
      return
    }
    const now = this.#now.port(id)
    if (isSamePort(now, this.#told.ports.get(id) ?? DOWN)) return
    this.#told.ports.set(id, now)
    this.#events.portStatus(id)
  }

  /** Checks every VNIC on a hypervisor or migrating to it, and the ports that lead from it to remote sites. */
  hypervisor(hypervisor: HypervisorId): void {
    for (const id of this.#graph.portsOn.get(hypervisor)) if (this.#graph.ports.get(id)?.hypervisor) this.port(id)
    for (const id of this.#graph.vnicsOnHypervisor.get(hypervisor)) this.vnic(id)
    for (const id of this.#graph.vnicsMigratingTo.get(hypervisor)) this.vnic(id)
  }

  /** Checks the VNICs on other hypervisors that have tunnels to this one. */
  *peers(hypervisor: HypervisorId): Generator<void> {
    for (const id of [...this.#graph.networksOn(hypervisor).keys()]) {
      for (const peer of [...this.#graph.members(id).keys()]) {
        if (peer !== hypervisor) yield* this.#members(id, peer)
      }
    }
  }

  /** Checks the members of networks whose own rules are stale on a hypervisor, because they have other members elsewhere. */
  *networks(stale: StalePairs): Generator<void> {
    for (const [hypervisor, objects] of stale) {
      for (const key of objects) {
        const object = this.#graph.byKey.get(key)
        if (object?.kind === 'network') yield* this.#members(object.id, hypervisor)
      }
    }
  }

  *#members(network: NetworkId, hypervisor: HypervisorId): Generator<void> {
    if (!this.#graph.networks.get(network)?.mesh) return
    for (const port of [...this.#graph.members(network).get(hypervisor)]) {
      this.#attached(port)
      yield
    }
  }

  /** Checks a port, and the VNIC that is plugged into it. */
  #attached(port: PortId): void {
    const vnic = this.#graph.vnicOf(port)
    if (vnic) this.vnic(vnic.id)
    else this.port(port)
  }

  /** Checks the objects whose rules the switch of a hypervisor has begun or stopped to refuse. */
  refused(hypervisor: HypervisorId, objects: ReadonlySet<Key>): void {
    for (const key of objects) {
      const object = this.#graph.byKey.get(key)
      if (object?.kind === 'port') {
        this.port(object.id)
        const vnic = this.#graph.vnicOf(object.id)
        if (vnic) this.vnic(vnic.id)
      } else if (object?.kind === 'network') {
        for (const port of this.#graph.members(object.id).get(hypervisor)) this.#attached(port)
      }
    }
  }

  #callBack(id: VnicId): void {
    for (const callback of [...this.#watchers.get(id)]) callback()
  }
}
