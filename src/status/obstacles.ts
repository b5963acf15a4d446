/** Finds reasons why the rules of an object do not work on a hypervisor. */
import { faultOf } from '../../flows/compile.ts'
import type { Domain } from '../../flows/engines/engine-rules.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { StatusView } from './status-view.ts'

export interface Obstacle {
  /** `building` means that the obstacle is expected to disappear by itself. */
  readonly status: 'building' | 'error'
  readonly detail: string
}

/** The obstacle if the hypervisor cannot reach the fabric for this domain. */
export function faultAt({ graph, engines }: StatusView, where: HypervisorId, domain: Domain): Obstacle | undefined {
  const hypervisor = graph.hypervisors.get(where)
  const fault = hypervisor && faultOf(engines, domain, hypervisor)
  return fault && { status: fault.pending ? 'building' : 'error', detail: fault.message }
}

/** The obstacle if the hypervisor's switch lacks rules of one of these objects, because it refused them. */
export function refusalAt(
  { switches }: StatusView,
  where: HypervisorId,
  ...objects: readonly Key[]
): Obstacle | undefined {
  const refused = switches.get(where)?.refused
  for (const object of objects) {
    const words = refused?.get(object)
    if (words) return { status: 'error', detail: `hypervisor ${where} ${words}` }
  }
  return undefined
}
