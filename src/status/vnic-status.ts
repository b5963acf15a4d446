/**
 * The board: what state each VNIC, port and network is in, said anew whenever something it stands on has changed, and told
 * to whoever listens. A VNIC's status is a function of the graph, of which switches are connected, of what they refused
 * and of the ticket of its own latest change, so a change to others never bounces it.
 */
import { type Engines, faultOf } from '../../flows/compile.ts'
import { siteOf } from '../../flows/sites.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import type { Network, Port, Vnic } from '../../topology/model.ts'
import type { ConnectedSwitches } from '../core/connected-switches.ts'
import type { Event } from '../core/operations.ts'
import type { Confirmation, NetworkStanding, PortStanding, Standing, Status } from '../core/realisation.ts'
import type { PortView, VnicView } from '../core/views.ts'
import { migrationStanding } from './migration-status.ts'
import { alike, recalled, toldOf } from './told.ts'

export interface StatusEvents {
  vnic(id: VnicId): void
  port(id: PortId): void
}

export class StatusBoard implements Status {
  readonly #graph: Graph
  readonly #engines: Engines
  readonly #switches: ConnectedSwitches
  readonly #known: Parameters<typeof migrationStanding>[0]
  readonly #events: StatusEvents
  readonly #tickets = new Map<VnicId, Confirmation>()
  readonly #migrationTickets = new Map<VnicId, Confirmation>()
  readonly #shown = new Map<VnicId, Standing>()
  readonly #shownPorts = new Map<PortId, PortStanding>()
  readonly #portTickets = new Map<PortId, Confirmation>()
  readonly #limits: (network: Network) => string | undefined
  readonly #watchers = new Map<VnicId, Set<() => void>>()

  /** @param context `limits` says what keeps a network from working as a whole, in words */
  constructor(
    context: {
      graph: Graph
      engines: Engines
      switches: ConnectedSwitches
      limits(network: Network): string | undefined
    },
    events: StatusEvents,
  ) {
    this.#graph = context.graph
    this.#engines = context.engines
    this.#switches = context.switches
    this.#known = context
    this.#limits = context.limits
    this.#events = events
  }

  vnic(id: VnicId): Standing {
    const vnic = this.#graph.vnics.get(id)
    return vnic ? this.foresee(vnic, {}) : { status: 'unplugged' }
  }

  /**
   * What will be said of a VNIC that an operation under way has changed, until the switches confirm it.
   * @param changed is it the VNIC's own rules that they are to confirm, or what is prepared for it?
   */
  foresee(vnic: Vnic, changed: { readonly own?: boolean; readonly migration?: boolean }): Standing {
    const port = vnic.portId ? this.#graph.ports.get(vnic.portId) : undefined
    const standing = this.#standing(vnic, port, changed.own ?? this.#tickets.has(vnic.id))
    const migration = migrationStanding(this.#known, vnic, changed.migration ?? this.#migrationTickets.has(vnic.id))
    return migration ? { ...standing, migration } : standing
  }

  /**
   * @param of what is said of the VNIC in it
   * @param outstanding where a trunk carries it: has somebody yet to confirm a change of it?
   */
  port(
    id: PortId,
    of: (vnic: Vnic) => Standing = (vnic) => this.vnic(vnic.id),
    outstanding = this.#portTickets.has(id),
  ): PortStanding {
    const port = this.#graph.ports.get(id)
    if (!port?.adminUp) return { status: 'down' }
    if (port.hypervisor) return this.#site(port, port.hypervisor, outstanding)
    const seat = this.#graph.attachmentOf(id)
    if (!seat) return DOWN
    const { vnic, carrier, tag } = seat
    if (tag !== null && !carrier.adminUp) {
      return { status: 'down', detail: `port ${carrier.id}, whose trunk carries it, is administratively down` }
    }
    const { status, detail } =
      tag === null ? of(vnic) : this.#standing(vnic, port, outstanding || this.#tickets.has(vnic.id))
    return { status: status === 'unplugged' ? 'down' : status, ...(detail === undefined ? {} : { detail }) }
  }

  /** The same of a port that leads to a remote site. */
  foreseeSite(port: Port): PortStanding {
    return port.adminUp && port.hypervisor ? this.#site(port, port.hypervisor, true) : DOWN
  }

  /** What was told before the controller started. */
  recall({ type, data }: Event): void {
    const deleted = type.endsWith('.deleted')
    if (type.startsWith('vnic.')) {
      const { id } = data as VnicView
      if (deleted) this.#shown.delete(id as VnicId)
      else this.#shown.set(id as VnicId, recalled(data as VnicView))
    } else if (type.startsWith('port.')) {
      if (deleted) this.#shownPorts.delete(data.id as PortId)
      else this.#shownPorts.set(data.id as PortId, toldOf(data as PortView))
    }
  }

  /** Tell what a crash kept from being told; of what is plugged in, the switches will say more when they connect. */
  reconcile(): void {
    for (const id of [...this.#shown.keys()]) if (!this.#graph.vnics.get(id)?.portId) this.look(id)
    for (const id of [...this.#shownPorts.keys()]) if (!this.#graph.attachmentOf(id)) this.lookAtPort(id)
  }

  /** A network is in error where a switch refused its rules. */
  network(id: NetworkId): NetworkStanding {
    const key = this.#graph.networks.get(id)?.key
    for (const hypervisor of this.#graph.members(id).keys()) {
      const words = key !== undefined && this.#switches.get(hypervisor)?.refused.get(key)
      if (words) return { status: 'error', detail: `hypervisor ${hypervisor} ${words}` }
    }
    const network = this.#graph.networks.get(id)
    const limit = network && this.#limits(network)
    return limit === undefined ? { status: 'active' } : { status: 'error', detail: limit }
  }

  /** The VNIC's latest confirmation: what it waits for. */
  confirmation(id: VnicId): Confirmation | undefined {
    return this.#tickets.get(id)
  }

  /** The VNIC itself has changed: it is realised again when this ticket is done. */
  await(id: VnicId, ticket: Confirmation): void {
    keep(this.#tickets, id, ticket, () => this.look(id))
    this.look(id)
  }

  /** What is prepared for the VNIC at another hypervisor has changed. */
  awaitMigration(id: VnicId, ticket: Confirmation): void {
    keep(this.#migrationTickets, id, ticket, () => this.look(id))
    this.look(id)
  }

  /** The same of a port that leads to a remote site, or that a trunk carries. */
  awaitPort(id: PortId, ticket: Confirmation): void {
    keep(this.#portTickets, id, ticket, () => this.lookAtPort(id))
  }

  /** Something that the VNIC's status stands on may have changed. */
  look(id: VnicId): void {
    const vnic = this.#graph.vnics.get(id)
    const before = this.#shown.get(id)
    if (!vnic) {
      this.#shown.delete(id)
      this.#tickets.delete(id)
      this.#migrationTickets.delete(id)
      this.#tell(id)
      return
    }
    const now = this.vnic(id)
    if (!alike(now, before)) {
      this.#shown.set(id, now)
      if (before || now.status !== 'unplugged') this.#events.vnic(id)
      this.#tell(id)
    }
    for (const port of this.#graph.portsOf(vnic)) this.lookAtPort(port)
  }

  lookAtPort(id: PortId): void {
    if (!this.#graph.ports.has(id)) {
      this.#shownPorts.delete(id)
      this.#portTickets.delete(id)
      return
    }
    const before = this.#shownPorts.get(id) ?? DOWN
    const now = this.port(id)
    if (now.status === before.status && now.detail === before.detail) return
    this.#shownPorts.set(id, now)
    this.#events.port(id)
  }

  /** Look again at every VNIC on a hypervisor or on its way there, and at the ports that lead to remote sites from there. */
  lookAt(hypervisor: HypervisorId): void {
    for (const id of this.#graph.portsOn.get(hypervisor)) if (this.#graph.ports.get(id)?.hypervisor) this.lookAtPort(id)
    for (const id of this.#graph.vnicsOnHypervisor.get(hypervisor)) this.look(id)
    for (const id of this.#graph.vnicsMigratingTo.get(hypervisor)) this.look(id)
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

  /**
   * @param port the one that it is plugged into, or one of that one's trunk
   * @param outstanding has somebody yet to confirm its own latest change?
   */
  #standing(vnic: Vnic, port: Port | undefined, outstanding: boolean): Standing {
    if (!vnic.portId || !port) return { status: outstanding ? 'unplugging' : 'unplugged' }
    const binding = this.#graph.bindings.get(vnic.id)
    if (!binding) return { status: 'waiting', detail: 'no hypervisor has an interface with its id as iface-id' }
    if (binding.ofport === null) {
      return {
        status: 'waiting',
        detail: `interface ${binding.interface} on hypervisor ${binding.hypervisor} has no port number yet`,
      }
    }
    const here = this.#switches.get(binding.hypervisor)
    if (!here) return { status: 'waiting', detail: `hypervisor ${binding.hypervisor} is not connected` }
    return (
      this.#fault(port, binding.hypervisor) ??
      this.#refusal(port) ??
      (here.ready && !outstanding ? { status: 'active' } : { status: 'building' })
    )
  }

  /** A port that leads to a remote site of its network. */
  #site(port: Port, where: HypervisorId, outstanding: boolean): PortStanding {
    const { id, key, networkId } = port
    const network = networkId === null ? undefined : this.#graph.networks.get(networkId)
    if (!network) return DOWN
    const used = siteOf(this.#graph, network.id)?.port.id
    if (used !== undefined && used !== id) {
      return {
        status: 'error',
        detail: `port ${used} bridges the network already, and two ways could make a loop: that one is used, so destroy one of them`,
      }
    }
    const here = this.#graph.hypervisors.get(where)
    const target = this.#switches.get(where)
    if (!here || !target) return { status: 'waiting', detail: `hypervisor ${where} is not connected` }
    const fault = faultOf(this.#engines, port, here) ?? faultOf(this.#engines, network, here)
    if (fault) return { status: fault.pending ? 'building' : 'error', detail: fault.message }
    const words = target.refused.get(key) ?? target.refused.get(network.key)
    if (words) return refused(where, words)
    return { status: target.ready && !outstanding ? 'active' : 'building' }
  }

  #fault(port: Port, hypervisor: HypervisorId): Standing | undefined {
    const network = port.networkId && this.#graph.networks.get(port.networkId)
    const here = this.#graph.hypervisors.get(hypervisor)
    if (!here || !port.adminUp) return undefined
    const fault = faultOf(this.#engines, network || port, here)
    return fault && { status: fault.pending ? 'building' : 'error', detail: fault.message }
  }

  /** The port's own rules, on any switch, or its network's on its own. */
  #refusal(port: Port): Standing | undefined {
    const placement = this.#graph.placement(port.id)
    if (!placement) return undefined
    const network = port.networkId && this.#graph.networks.get(port.networkId)
    const own = network && this.#switches.get(placement.hypervisor)?.refused.get(network.key)
    if (own) return refused(placement.hypervisor, own)
    for (const [hypervisor, objects] of this.#switches.refusing) {
      const words = objects.get(port.key)
      if (words) return refused(hypervisor, words)
    }
    return undefined
  }
}

const DOWN: PortStanding = { status: 'down' }

const refused = (hypervisor: HypervisorId, words: string): Standing & { readonly status: 'error' } => ({
  status: 'error',
  detail: `hypervisor ${hypervisor} ${words}`,
})

/** Keep the latest ticket of each until it is done. */
function keep<Id>(tickets: Map<Id, Confirmation>, id: Id, ticket: Confirmation, look: () => void): void {
  tickets.set(id, ticket)
  ticket.onDone(() => {
    if (tickets.get(id) === ticket) tickets.delete(id)
    look()
  })
}
