/** How every port is made, in a network or on its own. */
import { randomUUID } from 'node:crypto'
import type { Key, PortId, ProjectId } from '../../../topology/ids.ts'
import type { Network, Port } from '../../../topology/model.ts'
import { takeAddresses } from '../../features/addresses/address-book.ts'
import { type RateLimitWish, rateLimitOf, showRateLimit } from '../../features/rate-limit/rate-limit.ts'
import { checkTrunk, ordered, type TrunkWish, touchCarried } from '../../features/trunk/trunk.ts'
import type { Caller } from '../caller.ts'
import type { Draft } from '../draft.ts'
import type { Engine, PoolAddress, PortFields, PortPlan } from '../engine/engine.ts'
import { canonical, repeated, timestamp } from './objects.ts'
import { checkFree, checkUntaken } from './segments.ts'

export interface PortWish {
  readonly id?: string
  readonly name?: string
  readonly rate_limit?: RateLimitWish
  readonly trunk?: TrunkWish
}

interface Making {
  readonly engines: ReadonlyMap<string, Engine>
  readonly engine: string
  readonly network: Network | null
  /** What the request says beside `id` and `name`. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly caller: Caller
  /** @param port with what the request says */
  plan(port: Port): PortPlan
  readonly portFields?: PortFields | undefined
  /** The addresses of the network's pools that the port is to have. */
  addresses?(port: Port): readonly PoolAddress[]
}

/** For a VNIC, with no segment of its own. */
export const PLAIN: PortPlan = { attributes: {}, hypervisor: null, segment: null }

export function makePort(draft: Draft, project: ProjectId, wish: PortWish, making: Making) {
  const { engine, network, fields, portFields, caller } = making
  const id = (wish.id ?? randomUUID()) as PortId
  const plain: Port = {
    id,
    key: NO_KEY,
    project,
    name: wish.name ?? '',
    engine,
    networkId: network?.id ?? null,
    adminUp: true,
    floodUnknown: false,
    rateLimit: null,
    trunk: [],
    hypervisor: null,
    segmentId: null,
    attributes: {},
    revision: 1,
    createdAt: timestamp(),
    request: '',
  }
  const shaped = portFields?.set(draft.graph, plain, fields, caller) ?? plain
  // After defaults, and in the one form of each address.
  const about = network ? { network_id: network.id } : { engine }
  const rateLimit = rateLimitOf(wish.rate_limit ?? null, false)
  const limit = rateLimit && { rate_limit: showRateLimit(rateLimit) }
  const trunk = ordered(wish.trunk ?? [])
  const carried = trunk.length > 0 && { trunk }
  const request = canonical({ ...fields, ...shaped.attributes, ...about, name: plain.name, ...limit, ...carried })
  const there = repeated(draft.graph.ports.get(id), project, request, 'port')
  if (there) return { created: false, port: there }
  portFields?.check?.(draft.graph, shaped)
  const { attributes, hypervisor, segment } = making.plan(shaped)
  if (hypervisor !== null) rateLimitOf(wish.rate_limit ?? null, true)
  if (segment) {
    if (segment.partOf !== null) checkUntaken(draft.graph, segment.partOf, `segment ${segment.partOf}`, null)
    checkFree(draft.graph, segment.id, `segment ${segment.id}`, null)
  }
  const port: Port = {
    ...shaped,
    key: draft.nextKey(),
    // Whatever comes from a remote site may come from many addresses.
    floodUnknown: shaped.floodUnknown || hypervisor !== null,
    rateLimit,
    trunk,
    hypervisor,
    segmentId: segment?.id ?? null,
    attributes: { ...shaped.attributes, ...attributes },
    request,
  }
  if (segment) {
    draft.change({ kind: 'segment', id: segment.id, to: { ...segment, owner: port.key, holders: [], freed: 0 } })
  }
  checkTrunk(draft.graph, making.engines, port, trunk)
  draft.change({ kind: 'port', id, to: port })
  takeAddresses(draft, port, making.addresses?.(port) ?? [])
  touchCarried(draft, null, port)
  return { created: true, port }
}

/** Of what is no object yet. */
const NO_KEY = 0 as Key
