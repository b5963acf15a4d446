/**
 * The board: what state each VNIC, port and network is in, said anew whenever something it stands on has changed, and told
 * to whoever listens. A VNIC's status is a function of the graph, of which switches are connected, of what they refused
 * and of the ticket of its own latest change, so a change to others never bounces it.
 */
import { type Engines, faultOf } from '../../flows/compile.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import type { Vnic } from '../../topology/nodes.ts'
import type { Fleet } from './fleet.ts'
import type { Event } from './operations.ts'
import type { Ticket } from './tickets.ts'
import type { PortStatus, PortView, VnicStatus, VnicView } from './views.ts'

export interface Standing {
  readonly status: VnicStatus
  /** What an operator should know about it. */
  readonly detail?: string
}

export interface BoardEvents {
  vnic(id: VnicId): void
  port(id: PortId): void
}

export class Board {
  readonly #graph: Graph
  readonly #engines: Engines
  readonly #fleet: Fleet
  readonly #events: BoardEvents
  readonly #tickets = new Map<VnicId, Ticket>()
  readonly #shown = new Map<VnicId, Standing>()
  readonly #shownPorts = new Map<PortId, PortStatus>()
  readonly #watchers = new Map<VnicId, Set<() => void>>()

  constructor(context: { graph: Graph; engines: Engines; fleet: Fleet }, events: BoardEvents) {
    this.#graph = context.graph
    this.#engines = context.engines
    this.#fleet = context.fleet
    this.#events = events
  }

  vnic(id: VnicId): Standing {
    const vnic = this.#graph.vnics.get(id)
    return vnic ? this.#standing(vnic, this.#tickets.has(id)) : { status: 'unplugged' }
  }

  /** What will be said of a VNIC that an operation under way has changed, until the switches confirm it. */
  foresee(vnic: Vnic): Standing {
    return this.#standing(vnic, true)
  }

  port(id: PortId, of: (vnic: Vnic) => Standing = (vnic) => this.vnic(vnic.id)): PortStatus {
    const vnic = this.#graph.vnicOf(id)
    if (!vnic || !this.#graph.ports.get(id)?.adminUp) return 'down'
    const { status } = of(vnic)
    return status === 'unplugged' ? 'down' : status
  }

  /** What was told before the controller started. */
  recall({ type, data }: Event): void {
    const deleted = type.endsWith('.deleted')
    if (type.startsWith('vnic.')) {
      const { id, status, status_detail: detail } = data as VnicView
      if (deleted) this.#shown.delete(id as VnicId)
      else this.#shown.set(id as VnicId, { status, ...(detail === undefined ? {} : { detail }) })
    } else if (type.startsWith('port.')) {
      if (deleted) this.#shownPorts.delete(data.id as PortId)
      else this.#shownPorts.set(data.id as PortId, (data as PortView).status)
    }
  }

  /** Tell what a crash kept from being told; of what is plugged in, the switches will say more when they connect. */
  reconcile(): void {
    for (const id of [...this.#shown.keys()]) if (!this.#graph.vnics.get(id)?.portId) this.look(id)
    for (const id of [...this.#shownPorts.keys()]) if (!this.#graph.vnicOf(id)) this.lookAtPort(id)
  }

  /** A network is in error where a switch refused its rules. */
  network(id: NetworkId): Standing & { readonly status: 'active' | 'error' } {
    const key = this.#graph.networks.get(id)?.key
    for (const hypervisor of this.#graph.members(id).keys()) {
      const words = key !== undefined && this.#fleet.get(hypervisor)?.refused.get(key)
      if (words) return { status: 'error', detail: `hypervisor ${hypervisor} refused a rule: ${words}` }
    }
    return { status: 'active' }
  }

  /** The VNIC's latest ticket: what it waits for. */
  ticket(id: VnicId): Ticket | undefined {
    return this.#tickets.get(id)
  }

  /** The VNIC itself has changed: it is realised again when this ticket is done. */
  await(id: VnicId, ticket: Ticket): void {
    this.#tickets.set(id, ticket)
    ticket.onDone(() => {
      if (this.#tickets.get(id) === ticket) this.#tickets.delete(id)
      this.look(id)
    })
    this.look(id)
  }

  /** Something that the VNIC's status stands on may have changed. */
  look(id: VnicId): void {
    const vnic = this.#graph.vnics.get(id)
    const before = this.#shown.get(id)
    if (!vnic) {
      this.#shown.delete(id)
      this.#tickets.delete(id)
      this.#tell(id)
      return
    }
    const now = this.vnic(id)
    if (now.status !== before?.status || now.detail !== before.detail) {
      this.#shown.set(id, now)
      if (before || now.status !== 'unplugged') this.#events.vnic(id)
      this.#tell(id)
    }
    if (vnic.portId) this.lookAtPort(vnic.portId)
  }

  lookAtPort(id: PortId): void {
    if (!this.#graph.ports.has(id)) {
      this.#shownPorts.delete(id)
      return
    }
    const before = this.#shownPorts.get(id) ?? 'down'
    const now = this.port(id)
    if (now === before) return
    this.#shownPorts.set(id, now)
    this.#events.port(id)
  }

  /** Look again at every VNIC on a hypervisor. */
  lookAt(hypervisor: HypervisorId): void {
    for (const id of this.#graph.vnicsOnHypervisor.get(hypervisor)) this.look(id)
  }

  /** Be told whenever the standing of a VNIC changes. @returns how to stop */
  watch(id: VnicId, told: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set()
    watchers.add(told)
    this.#watchers.set(id, watchers)
    return () => {
      if (watchers.delete(told) && watchers.size === 0) this.#watchers.delete(id)
    }
  }

  #tell(id: VnicId): void {
    for (const told of [...(this.#watchers.get(id) ?? [])]) told()
  }

  /** @param outstanding has somebody yet to confirm its own latest change? */
  #standing(vnic: Vnic, outstanding: boolean): Standing {
    if (!vnic.portId) return { status: outstanding ? 'unplugging' : 'unplugged' }
    const binding = this.#graph.bindings.get(vnic.id)
    if (!binding) return { status: 'waiting', detail: 'no hypervisor has an interface with its id as iface-id' }
    if (binding.ofport === null) {
      return {
        status: 'waiting',
        detail: `interface ${binding.interface} on hypervisor ${binding.hypervisor} has no port number yet`,
      }
    }
    const here = this.#fleet.get(binding.hypervisor)
    if (!here) return { status: 'waiting', detail: `hypervisor ${binding.hypervisor} is not connected` }
    return (
      this.#fault(vnic, binding.hypervisor) ??
      this.#refusal(vnic) ??
      (here.ready && !outstanding ? { status: 'active' } : { status: 'building' })
    )
  }

  #fault(vnic: Vnic, hypervisor: HypervisorId): Standing | undefined {
    const port = vnic.portId && this.#graph.ports.get(vnic.portId)
    const network = port?.networkId && this.#graph.networks.get(port.networkId)
    const here = this.#graph.hypervisors.get(hypervisor)
    if (!network || !here || !port.adminUp) return undefined
    const fault = faultOf(this.#engines, network, here)
    return fault && { status: fault.pending ? 'building' : 'error', detail: fault.message }
  }

  /** The VNIC's own rules, on any switch, or its network's on its own. */
  #refusal(vnic: Vnic): Standing | undefined {
    const port = vnic.portId && this.#graph.ports.get(vnic.portId)
    const placement = port && this.#graph.placement(port.id)
    if (!port || !placement) return undefined
    const network = port.networkId && this.#graph.networks.get(port.networkId)
    const own = network && this.#fleet.get(placement.hypervisor)?.refused.get(network.key)
    if (own) return refused(placement.hypervisor, own)
    for (const [hypervisor, objects] of this.#fleet.refusing) {
      const words = objects.get(port.key)
      if (words) return refused(hypervisor, words)
    }
    return undefined
  }
}

const refused = (hypervisor: HypervisorId, words: string): Standing => ({
  status: 'error',
  detail: `hypervisor ${hypervisor} refused a rule: ${words}`,
})
