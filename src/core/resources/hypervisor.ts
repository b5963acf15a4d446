/** Finds and removes hypervisors in the graph, and finds what is wrong there. */
import { type Engines, faultOf } from '../../../flows/compile.ts'
import type { Domain } from '../../../flows/engines/engine-rules.ts'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId } from '../../../topology/ids.ts'
import type { Hypervisor } from '../../../topology/model.ts'
import type { Draft } from '../draft.ts'
import type { Condition } from '../engine/engine.ts'
import { PlugboardError } from '../errors.ts'
import { dropClaims } from './claims.ts'
import { callOffAll } from './migration.ts'
import { released } from './segments.ts'

/** @throws PlugboardError `not-found` */
export function findHypervisor(graph: GraphReader, id: HypervisorId): Hypervisor {
  const hypervisor = graph.hypervisors.get(id)
  if (!hypervisor) throw new PlugboardError('not-found', `there is no hypervisor ${id}`)
  return hypervisor
}

/**
 * Removes a hypervisor, its claims and its holds on segments. The operator must make sure that its switch no longer has rules
 * for these segments.
 */
export function removeHypervisor(draft: Draft, id: HypervisorId): void {
  const { graph } = draft
  findHypervisor(graph, id)
  dropClaims(draft, id)
  callOffAll(draft, id)
  for (const segmentId of [...graph.segmentsHeldBy.get(id)]) {
    const segment = graph.segments.get(segmentId)
    if (segment) draft.change({ kind: 'segment', id: segmentId, to: released(segment, id) })
  }
  draft.change({ kind: 'hypervisor', id, to: null })
}

/** Why networks with members on a hypervisor, and standalone ports there, do not work on it. Each reason appears once. */
export function faultsOn(graph: GraphReader, engines: Engines, hypervisor: Hypervisor): Condition[] {
  const faults = new Map<string, Condition>()
  for (const domain of domainsOn(graph, hypervisor.id)) {
    const fault = faultOf(engines, domain, hypervisor)
    if (fault) faults.set(fault.message, { code: fault.code, message: fault.message, severity: 'error' })
  }
  return [...faults.values()]
}

/** The networks with members on a hypervisor, and the standalone ports there. */
function* domainsOn(graph: GraphReader, id: HypervisorId): Generator<Domain> {
  for (const network of graph.networksOn(id).keys()) {
    const found = graph.networks.get(network)
    if (found) yield found
  }
  for (const port of graph.portsOn.get(id)) {
    const found = graph.ports.get(port)
    if (found?.networkId === null) yield found
  }
}
