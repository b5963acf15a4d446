/** How many networks, ports and VNICs each project may have. */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { ProjectId } from '../../../topology/ids.ts'
import { PlugboardError } from '../errors.ts'

export interface Quotas {
  readonly networks: number
  readonly ports: number
  readonly vnics: number
}

export const NO_QUOTAS: Quotas = {
  networks: Number.POSITIVE_INFINITY,
  ports: Number.POSITIVE_INFINITY,
  vnics: Number.POSITIVE_INFINITY,
}

/**
 * Checks that a project may have one more. Segments that it has left count as long as hypervisors that are away may have rules for
 * them. Otherwise a project could take all segments by making and destroying networks.
 * @throws PlugboardError `quota-exceeded`
 */
export function checkQuota(quotas: Quotas, graph: GraphReader, project: ProjectId, what: keyof Quotas): void {
  const most = quotas[what]
  const has = graph[`${what}OfProject`].get(project).size
  if (has + left(graph, project, what, most - has) < most) return
  const words = what === 'vnics' ? 'VNICs' : what
  const detail =
    has < most
      ? `project ${project} has ${has} ${words} and may have ${most}, but hypervisors may still have rules for the segments of ${most - has} that it has destroyed: wait until these hypervisors are connected, or ask an operator for more`
      : `project ${project} has ${has} ${words}, and may have ${most}: destroy some, or ask an operator for more`
  throw new PlugboardError('quota-exceeded', detail)
}

/** The number of segments of destroyed networks, or ports, that are still taken. @param most to count at most */
function left(graph: GraphReader, project: ProjectId, what: keyof Quotas, most: number): number {
  let count = 0
  if (what === 'vnics') return count
  for (const id of graph.segmentsLeftBy.get(project)) {
    if (count >= most) return count
    const isOfPort = graph.segments.get(id)?.partOf !== null
    if (isOfPort === (what === 'ports')) count += 1
  }
  return count
}
