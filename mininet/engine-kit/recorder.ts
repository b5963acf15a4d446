/** Runs operations of the core on a graph, without store and switches, and records the changes of each operation. */

import type { Caller } from '../../src/core/caller.ts'
import type { Draft } from '../../src/core/draft.ts'
import type { Engine } from '../../src/core/engine/engine.ts'
import type { ResourceContext } from '../../src/core/resources/context.ts'
import { createPort } from '../../src/core/resources/create-port.ts'
import type { Body } from '../../src/core/resources/field-table.ts'
import { createNetwork } from '../../src/core/resources/network.ts'
import { DEFAULT_POLICY } from '../../src/core/resources/policy.ts'
import { tablesOf } from '../../src/core/resources/tables.ts'
import { createVnic } from '../../src/core/resources/vnic.ts'
import { kindsOf } from '../../src/engines/engine-list.ts'
import { FEATURES } from '../../src/features/feature-list.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import { FIRST_KEY, type Key, type NetworkId, type PortId, type ProjectId, type VnicId } from '../../topology/ids.ts'

export const PROJECT = 'kit' as ProjectId
export const ADMIN: Caller = { project: '*', role: 'admin' }

export class Recorder {
  readonly graph = new Graph()
  /** What the operations use beside the graph. */
  readonly context: ResourceContext
  /** The changes of each operation, in order. */
  readonly steps: Change[][] = []
  #nextKey = FIRST_KEY

  constructor(engines: readonly Engine[]) {
    const kinds = kindsOf(engines)
    this.context = {
      engines: new Map(engines.map((engine) => [engine.alias, engine])),
      kinds,
      features: FEATURES,
      tables: tablesOf(engines, kinds, FEATURES),
      policy: DEFAULT_POLICY,
    }
  }

  async createNetwork(request: Body): Promise<NetworkId> {
    return (await this.write((draft) => createNetwork(draft, this.context, PROJECT, request, ADMIN))).network.id
  }

  /** @param network null for a port in no network */
  async createPort(network: NetworkId | null, request: Body): Promise<PortId> {
    return (await this.write((draft) => createPort(draft, this.context, PROJECT, network, request, ADMIN))).port.id
  }

  async createVnic(request: Body): Promise<VnicId> {
    return (await this.write((draft) => createVnic(draft, this.context, PROJECT, request, ADMIN))).vnic.id
  }

  async write<T>(operation: (draft: Draft) => T): Promise<T> {
    const undo: Change[] = []
    const changes: Change[] = []
    const draft: Draft = {
      graph: this.graph,
      change: (change) => {
        undo.unshift(apply(this.graph, change))
        changes.push(change)
      },
      nextKey: () => {
        const key = this.#nextKey
        this.#nextKey = (key + 1) as Key
        return key
      },
      tell: () => undefined,
    }
    try {
      const value = operation(draft)
      if (changes.length > 0) this.steps.push(changes)
      return value
    } catch (error) {
      for (const change of undo) apply(this.graph, change)
      throw error
    }
  }
}
