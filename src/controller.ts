/**
 * The controller: wires the one way through.
 *
 *   HTTP request ─┐                                  ┌─> store (durable, before the answer)
 *                 ├─> operation ─> changes ─> graph ─┤
 *   OVSDB update ─┘                                  └─> stale pairs ─> switch: compile ─> delta ─> bundle ─> barrier
 *                                                                                                      │
 *                       events  <─  board (status)  <─  tickets (who has confirmed)  <─────────────────┘
 */
import type { Logger } from 'pino'
import type { Change } from '../topology/change.ts'
import type { Graph } from '../topology/graph.ts'
import type { HypervisorId, Key, PortId, VnicId } from '../topology/ids.ts'
import { Core } from './core/core.ts'
import type { Engine } from './core/engine/engine.ts'
import type { Extension } from './core/engine/extension.ts'
import { Events } from './core/events.ts'
import { type Committed, Journal } from './core/journal.ts'
import type { Metric } from './core/metric.ts'
import { isNewSite, migratingVnics, ResourceEvents, touchedCarried, touchedVnics } from './core/news.ts'
import { load } from './core/persist.ts'
import { Presenter } from './core/present.ts'
import type { Confirmation } from './core/realisation.ts'
import { Hypervisors } from './core/resources/hypervisor.ts'
import { arrivedBy } from './core/resources/migration.ts'
import { extensionsOf, rulesOf } from './engines/index.ts'
import { HypervisorSync } from './hypervisors/sync.ts'
import type { Session } from './openflow/index.ts'
import type { Connection } from './ovsdb/index.ts'
import { GratuitousArp } from './packet-in/gratuitous-arp.ts'
import { NextHops } from './packet-in/next-hops.ts'
import { Responder } from './packet-in/responder.ts'
import { metricsOf } from './status/metrics.ts'
import { StatusBoard } from './status/vnic-status.ts'
import { type Store, StoreError } from './store/store.ts'
import { Confirmations } from './switches/confirmations.ts'
import { handOut, movedBy } from './switches/cutover.ts'
import { Fleet } from './switches/fleet.ts'
import { SegmentHolders } from './switches/segment-holders.ts'

export interface ControllerOptions {
  readonly store: Store
  readonly log: Logger
  readonly engines: readonly Engine[]
  /** Where a switch finds our OpenFlow listener, if its host came in by this connection. */
  controllerFor(connection: Connection): string
}

export class Controller {
  readonly graph: Graph
  readonly operations: Core
  readonly extensions: readonly Extension[]
  readonly events: Events
  readonly fleet: Fleet
  readonly hosts: HypervisorSync
  readonly journal: Journal
  readonly #board: StatusBoard
  readonly #news: ResourceEvents
  readonly #tickets = new Confirmations()
  readonly #holders: SegmentHolders
  readonly #announcer: GratuitousArp
  readonly #answerer: Responder
  readonly #nextHops: NextHops
  /** The ticket of each commit that somebody may still ask for. */
  readonly #ticketOf = new WeakMap<object, Confirmation>()
  readonly #stopping = new AbortController()

  constructor({ store, log, engines: loaded, controllerFor }: ControllerOptions) {
    const { graph, nextKey } = load(store)
    const engines = new Map(loaded.map((engine) => [engine.alias, engine]))
    for (const { engine } of [...graph.networks.values(), ...graph.ports.values()]) {
      if (engines.has(engine)) continue
      throw new StoreError(
        'malformed',
        `the store has objects of engine "${engine}", which is not loaded: name it in "engines"`,
      )
    }
    const rules = rulesOf(engines)
    this.graph = graph
    this.events = new Events(store, log, this.#stopping.signal)
    this.fleet = new Fleet({
      graph,
      engines: rules,
      tickets: this.#tickets,
      log,
      events: {
        connected: (id) => this.#board.lookAt(id),
        disconnected: (id) => {
          this.#holders.forget(id)
          this.#announcer.disconnected(id)
          this.#board.lookAt(id)
        },
        synced: (id, generation) => {
          this.#holders.synced(id, generation)
          this.#board.lookAt(id)
        },
        confirmed: (id, generation) => {
          this.#announcer.confirmed(id, generation)
          this.#holders.confirmed(id, generation)
        },
        refused: (id, objects) => this.#refused(id, objects),
        asked: (id, session, packet) =>
          (this.#nextHops.concerns(packet.table) ? this.#nextHops : this.#answerer).asked(id, session, packet),
      },
    })
    this.#board = new StatusBoard(
      {
        graph,
        engines: rules,
        switches: this.fleet,
        limits: (network) => engines.get(network.engine)?.networks?.limits?.(graph, network),
      },
      { vnic: (id) => this.#news.vnic(id), port: (id) => this.#news.port(id) },
    )
    const present = new Presenter(graph, this.#board, engines)
    this.#news = new ResourceEvents({ graph, board: this.#board, present, events: this.events })
    this.journal = new Journal(
      { graph, nextKey, store, log },
      {
        settle: (draft, committed) => {
          this.#holders.hold(draft, committed.stale)
          this.#news.stage(draft, committed)
        },
        committing: (stale) => this.fleet.prepare(stale),
        committed: (committed) => this.#committed(committed),
        failed: (committed) => {
          this.#news.settle(committed)
          this.fleet.withdraw(committed.stale)
        },
      },
    )
    this.#announcer = new GratuitousArp({ graph, engines: rules, fleet: this.fleet, log })
    this.#nextHops = new NextHops({ graph, engines: rules, fleet: this.fleet, log })
    this.#answerer = new Responder({ graph, engines, rules, log })
    this.#holders = new SegmentHolders({
      graph,
      log,
      write: async (operation) => void (await this.journal.write(operation)),
    })
    this.hosts = new HypervisorSync({ graph, journal: this.journal, engines, log, controllerFor })
    this.operations = new Core({
      journal: this.journal,
      engines,
      status: this.#board,
      present,
      hypervisors: new Hypervisors({
        graph,
        engines: rules,
        journal: this.journal,
        switches: this.fleet,
        hosts: this.hosts,
      }),
      confirmationOf: (committed) => this.#ticketOf.get(committed) ?? this.#tickets.draw(new Map()),
      stopping: this.#stopping.signal,
    })
    this.extensions = extensionsOf(this.operations)
    for (const event of this.events.recall()) this.#board.recall(event)
    this.#board.reconcile()
  }

  acceptSwitch(session: Session): void {
    this.fleet.accept(session)
  }

  acceptHost(connection: Connection): void {
    void this.hosts.accept(connection)
  }

  /** Why it cannot take writes now, or null. */
  get broken(): string | null {
    return this.journal.broken && `the store cannot commit: ${this.journal.broken}`
  }

  metrics(): Promise<Metric[]> {
    const { graph, fleet, hosts, journal } = this
    return metricsOf({ graph, board: this.#board, fleet, hosts, journal, answered: this.#answerer.counts })
  }

  /** Let go of everybody who waits. */
  stop(): void {
    this.#stopping.abort()
  }

  /** Close all connections; the switches keep their rules. */
  close(): void {
    this.events.end()
    this.#announcer.close()
    this.#nextHops.close()
    this.fleet.close('the controller stops')
    this.hosts.close('the controller stops')
  }

  /** An operation is durable: hand out what it made stale, and look again at what it touched. */
  #committed(committed: Committed): void {
    const { stale, steps } = committed
    const moved = movedBy(this.graph, steps)
    const { graph, fleet } = this
    const announce = (id: VnicId) => this.#announcer.again(id)
    const generations = handOut({ graph, fleet, tickets: this.#tickets, announce }, stale, moved)
    this.#holders.leave(committed, generations)
    const touched = touchedVnics(this.graph, steps)
    const carried = touchedCarried(this.graph, steps)
    this.#announcer.note(touched, new Set([...moved.keys(), ...arrivedBy(graph, steps)]), generations)
    for (const { change } of steps) {
      if (change.kind !== 'hypervisor') continue
      if (!change.to) this.#announcer.forget(change.id)
      this.#seen(change.id, touched, carried)
    }
    const destroyed = [...touched].filter((id) => !this.graph.vnics.has(id))
    const earlier = destroyed.map((id) => this.#board.confirmation(id))
    this.#ticketOf.set(committed, this.#tickets.draw(generations, ...earlier))
    for (const id of touched) {
      if (!this.graph.vnics.has(id)) continue
      this.#board.await(id, this.#tickets.draw(generations, this.#board.confirmation(id)))
    }
    for (const id of migratingVnics(steps)) {
      if (this.graph.vnics.has(id)) this.#board.awaitMigration(id, this.#tickets.draw(generations))
    }
    for (const { change, undo } of steps) {
      if (change.kind === 'port' && undo.kind === 'port' && change.to && isNewSite(undo.to, change.to)) {
        this.#board.awaitPort(change.id, this.#tickets.draw(generations))
      }
    }
    for (const id of carried) {
      this.#announcer.noteCarried(id, generations)
      this.#board.awaitPort(id, this.#tickets.draw(generations))
    }
    for (const { change, undo } of steps) this.#look(change, undo)
    for (const id of carried) this.#board.lookAtPort(id)
    this.#news.settle(committed)
  }

  /** What a hypervisor says of itself may mend its VNICs. */
  #seen(id: HypervisorId, touched: Set<VnicId>, carried: Set<PortId>): void {
    this.fleet.recognise(id)
    for (const vnic of this.graph.vnicsOnHypervisor.get(id)) {
      if (this.#board.vnic(vnic).status !== 'active') touched.add(vnic)
    }
    for (const port of this.graph.portsOn.get(id)) {
      const isCarried = (this.graph.attachmentOf(port)?.tag ?? null) !== null
      if (isCarried && this.#board.port(port).status !== 'active') carried.add(port)
    }
    this.#board.lookAt(id)
    // Which of a network's remote sites is used may hang on a tunnel address.
    for (const network of this.graph.networksOn(id).keys()) {
      for (const site of this.graph.sitesOf.get(network)) this.#board.lookAtPort(site)
    }
  }

  /** What a step leaves behind: a destroyed VNIC, and the port that one left. */
  #look(change: Change, undo: Change): void {
    if (change.kind === 'port' && undo.kind === 'port') {
      this.#board.lookAtPort(change.id)
      const { hypervisor, networkId } = change.to ?? undo.to ?? { hypervisor: null, networkId: null }
      // Which of a network's remote sites is used may have changed.
      if (hypervisor && networkId) for (const site of this.graph.sitesOf.get(networkId)) this.#board.lookAtPort(site)
    }
    if (change.kind !== 'vnic' || undo.kind !== 'vnic') return
    if (!change.to) this.#board.look(change.id)
    for (const port of this.graph.portsOf(undo.to ?? { portId: null })) this.#board.lookAtPort(port)
  }

  #refused(hypervisor: HypervisorId, objects: ReadonlySet<Key>): void {
    for (const key of objects) {
      const what = this.graph.byKey.get(key)
      if (what?.kind === 'port') {
        this.#board.lookAtPort(what.id)
        const vnic = this.graph.vnicOf(what.id)
        if (vnic) this.#board.look(vnic.id)
      } else if (what?.kind === 'network') {
        for (const port of this.graph.members(what.id).get(hypervisor)) {
          const vnic = this.graph.vnicOf(port)
          if (vnic) this.#board.look(vnic.id)
          else this.#board.lookAtPort(port)
        }
      }
    }
  }
}
