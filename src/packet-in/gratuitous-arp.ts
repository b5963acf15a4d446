/**
 * Announces where a VNIC is. When a VNIC has come to a new place, its engine makes the announcements, for example gratuitous
 * ARP. They are sent from the new place once its switch has confirmed the VNIC's rules. They are not sent earlier, because
 * answers may arrive at once.
 */
import type { Logger } from 'pino'
import type { Engines } from '../../flows/compile.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import type { Member } from '../../flows/engines/engine-rules.ts'
import { announcements } from '../../flows/packet-out.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, PortId, VnicId } from '../../topology/ids.ts'
import type { Effects } from '../core/effects.ts'
import type { Generations } from '../core/realisation.ts'
import type { Subscriber } from '../core/subscribers.ts'
import { Timers } from '../core/timers.ts'
import type { Fleet } from '../switches/fleet.ts'
import { sendPacketOut } from '../switches/send-packet-out.ts'
import type { SwitchListener } from '../switches/switch-listener.ts'

interface Context {
  readonly graph: GraphReader
  readonly engines: Engines
  readonly fleet: Fleet
  readonly log: Logger
}

/**
 * The delays after which a VNIC that has moved is announced again. Bridges may learn its last frames at the old place after
 * they have learned the announcement: Open vSwitch also learns from flow counts, which it reads at least every 500 ms.
 */
const REPEAT_AFTER_MS = [10, ...Array.from({ length: 26 }, (_, n) => (n + 1) * 25)]

interface Due {
  /** The generation in which the switch confirms the port's rules. */
  readonly generation: number
  readonly hasMoved: boolean
}

export class GratuitousArp implements Subscriber, SwitchListener {
  readonly #context: Context
  /** Ports to announce once their rules are confirmed. */
  readonly #due = new Map<HypervisorId, Map<PortId, Due>>()
  readonly #timers = new Timers()

  constructor(context: Context) {
    this.#context = context
  }

  committed({ vnics, subPorts, moves, arrivals, hypervisors }: Effects, generations: Generations): void {
    const { graph } = this.#context
    for (const id of vnics) {
      // A VNIC may have left its old place some time before it arrives at the new one.
      const hasMoved = moves.has(id) || arrivals.has(id)
      for (const port of this.#portsOf(id)) this.#note(port, generations, hasMoved)
    }
    this.announceLater(subPorts, generations)
    for (const id of hypervisors) if (!graph.hypervisors.has(id)) this.#due.delete(id)
  }

  /** Announces sub-ports of trunks once their switches have confirmed these generations. */
  announceLater(subPorts: Iterable<PortId>, generations: Generations): void {
    for (const port of subPorts) this.#note(port, generations, false)
  }

  /** Announces a VNIC again in each of its networks, if its rules are confirmed. */
  announceAgain(id: VnicId): void {
    for (const port of this.#portsOf(id)) {
      const placement = this.#context.graph.placement(port)
      if (placement && !this.#due.get(placement.hypervisor)?.has(port)) this.#announce(placement.hypervisor, port)
    }
  }

  confirmed(hypervisor: HypervisorId, generation: number): void {
    const due = this.#due.get(hypervisor)
    if (!due) return
    for (const [port, { generation: needed, hasMoved }] of [...due]) {
      if (needed > generation) continue
      due.delete(port)
      this.#announce(hypervisor, port)
      if (!hasMoved) continue
      for (const delay of REPEAT_AFTER_MS) this.#timers.later(() => this.#announce(hypervisor, port), delay)
    }
    if (due.size === 0) this.#due.delete(hypervisor)
  }

  /** After a reconnection the switch counts generations from the beginning. The first one that it confirms includes all rules. */
  disconnected(hypervisor: HypervisorId): void {
    const due = this.#due.get(hypervisor)
    for (const [port, { hasMoved }] of due ?? []) due?.set(port, { generation: 0, hasMoved })
  }

  /** Called when the controller stops. */
  close(): void {
    this.#timers.clear()
  }

  #note(port: PortId, generations: Generations, hasMoved: boolean): void {
    const placement = this.#context.graph.placement(port)
    if (!placement) return
    const due = this.#due.get(placement.hypervisor) ?? new Map<PortId, Due>()
    const generation = generations.get(placement.hypervisor) ?? 0
    this.#due.set(placement.hypervisor, due.set(port, { generation, hasMoved }))
  }

  #portsOf(id: VnicId): Iterable<PortId> {
    const { graph } = this.#context
    return graph.portsOf(graph.vnics.get(id) ?? { portId: null })
  }

  #announce(hypervisor: HypervisorId, port: PortId): void {
    const { graph, engines, fleet, log } = this.#context
    const member = graph.placement(port)
    const session = fleet.get(hypervisor)?.session
    if (!session || !member?.vnic || member.hypervisor !== hypervisor) return
    try {
      for (const announcement of announcements(graph, engines, member as Member)) {
        sendPacketOut(session, announcement)
        log.debug({ hypervisor, vnic: member.vnic.id, why: announcement.why }, 'VNIC announced')
      }
    } catch (error) {
      const reason = error instanceof EngineMistake ? error.message : 'the connection ended'
      log.warn({ err: error, hypervisor, port, reason }, 'cannot announce where a VNIC is')
    }
  }
}
