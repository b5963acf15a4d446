/**
 * Events for what operations do to resources. They are stored in the commit of the operation, and show the resources right after
 * it. When the switches have realised the change, `vnic.status` and `port.status` events follow.
 */
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { PortId, VnicId } from '../../topology/ids.ts'
import type { Draft } from './draft.ts'
import type { Effects, ResourceChange } from './effects.ts'
import type { Event } from './event-log.ts'
import type { Events } from './events.ts'
import type { Presenter } from './present.ts'
import type { Status } from './realisation.ts'
import type { Subscriber } from './subscribers.ts'

interface Context {
  readonly graph: GraphReader
  readonly status: Status
  readonly present: Presenter
  readonly events: Events
}

export class ResourceEvents implements Subscriber {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  settle(draft: Draft, effects: Effects): void {
    const { graph } = draft
    const { status } = this.#context
    const present = this.#context.present.as(graph, status.foresee(graph, effects))
    for (const change of effects.resources) {
      const event = eventOf(present, change)
      if (event) draft.tell(event.type, event.data)
    }
  }

  /** Called when the status of a VNIC has changed. */
  vnicStatus(id: VnicId): void {
    this.#vnic('vnic.status', id)
  }

  /** Called when a hypervisor shows an interface of a VNIC that is pinned to another one. */
  claimRefused(id: VnicId): void {
    this.#vnic('vnic.claim-refused', id)
  }

  /** Called when the status of a port has changed. */
  portStatus(id: PortId): void {
    const { graph, present, events } = this.#context
    const port = graph.ports.get(id)
    if (port) events.emit('port.status', present.port(port))
  }

  #vnic(type: string, id: VnicId): void {
    const { graph, present, events } = this.#context
    const vnic = graph.vnics.get(id)
    if (vnic) events.emit(type, present.vnic(vnic))
  }
}

/** @returns undefined if the revision is unchanged: then no caller has changed the resource */
function eventOf(present: Presenter, change: ResourceChange): Pick<Event, 'type' | 'data'> | undefined {
  const { kind, from, to } = change
  if (from && to && from.revision === to.revision) return undefined
  const data = dataOf(present, change)
  return data && { type: `${kind}.${from ? (to ? 'updated' : 'deleted') : 'created'}`, data }
}

/** The resource as it is now. A destroyed resource is shown in its last state, but unplugged. */
function dataOf(present: Presenter, change: ResourceChange): Event['data'] | undefined {
  switch (change.kind) {
    case 'network': {
      const network = change.to ?? change.from
      return network ? present.network(network) : undefined
    }
    case 'port':
      if (change.to) return present.port(change.to)
      return change.from ? present.port(change.from, { status: 'down' }) : undefined
    case 'vnic':
      if (change.to) return present.vnic(change.to)
      return change.from ? present.vnic({ ...change.from, portId: null }, { status: 'unplugged' }) : undefined
  }
}
