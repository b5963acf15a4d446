/** Makes ports, in a network or in none. */
import { randomUUID } from 'node:crypto'
import type { Key, PortId, ProjectId } from '../../../topology/ids.ts'
import type { Network, Port } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { Draft } from '../draft.ts'
import type { PortFields, PortPlan } from '../engine/engine.ts'
import type { ResourceContext } from './context.ts'
import { type Divided, initial, rowsOf, saidFields } from './field-table.ts'
import { canonical, repeated, timestamp } from './objects.ts'
import { checkQuota } from './quotas.ts'
import { checkFree, checkUntaken } from './segments.ts'
import { checkFields, setFields, withEngineFields } from './set-fields.ts'

interface Making {
  readonly occasion: 'create' | 'createAlone'
  readonly engine: string
  readonly network: Network | null
  /** The divided request; the values of the engine's fields are in canonical form. */
  readonly body: Divided
  readonly caller: Caller
  /** Asks the engine what it decides about the port. @param port the port with the values of the request */
  plan(port: Port): PortPlan
  /** The fields that the engine of the network adds to its ports. */
  readonly portFields?: PortFields | undefined
}

/** The plan of a port for a VNIC, without a segment of its own. */
export const PLAIN: PortPlan = { attributes: {}, hypervisor: null, segment: null }

export function makePort(
  draft: Draft,
  { engines, features, tables, policy }: ResourceContext,
  project: ProjectId,
  making: Making,
) {
  const { occasion, engine, network, body, portFields, caller } = making
  const { graph } = draft
  const rows = rowsOf(tables.port)
  const setting = { graph, engines, caller }
  const id = (body.given.id ?? randomUUID()) as PortId
  const plain = newPort(initial(tables.port), id, project, engine, network)
  const shaped = withEngineFields(portFields, plain, body.fields, { graph, caller })
  const wanted = setFields(rows, occasion, shaped, body.given, setting)
  const request = canonical({
    ...body.fields,
    ...shaped.attributes,
    ...(network && { network_id: network.id }),
    ...saidFields(rows, occasion, wanted, body.given),
  })
  const there = repeated(graph.ports.get(id), project, request, 'port')
  if (there) return { created: false, port: there }
  checkQuota(policy.quotas, graph, project, 'ports')
  portFields?.check?.(graph, wanted)
  const { attributes, hypervisor, segment } = making.plan(wanted)
  if (segment) {
    if (segment.partOf !== null) checkUntaken(graph, segment.partOf, `segment ${segment.partOf}`, null)
    checkFree(graph, segment.id, `segment ${segment.id}`, null)
  }
  const port: Port = {
    ...wanted,
    key: draft.nextKey(),
    // The addresses at a remote site are not known, so the site must get frames to unknown addresses.
    floodUnknown: wanted.floodUnknown || hypervisor !== null,
    hypervisor,
    segmentId: segment?.id ?? null,
    attributes: { ...wanted.attributes, ...attributes },
    request,
  }
  checkFields(rows, occasion, port, body.given, setting)
  if (segment) {
    draft.change({
      kind: 'segment',
      id: segment.id,
      to: { ...segment, project, owner: port.key, holders: [], freed: 0 },
    })
  }
  draft.change({ kind: 'port', id, to: port })
  for (const { portChanged } of features) portChanged?.(draft, engines, null, port)
  return { created: true, port }
}

/** A placeholder for the key of an object that is not yet in the graph. */
const NO_KEY = 0 as Key

/** A new port, before the request is applied. @param first the initial properties from the rows of the table */
const newPort = (first: object, id: PortId, project: ProjectId, engine: string, network: Network | null): Port =>
  ({
    ...first,
    id,
    key: NO_KEY,
    project,
    name: '',
    engine,
    networkId: network?.id ?? null,
    adminUp: true,
    floodUnknown: false,
    borrowsAddresses: false,
    hypervisor: null,
    segmentId: null,
    attributes: {},
    revision: 1,
    createdAt: timestamp(),
    request: '',
  }) as unknown as Port
