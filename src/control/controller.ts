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
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key, VnicId } from '../../topology/ids.ts'
import type { Extension } from '../engines/extension.ts'
import { type EngineSettings, extensionsOf, loadEngines, rulesOf } from '../engines/registry.ts'
import type { Session } from '../openflow/index.ts'
import type { Connection } from '../ovsdb/index.ts'
import type { Store } from '../store/store.ts'
import { Board } from './board.ts'
import { Core } from './core.ts'
import { Events } from './events.ts'
import { Fleet } from './fleet.ts'
import { Holders } from './holders.ts'
import { Hosts } from './hosts.ts'
import { Hypervisors } from './hypervisors.ts'
import { type Committed, Journal, type Step } from './journal.ts'
import { type Metric, metricsOf } from './metrics.ts'
import { load } from './persist.ts'
import { Presenter } from './present.ts'
import { type Ticket, Tickets } from './tickets.ts'

export interface ControllerOptions {
  readonly store: Store
  readonly log: Logger
  /** Aliases of the engines to load. */
  readonly engines: readonly string[]
  readonly settings: EngineSettings
  /** Where a switch finds our OpenFlow listener, if its host came in by this connection. */
  controllerFor(connection: Connection): string
}

export class Controller {
  readonly graph: Graph
  readonly operations: Core
  readonly extensions: readonly Extension[]
  readonly events: Events
  readonly fleet: Fleet
  readonly hosts: Hosts
  readonly journal: Journal
  readonly #board: Board
  readonly #present: Presenter
  readonly #tickets = new Tickets()
  readonly #holders: Holders
  /** The ticket of each commit that somebody may still ask for. */
  readonly #ticketOf = new WeakMap<object, Ticket>()
  readonly #stopping = new AbortController()

  constructor({ store, log, engines: names, settings, controllerFor }: ControllerOptions) {
    const { graph, nextKey } = load(store)
    const engines = loadEngines(names, settings)
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
          this.#board.lookAt(id)
        },
        synced: (id) => {
          this.#holders.synced(id)
          this.#board.lookAt(id)
        },
        confirmed: (id, generation) => this.#holders.confirmed(id, generation),
        refused: (id, objects) => this.#refused(id, objects),
      },
    })
    this.#board = new Board(
      { graph, engines: rules, fleet: this.fleet },
      { vnic: (id) => this.#tellVnic(id), port: (id) => this.#tellPort(id) },
    )
    this.#present = new Presenter(graph, this.#board)
    this.journal = new Journal(
      { graph, nextKey, store, log },
      {
        settle: (draft, stale) => this.#holders.hold(draft, stale),
        committed: (committed) => this.#committed(committed),
      },
    )
    this.#holders = new Holders({ graph, log, write: async (operation) => void (await this.journal.write(operation)) })
    this.hosts = new Hosts({ graph, journal: this.journal, engines, log, controllerFor })
    this.operations = new Core({
      journal: this.journal,
      engines,
      board: this.#board,
      present: this.#present,
      hypervisors: new Hypervisors({
        graph,
        engines: rules,
        journal: this.journal,
        fleet: this.fleet,
        hosts: this.hosts,
      }),
      ticketOf: (committed) => this.#ticketOf.get(committed) ?? this.#tickets.draw(new Map()),
      stopping: this.#stopping.signal,
    })
    this.extensions = extensionsOf(this.operations)
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

  metrics(): Metric[] {
    const { graph, fleet, hosts, journal } = this
    return metricsOf({ graph, board: this.#board, fleet, hosts, journal })
  }

  /** Let go of everybody who waits. */
  stop(): void {
    this.#stopping.abort()
  }

  /** Close all connections; the switches keep their rules. */
  close(): void {
    this.events.end()
    this.fleet.close('the controller stops')
    this.hosts.close('the controller stops')
  }

  /** An operation is durable: hand out what it made stale, and look again at what it touched. */
  #committed(committed: Committed): void {
    const generations = this.fleet.mark(committed.stale)
    this.#holders.leave(committed.stale, generations)
    this.#ticketOf.set(committed, this.#tickets.draw(generations))
    for (const id of this.#touchedVnics(committed.steps)) {
      this.#board.await(id, this.#tickets.draw(generations, this.#board.ticket(id)))
    }
    for (const step of committed.steps) this.#tellStep(step)
  }

  /** The VNICs that an operation itself changed; others whose rules it touches stay as they are. */
  #touchedVnics(steps: readonly Step[]): Set<VnicId> {
    const touched = new Set<VnicId>()
    for (const { change, undo } of steps) {
      if (change.kind === 'vnic' && undo.kind === 'vnic') {
        if (change.to?.portId !== undo.to?.portId) touched.add(change.id)
      } else if (change.kind === 'binding') touched.add(change.id)
      else if (change.kind === 'port' && undo.kind === 'port') {
        const vnic = change.to && change.to.adminUp !== undo.to?.adminUp && this.graph.vnicOf(change.id)
        if (vnic) touched.add(vnic.id)
      } else if (change.kind === 'hypervisor') {
        this.fleet.recognise(change.id)
        for (const id of this.graph.vnicsOnHypervisor.get(change.id))
          if (this.#board.vnic(id).status !== 'active') touched.add(id)
        this.#board.lookAt(change.id)
      }
    }
    for (const id of touched) if (!this.graph.vnics.has(id)) touched.delete(id)
    return touched
  }

  #refused(hypervisor: HypervisorId, objects: ReadonlySet<Key>): void {
    for (const key of objects) {
      const what = this.graph.byKey.get(key)
      if (what?.kind === 'port') {
        const vnic = this.graph.vnicOf(what.id)
        if (vnic) this.#board.look(vnic.id)
      } else if (what?.kind === 'network') {
        for (const port of this.graph.members(what.id).get(hypervisor)) {
          const vnic = this.graph.vnicOf(port)
          if (vnic) this.#board.look(vnic.id)
        }
      }
    }
  }

  #tellStep({ change, undo }: Step): void {
    const what = change.to === null ? 'deleted' : undo.to === null ? 'created' : undefined
    const subject = change.to ?? undo.to
    if (!what || !subject) return
    if (change.kind === 'network')
      this.events.emit(`network.${what}`, this.#present.network(subject as Parameters<Presenter['network']>[0]))
    else if (change.kind === 'port')
      this.events.emit(`port.${what}`, this.#present.port(subject as Parameters<Presenter['port']>[0]))
    else if (change.kind === 'vnic') {
      const vnic = subject as Parameters<Presenter['vnic']>[0]
      this.events.emit(`vnic.${what}`, this.#present.vnic(what === 'deleted' ? { ...vnic, portId: null } : vnic))
    }
  }

  #tellVnic(id: VnicId): void {
    const vnic = this.graph.vnics.get(id)
    if (vnic) this.events.emit('vnic.status', this.#present.vnic(vnic))
  }

  #tellPort(id: Parameters<Graph['placement']>[0]): void {
    const port = this.graph.ports.get(id)
    if (port) this.events.emit('port.status', this.#present.port(port))
  }
}
