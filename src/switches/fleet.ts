/**
 * The switches that are connected, by hypervisor: matches an OpenFlow connection with the hypervisor whose bridge has its
 * datapath id, and hands stale pairs to the switch they concern.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { ConnectedSwitches } from '../core/connected-switches.ts'
import type { StalePairs } from '../core/journal.ts'
import type { PacketIn, Session } from '../openflow/index.ts'
import type { Confirmations } from './confirmations.ts'
import { Switch } from './switch.ts'

/** Milliseconds of one turn of the event loop for what is sent ahead. */
const PREPARING = 2

export interface FleetEvents {
  connected(hypervisor: HypervisorId): void
  disconnected(hypervisor: HypervisorId): void
  /** The switch was compared as a whole: it holds no rules of ours but those wanted as of this generation. */
  synced(hypervisor: HypervisorId, generation: number): void
  confirmed(hypervisor: HypervisorId, generation: number): void
  refused(hypervisor: HypervisorId, objects: ReadonlySet<Key>): void
  /** A switch has sent a packet. */
  asked(hypervisor: HypervisorId, session: Session, packet: PacketIn): void
}

interface Context {
  readonly graph: Graph
  readonly engines: Engines
  readonly tickets: Confirmations
  readonly log: Logger
  readonly events: FleetEvents
}

export class Fleet implements ConnectedSwitches {
  readonly #context: Context
  readonly #switches = new Map<HypervisorId, Switch>()
  /** Connections whose datapath id no hypervisor has, so far. */
  readonly #strangers = new Map<string, Session>()
  /** Those that refuse rules, and what they said, by object. */
  readonly refusing = new Map<HypervisorId, ReadonlyMap<Key, string>>()
  /** Why the last connection of a hypervisor ended. */
  readonly lastError = new Map<HypervisorId, string>()

  constructor(context: Context) {
    this.#context = context
  }

  get(hypervisor: HypervisorId): Switch | undefined {
    return this.#switches.get(hypervisor)
  }

  /** Number of connections whose datapath id is not (yet) known. */
  get strangers(): number {
    return this.#strangers.size
  }

  entries(): IterableIterator<[HypervisorId, Switch]> {
    return this.#switches.entries()
  }

  /** A switch has connected; what it is comes from the hypervisor's OVSDB, now or later. */
  accept(session: Session): void {
    const datapathId = session.datapathId.toString(16).padStart(16, '0')
    for (const { id, datapathId: known } of this.#context.graph.hypervisors.values()) {
      if (known !== datapathId) continue
      this.#attach(id, session)
      return
    }
    this.#context.log.info(
      { datapathId, from: session.remoteAddress },
      'a switch that no hypervisor has told of: it waits',
    )
    this.#strangers.get(datapathId)?.close('another connection has the same datapath id')
    this.#strangers.set(datapathId, session)
    void session.closed.then(() => {
      if (this.#strangers.get(datapathId) === session) this.#strangers.delete(datapathId)
    })
  }

  /** A hypervisor is new, or its datapath id: its switch may be waiting. */
  recognise(hypervisor: HypervisorId): void {
    const datapathId = this.#context.graph.hypervisors.get(hypervisor)?.datapathId
    const session = datapathId && this.#strangers.get(datapathId)
    if (!session) return
    this.#strangers.delete(datapathId)
    this.#attach(hypervisor, session)
  }

  /** Let the switches begin with what a commit under way will make stale, as far as that takes no long turn. */
  prepare(pairs: StalePairs): void {
    const until = performance.now() + PREPARING
    for (const [hypervisor, objects] of pairs) {
      if (performance.now() > until) return
      this.#switches.get(hypervisor)?.prepare(objects)
    }
  }

  /** That commit failed. */
  withdraw(pairs: StalePairs): void {
    for (const hypervisor of pairs.keys()) this.#switches.get(hypervisor)?.withdraw()
  }

  /**
   * Hand out stale pairs.
   * @param held not to be sent before they are released, unless something else is to be sent
   * @returns the connected switches concerned, and the generation that confirms it
   */
  mark(pairs: ReadonlyMap<HypervisorId, Iterable<Key>>, held = false): Map<HypervisorId, number> {
    const generations = new Map<HypervisorId, number>()
    for (const [hypervisor, objects] of pairs) {
      const target = this.#switches.get(hypervisor)
      if (target) generations.set(hypervisor, target.mark(objects, held))
    }
    return generations
  }

  /** What was held may be sent, up to these generations. */
  release(generations: ReadonlyMap<HypervisorId, number>): void {
    for (const [hypervisor, generation] of generations) this.#switches.get(hypervisor)?.release(generation)
  }

  /** A hypervisor is out of service. */
  forget(hypervisor: HypervisorId): void {
    this.lastError.delete(hypervisor)
  }

  close(reason: string): void {
    for (const { session } of this.#switches.values()) session.close(reason)
    for (const session of this.#strangers.values()) session.close(reason)
  }

  #attach(hypervisor: HypervisorId, session: Session): void {
    const { graph, engines, tickets, log, events } = this.#context
    const there = this.#switches.get(hypervisor)?.session
    if (there && machineOf(there) !== machineOf(session)) {
      // Two switches must never take turns at being one. If it has only moved, the old connection is found dead soon.
      const reason = `a switch at ${there.remoteAddress} is connected with the same datapath id`
      log.error({ hypervisor, from: session.remoteAddress, reason }, 'a switch was refused')
      this.lastError.set(hypervisor, `the switch at ${session.remoteAddress} was refused: ${reason}`)
      session.close(reason)
      return
    }
    there?.close('the switch has connected anew')
    this.#detach(hypervisor)
    const here = new Switch({
      hypervisor,
      session,
      graph,
      engines,
      log,
      events: {
        confirmed: (generation) => {
          if (this.#switches.get(hypervisor) !== here) return
          events.confirmed(hypervisor, generation)
          tickets.confirm(hypervisor, generation)
        },
        synced: (generation) => {
          if (this.#switches.get(hypervisor) === here) events.synced(hypervisor, generation)
        },
        refused: (objects) => {
          if (this.#switches.get(hypervisor) !== here) return
          if (here.refused.size > 0) this.refusing.set(hypervisor, here.refused)
          else this.refusing.delete(hypervisor)
          events.refused(hypervisor, objects)
        },
        asked: (packet) => {
          if (this.#switches.get(hypervisor) === here) events.asked(hypervisor, session, packet)
        },
      },
    })
    this.#switches.set(hypervisor, here)
    this.#context.log.info({ hypervisor, from: session.remoteAddress, version: session.version }, 'switch connected')
    events.connected(hypervisor)
    void session.closed.then(({ reason }) => {
      this.lastError.set(hypervisor, reason)
      log.warn({ hypervisor, reason }, 'switch disconnected')
      if (this.#switches.get(hypervisor) === here) this.#detach(hypervisor)
    })
    void here.run()
  }

  #detach(hypervisor: HypervisorId): void {
    if (!this.#switches.delete(hypervisor)) return
    this.refusing.delete(hypervisor)
    this.#context.tickets.forget(hypervisor)
    this.#context.events.disconnected(hypervisor)
  }
}

/** The address that it connects from, without the port. */
const machineOf = ({ remoteAddress }: Session): string => remoteAddress.replace(/:\d+$/, '')
