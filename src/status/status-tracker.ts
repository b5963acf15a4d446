/**
 * The status of all objects. A VNIC, or a port with its own rules, waits only for the confirmation of its own latest change. So
 * changes of other objects never affect its status.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key, PortId, VnicId } from '../../topology/ids.ts'
import type { Effects } from '../core/effects.ts'
import type { Event } from '../core/event-log.ts'
import type { Stopwatch } from '../core/latencies.ts'
import type { Confirmation, Generations, Status } from '../core/realisation.ts'
import { sliced } from '../core/slices.ts'
import type { Standings } from '../core/standing.ts'
import type { Subscriber } from '../core/subscribers.ts'
import type { Confirmations } from '../switches/confirmations.ts'
import type { SwitchListener } from '../switches/switch-listener.ts'
import { BuildingTimes } from './building-times.ts'
import { PendingConfirmations } from './pending-confirmations.ts'
import { standingsOf } from './standings.ts'
import { type StatusEvents, StatusTeller } from './status-teller.ts'
import type { StatusView } from './status-view.ts'

interface Context extends Omit<StatusView, 'outstanding'> {
  readonly confirmations: Confirmations
  readonly events: StatusEvents
  /** Records how long VNICs are being built. */
  readonly stopwatch: Stopwatch
  /** Called with sub-ports that may work again after a change of a hypervisor. These generations confirm their rules. */
  mended(subPorts: Iterable<PortId>, generations: Generations): void
}

export class StatusTracker implements Status, Subscriber, SwitchListener {
  readonly vnic: Standings['vnic']
  readonly port: Standings['port']
  readonly network: Standings['network']
  readonly #context: Context
  readonly #graph: GraphReader
  readonly #vnics = new PendingConfirmations<VnicId>()
  readonly #migrations = new PendingConfirmations<VnicId>()
  /** The confirmations of sub-ports, and of ports that lead to remote sites. */
  readonly #ports = new PendingConfirmations<PortId>()
  readonly #tell: StatusTeller

  constructor(context: Context) {
    const now = standingsOf({
      ...context,
      outstanding: {
        vnic: (id) => this.#vnics.has(id),
        migration: (id) => this.#migrations.has(id),
        port: (id) => this.#ports.has(id),
      },
    })
    this.vnic = now.vnic
    this.port = now.port
    this.network = now.network
    this.#context = context
    this.#graph = context.graph
    this.#tell = new StatusTeller(context.graph, now, context.events, new BuildingTimes(context.stopwatch))
  }

  foresee(graph: GraphReader, { vnics, migrations, subPorts, sites }: Effects): Standings {
    return standingsOf({
      ...this.#context,
      graph,
      outstanding: {
        vnic: (id) => vnics.has(id) || this.#vnics.has(id),
        migration: (id) => migrations.has(id) || this.#migrations.has(id),
        port: (id) => subPorts.has(id) || sites.has(id) || this.#ports.has(id),
      },
    })
  }

  confirmation(id: VnicId): Confirmation | undefined {
    return this.#vnics.get(id)
  }

  watch(id: VnicId, callback: () => void): () => void {
    return this.#tell.watch(id, callback)
  }

  /** @param log the events before the controller started, oldest first */
  recall(log: Iterable<Event>): void {
    this.#tell.recall(log)
  }

  committed(effects: Effects, generations: Generations): void {
    const { confirmations } = this.#context
    // Before anything is told: what is mended must not be told as active without its rules.
    const mended = this.#mendedBy(effects.hypervisors)
    for (const id of new Set([...effects.vnics, ...mended.vnics])) {
      const confirmation = confirmations.expect(generations, this.#vnics.get(id))
      this.#vnics.await(id, confirmation, () => this.#tell.vnic(id))
      this.#tell.vnic(id)
    }
    for (const id of effects.migrations) {
      this.#migrations.await(id, confirmations.expect(generations), () => this.#tell.vnic(id))
      this.#tell.vnic(id)
    }
    const subPorts = new Set([...effects.subPorts, ...mended.subPorts])
    for (const id of [...effects.sites, ...subPorts]) {
      this.#ports.await(id, confirmations.expect(generations), () => this.#tell.port(id))
    }
    for (const { change } of effects.commit.steps) if (change.kind === 'contest') this.sighted([change.id])
    for (const hypervisor of effects.hypervisors) this.#hypervisorChanged(hypervisor)
    this.#context.mended(mended.subPorts, generations)
    this.#forget(effects)
    for (const id of [...effects.ports, ...subPorts]) this.#tell.port(id)
    // Only if there is trouble, members that a network gains or loses elsewhere change what a VNIC can reach.
    if (this.#context.troubles.any) void sliced(this.#tell.networks(effects.stale))
  }

  connected(hypervisor: HypervisorId): void {
    this.#tell.hypervisor(hypervisor)
  }

  /** Called when something else is closest to the interfaces of these VNICs. */
  sighted(vnics: Iterable<VnicId>): void {
    for (const id of vnics) if (this.#graph.vnics.has(id)) this.#tell.vnic(id)
  }

  /** Checks the VNICs of a hypervisor whose troubles have changed, and those that have a tunnel to it. */
  troubled(hypervisor: HypervisorId): void {
    this.#tell.hypervisor(hypervisor)
    void sliced(this.#tell.peers(hypervisor))
  }

  synced(hypervisor: HypervisorId): void {
    this.#tell.hypervisor(hypervisor)
  }

  disconnected(hypervisor: HypervisorId): void {
    this.#tell.hypervisor(hypervisor)
  }

  refused(hypervisor: HypervisorId, objects: ReadonlySet<Key>): void {
    this.#tell.refused(hypervisor, objects)
  }

  /** Objects that did not work and may work after a change of these hypervisors. They wait for the switches again. */
  #mendedBy(hypervisors: ReadonlySet<HypervisorId>) {
    const [vnics, subPorts] = [new Set<VnicId>(), new Set<PortId>()]
    for (const hypervisor of hypervisors) {
      for (const id of this.#graph.vnicsOnHypervisor.get(hypervisor)) {
        if (this.#graph.vnics.has(id) && !this.#tell.wasActive(id)) vnics.add(id)
      }
      for (const id of this.#graph.portsOn.get(hypervisor)) {
        const isSubPort = (this.#graph.attachmentOf(id)?.tag ?? null) !== null
        if (isSubPort && !this.#tell.portWasActive(id)) subPorts.add(id)
      }
    }
    return { vnics, subPorts }
  }

  #hypervisorChanged(hypervisor: HypervisorId): void {
    this.#tell.hypervisor(hypervisor)
    // A network uses one of its remote sites. A change of a tunnel address may make it use another one.
    for (const network of this.#graph.networksOn(hypervisor).keys()) {
      for (const site of this.#graph.sitesOf.get(network)) this.#tell.port(site)
    }
  }

  #forget({ destroyed, ports }: Effects): void {
    for (const id of destroyed) {
      this.#vnics.forget(id)
      this.#migrations.forget(id)
      this.#tell.vnic(id)
    }
    for (const id of ports) if (!this.#graph.ports.has(id)) this.#ports.forget(id)
  }
}
