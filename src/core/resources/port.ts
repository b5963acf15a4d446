/** Updates and destroys ports, in a draft. */
import { isDeepStrictEqual } from 'node:util'
import { Type } from 'typebox'
import { isTaken } from '../../../topology/graph.ts'
import type { PortId, ProjectId } from '../../../topology/ids.ts'
import type { Port } from '../../../topology/model.ts'
import { freeAddresses, takeAddresses } from '../../features/addresses/address-book.ts'
import { RATE_LIMIT, type RateLimitWish, rateLimitOf } from '../../features/rate-limit/rate-limit.ts'
import { checkTrunk, ordered, type TrunkWish, touchCarried } from '../../features/trunk/trunk.ts'
import type { Caller } from '../caller.ts'
import type { Draft } from '../draft.ts'
import type { Engine } from '../engine/engine.ts'
import { PlugboardError } from '../errors.ts'
import { only } from './fields.ts'
import { checkRevision, type Expected, owned } from './objects.ts'

/** What changes of a port: the core's fields, and the engine's. */
export interface PortPatch {
  readonly admin_state_up?: boolean
  readonly name?: string
  readonly rate_limit?: RateLimitWish
  readonly trunk?: TrunkWish
  readonly [field: string]: unknown
}

export function updatePort(
  draft: Draft,
  engines: ReadonlyMap<string, Engine>,
  project: ProjectId,
  id: PortId,
  patch: PortPatch,
  expected: Expected,
  caller: Caller,
): void {
  const port = owned(draft.graph.ports.get(id), project, 'port', id)
  checkRevision(expected, port.revision, `port ${id}`)
  const { admin_state_up: adminUp = port.adminUp, name = port.name, rate_limit: wish, trunk: listed, ...fields } = patch
  const rateLimit = wish === undefined ? port.rateLimit : rateLimitOf(wish, port.hypervisor !== null)
  const carrier = rateLimit && draft.graph.carrierOf(id)
  if (carrier) {
    const detail = `port ${id} is in the trunk of port ${carrier.port.id}, which has one limit as a whole: limit that port`
    throw new PlugboardError('unsupported', detail, { field: RATE_LIMIT })
  }
  const trunk = listed === undefined ? port.trunk : ordered(listed)
  if (listed !== undefined) checkTrunk(draft.graph, engines, port, trunk)
  const own = engines.get(port.engine)?.networks?.portFields
  only(own?.schema ?? Type.Object({}), fields, `a port of engine ${port.engine}`)
  const patched = { ...(own?.set(draft.graph, port, fields, caller) ?? port), adminUp, name, rateLimit, trunk }
  if (isDeepStrictEqual(patched, port)) return
  if (Object.keys(fields).length > 0) own?.check?.(draft.graph, patched)
  const network = port.networkId === null ? undefined : draft.graph.networks.get(port.networkId)
  if (network) takeAddresses(draft, port, engines.get(network.engine)?.networks?.addresses?.(network, patched) ?? [])
  const to = { ...patched, revision: port.revision + 1 }
  draft.change({ kind: 'port', id, to })
  touchCarried(draft, port, to)
}

/** @returns the port as it was */
export function destroyPort(draft: Draft, project: ProjectId, id: PortId, expected: Expected): Port {
  const port = owned(draft.graph.ports.get(id), project, 'port', id)
  checkRevision(expected, port.revision, `port ${id}`)
  const occupant = draft.graph.vnicOf(id)
  if (occupant) {
    throw new PlugboardError('port-in-use', `VNIC ${occupant.id} is plugged into port ${id}: unplug it first`)
  }
  const carrier = draft.graph.carrierOf(id)
  if (carrier) {
    const detail = `port ${id} is in the trunk of port ${carrier.port.id} with tag ${carrier.tag}: take it out of that trunk first`
    throw new PlugboardError('port-in-use', detail)
  }
  draft.change({ kind: 'port', id, to: null })
  freeAddresses(draft, port.key)
  touchCarried(draft, port, null)
  const segment = port.segmentId === null ? undefined : draft.graph.segments.get(port.segmentId)
  if (segment) {
    const freed = { ...segment, owner: null, freed: draft.nextKey() }
    draft.change({ kind: 'segment', id: segment.id, to: isTaken(freed) || freed.partOf === null ? freed : null })
  }
  return port
}
