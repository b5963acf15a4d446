/** Finds out how a domain works on a hypervisor: its engine, and its way to the fabric from there. */
import type { GraphReader } from '../topology/graph-reader.ts'
import type { Hypervisor } from '../topology/model.ts'
import { fabricOf } from './engines/checked-fabric.ts'
import { type Domain, type EngineRules, type Fabric, type Fault, isFault } from './engines/engine-rules.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import type { ConnectedScope, Scope } from './pipeline/scope.ts'
import type { EngineTables } from './pipeline/table.ts'

/** An engine's rules with the tables they stand in. */
export interface Placed {
  readonly rules: EngineRules
  readonly tables: EngineTables
}
export type Engines = ReadonlyMap<string, Placed>

/** What the compiler needs: the graph, and the rules of the engines. */
export interface Ground {
  readonly graph: GraphReader
  readonly engines: Engines
  readonly pipeline: Pipeline
}

/** Why a domain cannot work on a hypervisor; undefined if it can. */
export function faultIn({ kinds }: Pipeline, engines: Engines, domain: Domain, here: Hypervisor): Fault | undefined {
  const engine = engines.get(domain.engine)
  const fabric = engine && fabricOf(kinds, engine.rules, domain, here)
  return fabric && isFault(fabric) ? fabric : undefined
}

/** The way of a domain to the fabric, or undefined where it has none. */
export function fabricIn({ kinds }: Pipeline, engines: Engines, domain: Domain, here: Hypervisor): Fabric | undefined {
  const engine = engines.get(domain.engine)
  const fabric = engine && fabricOf(kinds, engine.rules, domain, here)
  return fabric && !isFault(fabric) ? fabric : undefined
}

/** A domain on a hypervisor where it works. */
export function scopeOf({ graph, engines, pipeline }: Ground, domain: Domain, here: Hypervisor): Scope | undefined {
  const engine = engines.get(domain.engine)
  const fabric = engine && fabricOf(pipeline.kinds, engine.rules, domain, here)
  if (!fabric || isFault(fabric)) return undefined
  const kind = pipeline.kinds.get(fabric.kind)
  if (!kind) return undefined
  const { rules, tables } = engine
  const { wishes } = pipeline
  const scope: Scope = {
    graph,
    here,
    rules,
    tables,
    domain,
    fabric,
    kind,
    wishes,
    next: (path, from) => pipeline.next(scope, path, from),
  }
  return scope
}

/** The same, with the OpenFlow port that leads to the fabric; undefined while there is none. */
export function connectedScope(ground: Ground, domain: Domain, here: Hypervisor): ConnectedScope | undefined {
  const scope = scopeOf(ground, domain, here)
  const output = scope && here.fabric[scope.fabric.role]
  return scope && output !== undefined ? { ...scope, output } : undefined
}
