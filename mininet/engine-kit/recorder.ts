/** Operations of the API on a graph alone, without store and switches: it keeps the changes that each of them makes. */

import type { Draft, Host, View } from '../../src/core/draft.ts'
import type { Engine } from '../../src/core/engine/engine.ts'
import type { Caller, Route } from '../../src/core/engine/extension.ts'
import { createVnic } from '../../src/core/resources/vnic.ts'
import { extensionsOf } from '../../src/engines/index.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import { FIRST_KEY, type Key, type ProjectId } from '../../topology/ids.ts'
import type { Attributes } from '../../topology/model.ts'

export const PROJECT = 'kit' as ProjectId
export const ADMIN: Caller = { project: '*', role: 'admin' }

export class Recorder implements Host {
  readonly graph = new Graph()
  readonly engines: ReadonlyMap<string, Engine>
  /** What each operation changed, in order. */
  readonly steps: Change[][] = []
  readonly #routes: ReadonlyMap<string, Route>
  #nextKey = FIRST_KEY

  constructor(engines: readonly Engine[]) {
    this.engines = new Map(engines.map((engine) => [engine.alias, engine]))
    const routes = extensionsOf(this).flatMap((extension) => extension.routes)
    this.#routes = new Map(routes.map((route) => [route.operationId ?? route.operation, route]))
  }

  /** Call an operation of an extension. @returns the id of what it made */
  async call(operation: string, body: object, params: Record<string, string> = {}): Promise<string> {
    const route = this.#routes.get(operation)
    if (!route) throw new Error(`the engine offers no operation ${operation}`)
    const reply = await route.handle({ caller: ADMIN, project: PROJECT, params, query: {}, body, expected: null })
    return ('body' in reply ? (reply.body as View) : { id: '' }).id
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
      write: () => undefined,
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

  async createVnic(project: ProjectId, kind: string, request: object, attributes: Attributes) {
    const { created, vnic } = await this.write((draft) => createVnic(draft, project, kind, request, attributes))
    return { created, view: vnic }
  }

  networkView = (network: View): View => network
  portView = (port: View): View => port
}
