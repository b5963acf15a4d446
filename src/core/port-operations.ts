/** The operations on ports. */
import { inOrder } from '../../topology/graph.ts'
import type { NetworkId, PortId, ProjectId } from '../../topology/ids.ts'
import type { Caller } from './caller.ts'
import type { OperationsContext } from './operations.ts'
import { createPort } from './resources/create-port.ts'
import type { Body } from './resources/field-table.ts'
import { findNetwork } from './resources/network.ts'
import { type Expected, owned } from './resources/objects.ts'
import { destroyPort, updatePort } from './resources/port.ts'
import { type Made, type Settling, settling } from './settling.ts'
import type { Listed, PortView } from './views.ts'

export class PortOperations {
  readonly #context: OperationsContext

  constructor(context: OperationsContext) {
    this.#context = context
  }

  /** Lists the ports of the project in the order of creation. */
  list(project: ProjectId): Iterable<Listed<PortView>> {
    return this.#listed(this.#context.journal.graph.portsOfProject.get(project), project)
  }

  /** Lists the ports of the project in a network, in the order of creation. @throws PlugboardError `not-found` */
  listInNetwork(project: ProjectId, network: NetworkId): Iterable<Listed<PortView>> {
    const { graph } = this.#context.journal
    return this.#listed(graph.portsOfNetwork.get(findNetwork(graph, project, network).id), project)
  }

  /** @throws PlugboardError `not-found` */
  show(project: ProjectId, id: PortId): PortView {
    const { journal, present } = this.#context
    return present.port(owned(journal.graph.ports.get(id), project, 'port', id))
  }

  /**
   * @param network null for a port in no network; then the request names the engine
   * @throws PlugboardError
   */
  async create(project: ProjectId, network: NetworkId | null, request: Body, caller: Caller): Promise<Made<PortView>> {
    const { journal, present } = this.#context
    const { value } = await journal.write((draft) =>
      createPort(draft, this.#context, project, network, request, caller),
    )
    return { created: value.created, view: present.port(value.port) }
  }

  /** @throws PlugboardError */
  update(project: ProjectId, id: PortId, patch: Body, expected: Expected, caller: Caller): Promise<Settling<PortView>> {
    const { journal } = this.#context
    return settling(this.#context, (draft) => updatePort(draft, this.#context, project, id, patch, expected, caller), {
      view: () => this.show(project, id),
      now: () => this.#now(id),
      vnic: patch.admin_state_up === undefined ? undefined : journal.graph.attachmentOf(id)?.vnic.id,
    })
  }

  /** Destroys a port without a VNIC. @throws PlugboardError */
  destroy(project: ProjectId, id: PortId, expected: Expected): Promise<Settling<PortView>> {
    return settling(this.#context, (draft) => destroyPort(draft, this.#context, project, id, expected), {
      view: (was) => this.#context.present.port(was),
      now: () => this.#now(id),
    })
  }

  *#listed(ids: Iterable<PortId>, project: ProjectId): Generator<Listed<PortView>> {
    const { journal, present } = this.#context
    for (const port of inOrder(ids, journal.graph.ports)) {
      if (port.project === project) yield { key: port.key, view: () => present.port(port) }
    }
  }

  #now(id: PortId): PortView | undefined {
    const { journal, present } = this.#context
    const port = journal.graph.ports.get(id)
    return port && present.port(port)
  }
}
