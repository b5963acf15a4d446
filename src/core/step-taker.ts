import { apply, type Change } from '../../topology/change.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import { stale } from '../../topology/stale.ts'
import type { StalePairs, Step } from './committed.ts'

/** Applies changes to a graph, and records the steps and which objects they make stale on which hypervisors. */
export class StepTaker {
  readonly steps: Step[] = []
  readonly stale: StalePairs = new Map()
  readonly #graph: Graph

  constructor(graph: Graph) {
    this.#graph = graph
  }

  take(change: Change): void {
    stale(this.#graph, change, this.#mark)
    const undo = apply(this.#graph, change)
    stale(this.#graph, undo, this.#mark)
    this.steps.push({ change, undo })
  }

  readonly #mark = (hypervisor: HypervisorId, object: Key): void => {
    const objects = this.stale.get(hypervisor)
    if (objects) objects.add(object)
    else this.stale.set(hypervisor, new Set([object]))
  }
}
