/**
 * The controller: wires the parts together. All data flows in one direction:
 *
 *   HTTP request ─┐                                  ┌─> store (durable, before the answer)
 *                 ├─> operation ─> changes ─> graph ─┤
 *   OVSDB update ─┘                                  └─> effects ─> subscribers
 *
 * The effects of a commit go to these subscribers, in this order. Those marked * also act before the commit, within it.
 *
 *   cutover              takes  stale, moves            gives  the generation with which each switch confirms the commit
 *      │ generations
 *      ├─> reviews *     takes  hypervisors             gives  a refusal, before the commit, of segments that held rules may use
 *      ├─> holders *     takes  stale, freed            gives  changes of the holders of segments
 *      ├─> strangers *   takes  vnics, hypervisors      gives  the mark of hypervisors that have had a VNIC; others are forgotten
 *      ├─> forgotten *   takes  changes of segments     gives  the end of segments that were freed longest ago
 *      ├─> arp           takes  vnics, subPorts, moves, arrivals   gives  announcements once the rules are confirmed
 *      ├─> packets       takes  arrivals                gives  the first frames of VMs that have migrated, once the rules are confirmed
 *      ├─> fleet         takes  hypervisors             gives  switches that waited for their hypervisor to be known
 *      ├─> commits       takes  withdrawn               gives  the confirmation that the caller may wait for
 *      ├─> encap         takes  hypervisors             gives  troubles with their tunnel addresses
 *      ├─> tunnels       takes  stale, hypervisors      gives  the tunnels to watch, and troubles with them
 *      ├─> status        takes  vnics, migrations, subPorts, sites, ports, destroyed, hypervisors
 *      │                                                gives  status events; to arp: sub-ports that may work again
 *      ├─> conditions    takes  stale, hypervisors      gives  since when each condition of a hypervisor holds
 *      └─> news *        takes  resources               gives  resource events
 *
 *   switch: compile ─> delta ─> bundle ─> barrier ─> confirmations ─> status ─> events
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { checkEngines } from '../core/engine/missing-engine.ts'
import { Events } from '../core/events.ts'
import { forgottenSegments } from '../core/forgotten-segments.ts'
import { HostConditions } from '../core/host-conditions.ts'
import { Journal } from '../core/journal.ts'
import { Latencies } from '../core/latencies.ts'
import type { Metric } from '../core/metric.ts'
import { type Operations, operationsOf } from '../core/operations.ts'
import { graphOf } from '../core/persist.ts'
import { Presenter } from '../core/present.ts'
import { ResourceEvents } from '../core/resource-events.ts'
import { activate } from '../core/resources/migration.ts'
import { DEFAULT_POLICY } from '../core/resources/policy.ts'
import { tablesOf } from '../core/resources/tables.ts'
import { restore } from '../core/restore.ts'
import { Stopping } from '../core/stopping.ts'
import { hooksOf } from '../core/subscribers.ts'
import { Troubles } from '../core/troubles.ts'
import { kindsOf, rulesOf } from '../engines/engine-list.ts'
import { FEATURES } from '../features/feature-list.ts'
import { EncapCheck } from '../hypervisors/encap-check.ts'
import { Sightings } from '../hypervisors/sightings.ts'
import { Strangers } from '../hypervisors/strangers.ts'
import { HypervisorSync } from '../hypervisors/sync.ts'
import { TunnelWatch } from '../hypervisors/tunnel-watch.ts'
import type { Session } from '../openflow/index.ts'
import type { Connection } from '../ovsdb/index.ts'
import type { PacketDispatch } from '../packet-in/dispatch.ts'
import { GratuitousArp } from '../packet-in/gratuitous-arp.ts'
import { GuardDrops } from '../packet-in/guard-drops.ts'
import { packetDispatch } from '../packet-in/index.ts'
import { CommitConfirmations } from '../status/commit-confirmations.ts'
import { metricsOf } from '../status/metrics.ts'
import { StatusTracker } from '../status/status-tracker.ts'
import { Confirmations } from '../switches/confirmations.ts'
import { handOut } from '../switches/cutover.ts'
import { Fleet } from '../switches/fleet.ts'
import { Reviews } from '../switches/review.ts'
import { SegmentHolders } from '../switches/segment-holders.ts'
import type { SwitchListener } from '../switches/switch-listener.ts'
import type { ControllerOptions } from './options.ts'

export class Controller {
  readonly graph: GraphReader
  readonly operations: Operations
  readonly events: Events
  readonly fleet: Fleet
  readonly hosts: HypervisorSync
  readonly journal: Journal
  readonly latencies = new Latencies()
  readonly #status: StatusTracker
  readonly #conditions: HostConditions
  readonly #packets: PacketDispatch
  /** Parts with timers. */
  readonly #timed: ReadonlyArray<{ close(): void }>
  readonly #stopping = new Stopping()

  constructor(options: ControllerOptions) {
    const { store, loaded, log, engines: all, features = FEATURES, controllerFor, hostLimits, refusals } = options
    const engines = new Map(all.map((engine) => [engine.alias, engine]))
    const kinds = kindsOf(all)
    const tables = tablesOf(all, kinds, features)
    const graph = graphOf(restore(loaded.nodes, tables))
    checkEngines(graph, engines)
    const rules = rulesOf(engines)
    const events = new Events({
      kept: loaded.events,
      last: loaded.head.event,
      log,
      stopping: this.#stopping,
      flush: () => journal.flush(),
    })
    const confirmations = new Confirmations()
    const reviews = new Reviews({ graph, engines: rules, log, hosts: () => hosts, switches: () => fleet })
    const fleet: Fleet = new Fleet({
      graph,
      engines: rules,
      confirmations,
      log,
      stopwatch: this.latencies.bundle,
      isOther: (id, address) => hosts.isOther(id, address),
      refusalOf: refusals?.switch,
      isOwn: (id, address) => hosts.isOwn(id, address),
      reception: () => hosts.reception,
      reviewer: reviews,
    })
    const arp = new GratuitousArp({ graph, engines: rules, fleet, log })
    const troubles = new Troubles()
    const sightings: Sightings = new Sightings((vnics) => status.sighted(vnics))
    const status: StatusTracker = new StatusTracker({
      graph,
      engines: rules,
      switches: fleet,
      troubles,
      sightings,
      limits: (graph, network) => engines.get(network.engine)?.networks?.limits?.(graph, network),
      confirmations,
      events: { vnicStatus: (id) => news.vnicStatus(id), portStatus: (id) => news.portStatus(id) },
      stopwatch: this.latencies.realised,
      mended: (subPorts, generations) => arp.announceLater(subPorts, generations),
    })
    const guardDrops = new GuardDrops({ graph, rules, fleet, log })
    const present = new Presenter(graph, status, engines, tables, (id) => guardDrops.of(id))
    const news = new ResourceEvents({ graph, status, present, events })
    const commits = new CommitConfirmations({ confirmations, pendingOf: (id) => status.confirmation(id) })
    const isConnected = (id: HypervisorId) => fleet.get(id) !== undefined || hosts.connected(id)
    const encap = new EncapCheck({ graph, troubles, isConnected, refused: () => hosts.refusedAddresses() })
    const write: Journal['write'] = (operation) => journal.write(operation)
    const forgotten = (id: HypervisorId) => this.operations.hypervisors.forget(id)
    const strangers = new Strangers({ graph, write, log, limits: options.strangers, isConnected, forgotten })
    const tunnels = new TunnelWatch({
      graph,
      engines: rules,
      troubles,
      isJoined: (id) => hosts.connected(id),
      provision: (id) => hosts.refresh(id),
    })
    const settingsOf = (id: HypervisorId) => hosts.conditions(id)
    const conditions = new HostConditions({ graph, engines: rules, troubles, settingsOf })
    troubles.listen([(id) => status.troubled(id), (id) => conditions.changed(id)])
    /** A connection of a hypervisor has begun or ended. What was seen of one that is away counts no longer. */
    const reached = (id: HypervisorId) => {
      if (!isConnected(id)) troubles.forget(id)
      encap.check()
      strangers.reached(id)
    }
    const holders = new SegmentHolders({ graph, log, write })
    const packets = packetDispatch({
      graph,
      engines,
      rules,
      fleet,
      guardDrops,
      log,
      activate: (vnic, at) => hosts.settle(vnic, (draft) => activate(draft, vnic, at)),
    })
    const hooks = hooksOf({
      graph,
      handOut: (effects) => handOut({ graph, fleet, confirmations, announce: (id) => arp.announceAgain(id) }, effects),
      subscribers: [
        reviews,
        holders,
        forgottenSegments,
        strangers,
        arp,
        packets,
        fleet,
        commits,
        encap,
        tunnels,
        status,
        conditions,
        news,
      ],
    })
    const journal: Journal = new Journal(
      { graph, loaded, restore: (nodes) => restore(nodes, tables), store, log, stopwatch: this.latencies.commit },
      {
        ...hooks,
        beginning: () => events.take(),
        committing: (stale, graph) => fleet.prepare(stale, graph),
        committed: (committed) => {
          hooks.committed(committed)
          events.append(committed.events)
        },
      },
    )
    const hosts: HypervisorSync = new HypervisorSync({
      graph,
      journal,
      engines,
      switches: fleet,
      log,
      identity: options.identity,
      adoptAll: options.adoptAll,
      troubled: (id, found) => {
        troubles.report('host', id, found)
        conditions.changed(id)
      },
      sightings,
      conditionsChanged: (id) => conditions.changed(id),
      otherSeen: (id) => fleet.checkHost(id),
      addressesFreed: () => encap.check(),
      claimRefused: (vnic) => news.claimRefused(vnic),
      tunnels,
      joinedOrLeft(id) {
        reached(id)
        tunnels.joinedOrLeft(id)
      },
      controllerFor,
      ...(hostLimits && { limits: hostLimits }),
      refusalOf: refusals?.host,
    })
    const observer: SwitchListener = {
      connected(id) {
        reached(id)
        const here = fleet.get(id)
        if (here) options.switchKnown?.(here.session)
      },
      disconnected(id) {
        troubles.report('switch', id, [])
        reached(id)
      },
      intruded: (id, found) => troubles.report('switch', id, found),
    }
    fleet.listen([arp, holders, tunnels, status, packets, hosts, reviews, observer])
    this.operations = operationsOf({
      journal,
      engines,
      kinds,
      features,
      tables,
      policy: options.policy ?? DEFAULT_POLICY,
      status,
      present,
      rules,
      switches: fleet,
      hosts,
      conditionsOf: (id) => conditions.of(id),
      confirmationOf: (committed) => commits.of(committed),
      stopping: this.#stopping,
    })
    this.graph = graph
    this.events = events
    this.fleet = fleet
    this.hosts = hosts
    this.journal = journal
    this.#status = status
    this.#conditions = conditions
    this.#packets = packets
    this.#timed = [arp, conditions, tunnels, strangers, packets]
    status.recall(events.recall())
  }

  acceptSwitch(session: Session): void {
    this.fleet.accept(session)
  }

  /** Resolves when the host has joined, is a spare, or was refused. */
  acceptHost(connection: Connection): Promise<void> {
    return this.hosts.accept(connection)
  }

  /** Why writes fail at present; null: they do not. */
  get broken(): string | null {
    return this.journal.broken && `the store cannot commit: ${this.journal.broken}`
  }

  metrics(): Promise<Metric[]> {
    const { graph, fleet, hosts, journal } = this
    const [status, conditions, packets] = [this.#status, this.#conditions, this.#packets.counts]
    return metricsOf({ graph, status, fleet, hosts, journal, conditions, packets })
  }

  /** Ends all waits. */
  stop(): void {
    this.#stopping.begin()
  }

  /** Closes all connections. The switches keep their rules. */
  close(): void {
    this.events.end()
    for (const each of this.#timed) each.close()
    this.fleet.close('the controller stops')
    this.hosts.close('the controller stops')
  }
}
