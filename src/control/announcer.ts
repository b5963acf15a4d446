/**
 * Tells the world where a VNIC is now. Whenever one has come to a new place, its engine is asked what others must be told, and
 * that is sent from there as soon as the switch has confirmed its rules: not before, since answers may come at once.
 */
import type { Logger } from 'pino'
import { EngineMistake } from '../../flows/checks.ts'
import type { Engines } from '../../flows/compile.ts'
import type { Member } from '../../flows/engine.ts'
import { announcements } from '../../flows/inject.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, PortId, VnicId } from '../../topology/ids.ts'
import { PORT } from '../openflow/index.ts'
import type { Fleet } from './fleet.ts'

interface Context {
  readonly graph: Graph
  readonly engines: Engines
  readonly fleet: Fleet
  readonly log: Logger
}

export class Announcer {
  readonly #context: Context
  /** Ports to be told of -> the generation that confirms their rules. */
  readonly #due = new Map<HypervisorId, Map<PortId, number>>()

  constructor(context: Context) {
    this.#context = context
  }

  /** After a commit that has touched these VNICs: note whose place is new. */
  note(touched: Iterable<VnicId>, generations: ReadonlyMap<HypervisorId, number>): void {
    const { graph } = this.#context
    for (const id of touched) {
      const port = graph.vnics.get(id)?.portId
      const placement = port && graph.placement(port)
      if (!placement) continue
      const due = this.#due.get(placement.hypervisor) ?? new Map<PortId, number>()
      this.#due.set(placement.hypervisor, due.set(port, generations.get(placement.hypervisor) ?? 0))
    }
  }

  /** A switch has confirmed all up to a generation. */
  confirmed(hypervisor: HypervisorId, generation: number): void {
    const due = this.#due.get(hypervisor)
    if (!due) return
    for (const [port, needed] of [...due]) {
      if (needed > generation) continue
      due.delete(port)
      this.#tell(hypervisor, port)
    }
    if (due.size === 0) this.#due.delete(hypervisor)
  }

  /** A connection ended: what it would have confirmed, the next comparison will. */
  disconnected(hypervisor: HypervisorId): void {
    const due = this.#due.get(hypervisor)
    for (const port of due?.keys() ?? []) due?.set(port, 0)
  }

  /** A hypervisor is out of service. */
  forget(hypervisor: HypervisorId): void {
    this.#due.delete(hypervisor)
  }

  #tell(hypervisor: HypervisorId, port: PortId): void {
    const { graph, engines, fleet, log } = this.#context
    const member = graph.placement(port)
    const session = fleet.get(hypervisor)?.session
    if (!session || !member?.vnic || member.hypervisor !== hypervisor) return
    try {
      for (const { frame, actions, why } of announcements(graph, engines, member as Member)) {
        session.send({
          type: 'packet_out',
          match: [{ field: 'in_port', value: PORT.CONTROLLER }],
          actions,
          data: frame,
        })
        log.debug({ hypervisor, vnic: member.vnic.id, why }, 'announced')
      }
    } catch (error) {
      const words = error instanceof EngineMistake ? error.message : 'the connection ended'
      log.warn({ err: error, hypervisor, port, words }, 'where a VNIC is now could not be announced')
    }
  }
}
