/** Finds, creates and destroys networks of every engine, in a draft. */
import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { NetworkId, ProjectId } from '../../../topology/ids.ts'
import type { Attributes, Network } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { Draft } from '../draft.ts'
import { DEFAULT_ENGINE, findNetworkEngine, type NetworkEngine } from '../engine/offers.ts'
import { checkEngineRole } from '../engine/roles.ts'
import { PlugboardError } from '../errors.ts'
import type { ResourceContext } from './context.ts'
import { type Body, divide, initial, rowsOf, saidFields } from './field-table.ts'
import { only } from './fields.ts'
import { canonical, checkRevision, type Expected, owned, repeated, timestamp } from './objects.ts'
import { checkQuota } from './quotas.ts'
import { checkFree } from './segments.ts'
import { checkFields, setFields } from './set-fields.ts'

/** Finds a network that the project may use: its own, or a shared one. @throws PlugboardError `not-found` */
export function findNetwork(graph: GraphReader, project: ProjectId, id: NetworkId): Network {
  const network = graph.networks.get(id)
  return network?.shared ? network : owned(network, project, 'network', id)
}

/** @param body the request, with fields of the core, the features and the engine @throws PlugboardError */
export function createNetwork(
  draft: Draft,
  { engines, tables, policy }: ResourceContext,
  project: ProjectId,
  body: Body,
  caller: Caller,
) {
  const { given, fields } = divide(tables.network, 'create', body)
  const alias = String(given.engine ?? DEFAULT_ENGINE)
  const engine = findNetworkEngine(engines, alias)
  checkEngineRole(policy.roles, alias, caller, 'a network')
  const rows = rowsOf(tables.network)
  const id = (given.id ?? randomUUID()) as NetworkId
  const plain = setFields(rows, 'create', newNetwork(initial(tables.network), id, project, engine), given, { caller })
  checkEngineFields(engine, fields)
  const request = canonical({
    ...(engine.networks.canonical?.(fields) ?? fields),
    ...saidFields(rows, 'create', plain, given),
  })
  const there = repeated(draft.graph.networks.get(id), project, request, 'network')
  if (there) return { created: false, network: there }
  checkQuota(policy.quotas, draft.graph, project, 'networks')
  const asked = given.segment as Attributes | undefined
  if (asked !== undefined) only(engine.networks.segment, asked, `a segment of engine ${alias}`, 'segment')
  const plan = engine.networks.plan(draft.graph, asked ?? null, fields)
  checkFree(draft.graph, plan.segmentId, `segment ${plan.segmentId}`)
  const network: Network = {
    ...plain,
    ...plan,
    attributes: { ...plain.attributes, ...plan.attributes },
    key: draft.nextKey(),
    request,
  }
  checkFields(rows, 'create', network, given, {})
  const segment = draft.graph.segments.get(plan.segmentId) ?? UNUSED
  draft.change({
    kind: 'segment',
    id: plan.segmentId,
    to: { ...segment, id: plan.segmentId, project, owner: network.key },
  })
  draft.change({ kind: 'network', id, to: network })
  return { created: true, network }
}

/** A new network, before the request is applied. @param first the initial properties from the rows of the table */
const newNetwork = (first: object, id: NetworkId, project: ProjectId, { alias, networks }: NetworkEngine): Network =>
  ({
    ...first,
    id,
    key: 0,
    project,
    name: '',
    engine: alias,
    segment: {},
    segmentId: null,
    attributes: {},
    shared: false,
    mesh: networks.mesh,
    hypervisorRules: networks.hypervisorRules ?? false,
    revision: 1,
    createdAt: timestamp(),
    request: '',
  }) as unknown as Network

/** @throws PlugboardError `unsupported` for a field that networks of other engines have, `bad-request` */
function checkEngineFields({ alias, networks }: NetworkEngine, fields: Body): void {
  const schema = networks.fields ?? Type.Object({})
  const field = Object.keys(fields).find((name) => !(name in schema.properties))
  if (field !== undefined) {
    const those = Object.keys(schema.properties).join(', ') || 'no fields of its own'
    const detail = `networks of engine "${alias}" have no "${field}": they take ${those}`
    throw new PlugboardError('unsupported', detail, { field })
  }
  only(schema, fields, `a network of engine ${alias}`)
}

/** The properties of a segment that has never been used. */
const UNUSED = { partOf: null, holders: [], freed: 0 }

/** Destroys a network without ports. @throws PlugboardError */
export function destroyNetwork(
  draft: Draft,
  { features }: ResourceContext,
  project: ProjectId,
  id: NetworkId,
  expected: Expected,
): void {
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
  for (const { networkDestroyed } of features) networkDestroyed?.(draft, id)
  const segment = segmentId && graph.segments.get(segmentId)
  if (segment) draft.change({ kind: 'segment', id: segmentId, to: { ...segment, owner: null, freed: draft.nextKey() } })
}
