/** What the core lends to the extensions: the graph, the one way to change it, and how objects are shown. */
import type { Change } from '../../topology/change.ts'
import type { Graph } from '../../topology/graph.ts'
import type { Key, ProjectId } from '../../topology/ids.ts'
import type { Attributes, Network, Port } from '../../topology/model.ts'
import type { Write } from '../store/store.ts'
import type { Engine } from './engine/engine.ts'

/** What an operation writes with. */
export interface Draft {
  readonly graph: Graph
  /** Apply a change now; it is taken back if the operation throws or the commit fails. */
  change(change: Change): void
  /** A key that no object has had. */
  nextKey(): Key
  /** Further entries of the store that belong to this operation. */
  write(write: Write): void
}

/** A view of an object; its id at least. */
export interface View {
  readonly id: string
}

export interface Host {
  readonly graph: Graph
  readonly engines: ReadonlyMap<string, Engine>
  /** Run an operation; resolves when it is durable. */
  write<T>(operation: (draft: Draft) => T): Promise<T>
  /** Make a VNIC of some kind; `attributes` become fields of its view. */
  createVnic(
    project: ProjectId,
    kind: string,
    request: { readonly id?: string; readonly vm_id?: string | null; readonly name?: string },
    attributes: Attributes,
  ): Promise<{ readonly created: boolean; readonly view: View }>
  networkView(network: Network): View
  portView(port: Port): View
}
