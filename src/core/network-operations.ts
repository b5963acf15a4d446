/** The operations on networks. */
import { inOrder } from '../../topology/graph.ts'
import type { NetworkId, ProjectId } from '../../topology/ids.ts'
import type { Caller } from './caller.ts'
import type { OperationsContext } from './operations.ts'
import type { Body } from './resources/field-table.ts'
import { createNetwork, destroyNetwork, findNetwork } from './resources/network.ts'
import type { Expected } from './resources/objects.ts'
import type { Made } from './settling.ts'
import type { Listed, NetworkView } from './views.ts'

export class NetworkOperations {
  readonly #context: OperationsContext

  constructor(context: OperationsContext) {
    this.#context = context
  }

  /** Lists the networks in which the project can create ports, its own and shared ones, in the order of creation. */
  *list(project: ProjectId): Generator<Listed<NetworkView>> {
    const { journal, present } = this.#context
    const { graph } = journal
    const ids = new Set([...graph.networksOfProject.get(project), ...graph.sharedNetworks])
    for (const network of inOrder(ids, graph.networks)) {
      yield { key: network.key, view: () => present.network(network) }
    }
  }

  /** @throws PlugboardError `not-found` */
  show(project: ProjectId, id: NetworkId): NetworkView {
    return this.#context.present.network(findNetwork(this.#context.journal.graph, project, id))
  }

  /** @throws PlugboardError */
  async create(project: ProjectId, request: Body, caller: Caller): Promise<Made<NetworkView>> {
    const { journal, present } = this.#context
    const { value } = await journal.write((draft) => createNetwork(draft, this.#context, project, request, caller))
    return { created: value.created, view: present.network(value.network) }
  }

  /** Destroys a network without ports. @throws PlugboardError */
  async destroy(project: ProjectId, id: NetworkId, expected: Expected): Promise<void> {
    const { journal, features } = this.#context
    const { project: owner, revision } = findNetwork(journal.graph, project, id)
    // The operation below refuses a network of another project and a wrong revision.
    if (owner === project && (expected?.includes(revision) ?? true)) {
      for (const { networkEnding } of features) await networkEnding?.(journal, id)
    }
    await journal.write((draft) => destroyNetwork(draft, this.#context, project, id, expected))
  }
}
