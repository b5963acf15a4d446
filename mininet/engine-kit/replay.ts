/** Computes the rules of every switch change by change, as the controller does, and from scratch, to compare the results. */
import { compile, type Engines, objectsOn } from '../../flows/compile.ts'
import { type Delta, Ledger } from '../../flows/diff.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import { meterOf, metersIn } from '../../flows/pipeline/vnic-meter.ts'
import { type Flow, printFlow, printMeter, ruleKey } from '../../src/openflow/index.ts'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import { stale } from '../../topology/stale.ts'

/** Keeps rules up to date by compiling only the objects that each change makes stale. */
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
      const undo = apply(this.graph, change)
      stale(this.graph, undo, mark)
    }
    for (const [where, objects] of pairs) {
      const ledger = this.ledgers.get(where)
      for (const object of objects) ledger?.replace(object, compile(this.graph, this.#engines, where, object))
    }
  }

  /** Returns the differences of a switch, and treats them as sent. */
  flush(where: HypervisorId): Delta {
    const ledger = this.ledgers.get(where)
    if (!ledger) throw new Error(`no switch ${where}`)
    const delta = finish(ledger.delta())
    finish(ledger.sent())
    return delta
  }

  /** Compiles all rules at once from the current graph. */
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

/** The rules and meters of a switch that applies every delta, in the order in which it receives them. */
export class FakeTables {
  readonly #flows = new Map<string, Flow>()
  readonly #meters = new Map<number, string>()

  /** Applies a delta. @throws Error if a real switch would refuse a meter, or would delete rules together with a meter */
  take({ put, drop, meters }: Delta): void {
    for (const { command, spec } of meters.put) {
      if (this.#meters.has(spec.id) !== (command === 'modify')) throw new Error(`${command} of meter ${spec.id}`)
      this.#meters.set(spec.id, printMeter(meterOf(spec)))
    }
    for (const flow of drop) this.#flows.delete(ruleKey(flow))
    for (const flow of put) this.#flows.set(ruleKey(flow), flow)
    for (const id of meters.drop) if (!this.#meters.delete(id)) throw new Error(`there is no meter ${id} to delete`)
    for (const flow of this.#flows.values()) {
      for (const id of metersIn(flow)) if (!this.#meters.has(id)) throw new Error(`no meter for ${printFlow(flow)}`)
    }
  }

  lines(): string[] {
    return [...[...this.#flows.values()].map(printFlow), ...this.#meters.values()].sort()
  }
}

/** Rules and their meters as lines that can be compared. */
export function linesOf(rules: readonly Rule[]): string[] {
  const meters = rules.flatMap((rule) => rule.meters).map((spec) => printMeter(meterOf(spec)))
  return [...rules.map(printFlow), ...new Set(meters)].sort()
}

/** Tells the ledger that the switch has these rules. */
export function observeAll(ledger: Ledger, rules: readonly Rule[]): void {
  ledger.forget()
  for (const rule of rules) {
    ledger.observe(rule)
    for (const spec of rule.meters) ledger.meters.observe(meterOf(spec))
  }
}

/** Is there nothing to send? */
export const isNothing = ({ put, drop, meters }: Delta): boolean =>
  put.length + drop.length + meters.put.length + meters.drop.length === 0

export function finish<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}
