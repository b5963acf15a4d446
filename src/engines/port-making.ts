/** How every port is made, in a network or on its own. */
import { randomUUID } from 'node:crypto'
import type { PortId, ProjectId } from '../../topology/ids.ts'
import type { Network, Port } from '../../topology/nodes.ts'
import type { PortFields, PortPlan } from './engine.ts'
import type { Caller } from './extension.ts'
import type { Draft } from './host.ts'
import { canonical, repeated, timestamp } from './objects.ts'
import { checkFree, checkUntaken } from './segments.ts'

export interface PortWish {
  readonly id?: string
  readonly name?: string
}

interface Making {
  readonly engine: string
  readonly network: Network | null
  /** What the request says beside `id` and `name`. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly caller: Caller
  plan(): PortPlan
  readonly portFields?: PortFields | undefined
}

/** For a VNIC, with no segment of its own. */
export const PLAIN: PortPlan = { attributes: {}, hypervisor: null, segment: null }

export function makePort(draft: Draft, project: ProjectId, wish: PortWish, making: Making) {
  const { engine, network, fields, portFields } = making
  const about = network ? { network_id: network.id } : { engine }
  const request = canonical({ ...fields, ...about, name: wish.name ?? '' })
  const id = (wish.id ?? randomUUID()) as PortId
  const there = repeated(draft.graph.ports.get(id), project, request, 'port')
  if (there) return { created: false, port: there }
  const { attributes, hypervisor, segment } = making.plan()
  if (segment) {
    checkUntaken(draft.graph, segment.partOf, `segment ${segment.partOf}`, null)
    checkFree(draft.graph, segment.id, `segment ${segment.id}`, null)
  }
  const plain: Port = {
    id,
    key: draft.nextKey(),
    project,
    name: wish.name ?? '',
    engine,
    networkId: network?.id ?? null,
    adminUp: true,
    // Whatever comes from a remote site may come from many addresses.
    asksForUnknown: hypervisor !== null,
    hypervisor,
    segmentId: segment?.id ?? null,
    attributes,
    revision: 1,
    createdAt: timestamp(),
    request,
  }
  const port = portFields?.set(draft.graph, plain, fields, making.caller) ?? plain
  if (segment) {
    draft.change({ kind: 'segment', id: segment.id, to: { ...segment, owner: port.key, holders: [], freed: 0 } })
  }
  draft.change({ kind: 'port', id, to: port })
  return { created: true, port }
}
