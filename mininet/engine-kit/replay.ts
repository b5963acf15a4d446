/** Rules of every switch kept up change by change, as the controller does it, and compiled from scratch, to compare the two. */
import { compile, type Engines, objectsOn } from '../../flows/compile.ts'
import { type Delta, Ledger } from '../../flows/delta.ts'
import type { Rule } from '../../flows/rule.ts'
import { type Flow, printFlow, ruleKey } from '../../src/openflow/index.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import { stale } from '../../topology/stale.ts'

/** Rules by compiling only what each change makes stale. */
export class Replay {
  readonly graph = new Graph()
  readonly ledgers: ReadonlyMap<HypervisorId, Ledger>
  readonly #engines: Engines

  constructor(engines: Engines, hypervisors: readonly HypervisorId[]) {
    this.#engines = engines
    this.ledgers = new Map(hypervisors.map((id) => [id, new Ledger()]))
  }

  run(changes: readonly Change[]): void {
    const pairs = new Map<HypervisorId, Set<Key>>()
    const mark = (where: HypervisorId, object: Key) =>
      void pairs.set(where, (pairs.get(where) ?? new Set()).add(object))
    for (const change of changes) {
      stale(this.graph, change, mark)
      apply(this.graph, change)
      stale(this.graph, change, mark)
    }
    for (const [where, objects] of pairs) {
      const ledger = this.ledgers.get(where)
      for (const object of objects) ledger?.replace(object, compile(this.graph, this.#engines, where, object))
    }
  }

  /** The delta that is open at a switch, and take it as sent. */
  flush(where: HypervisorId): Delta {
    const ledger = this.ledgers.get(where)
    if (!ledger) throw new Error(`no switch ${where}`)
    const delta = finish(ledger.delta())
    finish(ledger.sent())
    return delta
  }

  /** Everything compiled at once from the graph as it stands. */
  fromScratch(): Map<HypervisorId, Rule[]> {
    return fromScratch(this.graph, this.#engines, [...this.ledgers.keys()])
  }
}

export function fromScratch(
  graph: Graph,
  engines: Engines,
  hypervisors: readonly HypervisorId[],
): Map<HypervisorId, Rule[]> {
  const all = (where: HypervisorId) => [...new Set(objectsOn(graph, where))]
  return new Map(
    hypervisors.map((where) => [where, all(where).flatMap((object) => compile(graph, engines, where, object))]),
  )
}

/** What a switch ends with, if it takes every delta. */
export class FakeTables {
  readonly #flows = new Map<string, Flow>()

  take({ put, drop }: { put: readonly Flow[]; drop: readonly Flow[] }): void {
    for (const flow of drop) this.#flows.delete(ruleKey(flow))
    for (const flow of put) this.#flows.set(ruleKey(flow), flow)
  }

  lines(): string[] {
    return linesOf(this.#flows.values())
  }
}

/** A rule set in comparable form. */
export const linesOf = (rules: Iterable<Flow>): string[] => [...rules].map(printFlow).sort()

export function finish<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}
