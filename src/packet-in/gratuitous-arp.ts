/**
 * Tells the world where a VNIC is now. Whenever one has come to a new place, its engine is asked what others must be told, and
 * that is sent from there as soon as the switch has confirmed its rules: not before, since answers may come at once.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import type { Member } from '../../flows/engines/engine-rules.ts'
import { announcements } from '../../flows/packet-out.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, PortId, VnicId } from '../../topology/ids.ts'
import { Timers } from '../core/timers.ts'
import type { Fleet } from '../switches/fleet.ts'
import { inject } from '../switches/send-packet-out.ts'

interface Context {
  readonly graph: Graph
  readonly engines: Engines
  readonly fleet: Fleet
  readonly log: Logger
}

/**
 * After so many milliseconds one that has moved is announced again. The last frames that it sent from its old place may come to
 * be known later than the announcement: Open vSwitch learns from counts, too, that it reads every 500 ms at least.
 */
const AGAIN = [10, ...Array.from({ length: 26 }, (_, n) => (n + 1) * 25)]

interface Due {
  /** The generation that confirms its rules. */
  readonly generation: number
  readonly hasMoved: boolean
}

export class GratuitousArp {
  readonly #context: Context
  /** Ports to be told of. */
  readonly #due = new Map<HypervisorId, Map<PortId, Due>>()
  readonly #timers = new Timers()

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * After a commit that has touched these VNICs: note whose place is new.
   * @param moved those that were on another hypervisor before, were it that they have left it a while ago
   */
  note(touched: Iterable<VnicId>, moved: ReadonlySet<VnicId>, generations: ReadonlyMap<HypervisorId, number>): void {
    const { graph } = this.#context
    for (const id of touched) {
      for (const port of graph.portsOf(graph.vnics.get(id) ?? { portId: null })) {
        this.noteCarried(port, generations, moved.has(id))
      }
    }
  }

  /** The same of a port that a trunk carries from now on. */
  noteCarried(port: PortId, generations: ReadonlyMap<HypervisorId, number>, hasMoved = false): void {
    const placement = this.#context.graph.placement(port)
    if (!placement) return
    const due = this.#due.get(placement.hypervisor) ?? new Map<PortId, Due>()
    const generation = generations.get(placement.hypervisor) ?? 0
    this.#due.set(placement.hypervisor, due.set(port, { generation, hasMoved }))
  }

  /** Tell of a VNIC once more, in each of its networks, if its rules are in. */
  again(id: VnicId): void {
    const { graph } = this.#context
    for (const port of graph.portsOf(graph.vnics.get(id) ?? { portId: null })) {
      const placement = graph.placement(port)
      if (placement && !this.#due.get(placement.hypervisor)?.has(port)) this.#tell(placement.hypervisor, port)
    }
  }

  /** A switch has confirmed all up to a generation. */
  confirmed(hypervisor: HypervisorId, generation: number): void {
    const due = this.#due.get(hypervisor)
    if (!due) return
    for (const [port, { generation: needed, hasMoved }] of [...due]) {
      if (needed > generation) continue
      due.delete(port)
      this.#tell(hypervisor, port)
      if (hasMoved) for (const delay of AGAIN) this.#timers.later(() => this.#tell(hypervisor, port), delay)
    }
    if (due.size === 0) this.#due.delete(hypervisor)
  }

  /** A connection ended: what it would have confirmed, the next comparison will. */
  disconnected(hypervisor: HypervisorId): void {
    const due = this.#due.get(hypervisor)
    for (const [port, { hasMoved }] of due ?? []) due?.set(port, { generation: 0, hasMoved })
  }

  /** A hypervisor is out of service. */
  forget(hypervisor: HypervisorId): void {
    this.#due.delete(hypervisor)
  }

  /** The controller stops. */
  close(): void {
    this.#timers.clear()
  }

  #tell(hypervisor: HypervisorId, port: PortId): void {
    const { graph, engines, fleet, log } = this.#context
    const member = graph.placement(port)
    const session = fleet.get(hypervisor)?.session
    if (!session || !member?.vnic || member.hypervisor !== hypervisor) return
    try {
      for (const announcement of announcements(graph, engines, member as Member)) {
        inject(session, announcement)
        log.debug({ hypervisor, vnic: member.vnic.id, why: announcement.why }, 'announced')
      }
    } catch (error) {
      const words = error instanceof EngineMistake ? error.message : 'the connection ended'
      log.warn({ err: error, hypervisor, port, words }, 'where a VNIC is now could not be announced')
    }
  }
}
