/** Finds, creates and destroys networks of every engine, in a draft. */
import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import type { Graph } from '../../../topology/graph.ts'
import type { NetworkId, ProjectId } from '../../../topology/ids.ts'
import type { Attributes, Network } from '../../../topology/model.ts'
import { forgetAddresses } from '../../features/addresses/address-book.ts'
import type { Caller } from '../caller.ts'
import type { Draft } from '../draft.ts'
import type { Engine } from '../engine/engine.ts'
import { DEFAULT_ENGINE, findNetworkEngine, type NetworkEngine } from '../engine/offers.ts'
import { PlugboardError } from '../errors.ts'
import { only } from './fields.ts'
import { canonical, checkRevision, type Expected, owned, repeated, timestamp } from './objects.ts'
import { checkFree } from './segments.ts'

/** What a request for a network says: the core's fields, and its engine's. */
export interface NetworkRequest {
  readonly id?: string
  readonly name?: string
  readonly engine?: string
  readonly shared?: boolean
  readonly segment?: Attributes
  readonly [field: string]: unknown
}

/** A network that the project may use: its own, or a shared one. @throws PlugboardError `not-found` */
export function findNetwork(graph: Graph, project: ProjectId, id: NetworkId): Network {
  const network = graph.networks.get(id)
  return network?.shared ? network : owned(network, project, 'network', id)
}

/** @throws PlugboardError */
export function createNetwork(
  draft: Draft,
  engines: ReadonlyMap<string, Engine>,
  project: ProjectId,
  body: NetworkRequest,
  caller: Caller,
) {
  const alias = body.engine ?? DEFAULT_ENGINE
  const engine = findNetworkEngine(engines, alias)
  if (caller.role !== 'admin') {
    for (const field of ['segment', 'shared'] as const) {
      if (body[field] === undefined || body[field] === false) continue
      throw new PlugboardError(
        'forbidden',
        `"${field}" takes role admin, this token has role ${caller.role}: leave it out`,
        { field },
      )
    }
  }
  const { id: chosen, ...rest } = body
  const { name: _name, engine: _engine, shared: _shared, segment: _segment, ...fields } = rest
  checkFields(engine, fields)
  const asked = engine.networks.canonical?.(fields) ?? fields
  const about = { engine: alias, name: body.name ?? '', shared: body.shared ?? false }
  const request = canonical({ ...asked, ...(body.segment && { segment: body.segment }), ...about })
  const id = (chosen ?? randomUUID()) as NetworkId
  const there = repeated(draft.graph.networks.get(id), project, request, 'network')
  if (there) return { created: false, network: there }
  if (body.segment !== undefined) only(engine.networks.segment, body.segment, `a segment of engine ${alias}`, 'segment')
  const plan = engine.networks.plan(draft.graph, body.segment ?? null, fields)
  checkFree(draft.graph, plan.segmentId, `segment ${plan.segmentId}`)
  const network: Network = {
    id,
    key: draft.nextKey(),
    project,
    name: body.name ?? '',
    engine: alias,
    attributes: {},
    ...plan,
    shared: body.shared ?? false,
    mesh: engine.networks.mesh,
    hypervisorRules: engine.networks.hypervisorRules ?? false,
    revision: 1,
    createdAt: timestamp(),
    request,
  }
  const segment = draft.graph.segments.get(plan.segmentId) ?? UNUSED
  draft.change({ kind: 'segment', id: plan.segmentId, to: { ...segment, id: plan.segmentId, owner: network.key } })
  draft.change({ kind: 'network', id, to: network })
  return { created: true, network }
}

/** @throws PlugboardError `unsupported` for a field that others' networks have, `bad-request` */
function checkFields({ alias, networks }: NetworkEngine, fields: Readonly<Record<string, unknown>>): void {
  const schema = networks.fields ?? Type.Object({})
  const field = Object.keys(fields).find((name) => !(name in schema.properties))
  if (field !== undefined) {
    const those = Object.keys(schema.properties).join(', ') || 'no fields of its own'
    const detail = `networks of engine "${alias}" have no "${field}": they take ${those}`
    throw new PlugboardError('unsupported', detail, { field })
  }
  only(schema, fields, `a network of engine ${alias}`)
}

const UNUSED = { partOf: null, holders: [], freed: 0 }

export function destroyNetwork(draft: Draft, project: ProjectId, id: NetworkId, expected: Expected): void {
  const { graph } = draft
  const network = graph.networks.get(id)
  if (network && network.project !== project) {
    throw new PlugboardError('forbidden', `network ${id} is shared: only project ${network.project} may destroy it`)
  }
  const { revision, segmentId } = owned(network, project, 'network', id)
  checkRevision(expected, revision, `network ${id}`)
  const ports = graph.portsOfNetwork.get(id).size
  if (ports > 0) {
    throw new PlugboardError(
      'network-in-use',
      `network ${id} has ${ports} port${ports === 1 ? '' : 's'}: destroy ${ports === 1 ? 'it' : 'them'} first`,
    )
  }
  draft.change({ kind: 'network', id, to: null })
  forgetAddresses(draft, id)
  const segment = segmentId && graph.segments.get(segmentId)
  if (segment) draft.change({ kind: 'segment', id: segmentId, to: { ...segment, owner: null, freed: draft.nextKey() } })
}
