/** Extension `logical-network`: networks, and the ports in them, for every engine that has a notion of a network. */
import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import { inOrder } from '../../topology/graph.ts'
import type { NetworkId, ProjectId } from '../../topology/ids.ts'
import type { Attributes, Network } from '../../topology/nodes.ts'
import { PlugboardError } from '../errors.ts'
import { forgetAddresses, forgetInParts } from './address-book.ts'
import type { Engine, NetworkService, ObjectSchema } from './engine.ts'
import { type Caller, type Expected, type Route, route } from './extension.ts'
import { engineOf, fieldsOf, only, textIn } from './fields.ts'
import type { Draft, Host } from './host.ts'
import { makesPorts } from './lone-ports.ts'
import { canonical, checkRevision, owned, repeated, timestamp } from './objects.ts'
import { makePort, PLAIN, type PortWish } from './port-making.ts'
import { RateLimitWish } from './rate-limit.ts'
import { ChosenId, Name, Network as NetworkResource, Port as PortResource } from './resources.ts'
import { checkFree } from './segments.ts'
import { TrunkWish } from './trunk.ts'

export const DEFAULT_ENGINE = 'vlan'

type Offering = Engine & { readonly networks: NetworkService }

export const hasNetworks = (engine: Engine): engine is Offering => engine.networks !== undefined

/** @param schemas of the fields that a port may have beside the core's */
const portBody = (schemas: readonly ObjectSchema[]) =>
  Type.Object(
    {
      id: Type.Optional(ChosenId),
      name: Type.Optional(Name),
      rate_limit: Type.Optional(RateLimitWish),
      trunk: Type.Optional(TrunkWish),
      ...fieldsOf(schemas),
    },
    { additionalProperties: false },
  )

interface NetworkRequest {
  readonly id?: string
  readonly name?: string
  readonly engine?: string
  readonly shared?: boolean
  readonly segment?: Attributes
  readonly [own: string]: unknown
}

/** What a request may say of the segment: what any of the engines has words for. Its own engine then looks again. */
const segmentBody = (segments: readonly ObjectSchema[]) =>
  Type.Object(fieldsOf(segments), {
    additionalProperties: false,
    description: 'of the engine; allocated where none is given; giving one takes role admin',
  })

/** @param own schemas of the fields that networks of the engines have beside the core's */
const networkBody = (segments: readonly ObjectSchema[], own: readonly ObjectSchema[]) =>
  Type.Object(
    {
      id: Type.Optional(ChosenId),
      name: Type.Optional(Name),
      engine: Type.Optional(Type.String({ description: `the service engine; ${DEFAULT_ENGINE} where none is given` })),
      shared: Type.Optional(Type.Boolean({ description: 'for every project (role admin)' })),
      segment: Type.Optional(segmentBody(segments)),
      ...fieldsOf(own),
    },
    { additionalProperties: false },
  )

/** @param offering the loaded engines that have networks */
export const logicalNetworkRoutes = (host: Host, offering: readonly Offering[]): Route[] => [
  ...networkRoutes(host, offering),
  ...portRoutes(host, offering),
]

function networkRoutes(host: Host, offering: readonly Offering[]): Route[] {
  return [
    route({
      operation: 'create_network',
      summary: 'Make a network',
      method: 'POST',
      path: '/networks',
      role: 'member',
      body: networkBody(
        offering.map(({ networks }) => networks.segment),
        offering.flatMap(({ networks }) => networks.fields ?? []),
      ),
      resource: NetworkResource,
      before(body) {
        const alias = textIn(body, 'engine')
        if (alias !== undefined) findEngine(host, alias)
      },
      async handle({ project, caller, body }) {
        const { created, network } = await createNetwork(host, project, caller, body as NetworkRequest)
        return { status: created ? 201 : 200, body: host.networkView(network), location: `/networks/${network.id}` }
      },
    }),
    {
      operation: 'list_networks',
      summary: 'The networks that the project can make ports in: its own, and shared ones',
      method: 'GET',
      path: '/networks',
      role: 'reader',
      resource: NetworkResource,
      handle: ({ project }) => ({ status: 200, collection: 'networks', items: visible(host, project) }),
    },
    {
      operation: 'show_network',
      summary: 'Show a network',
      method: 'GET',
      path: '/networks/:network_id',
      role: 'reader',
      resource: NetworkResource,
      handle: ({ project, params }) => ({
        status: 200,
        body: host.networkView(find(host, project, params.network_id)),
      }),
    },
    {
      operation: 'destroy_network',
      summary: 'Destroy a network without ports',
      method: 'DELETE',
      path: '/networks/:network_id',
      role: 'member',
      async handle({ project, params, expected }) {
        const { id, project: owner, revision } = find(host, project, params.network_id)
        // Of another project or revision it is refused below.
        if (owner === project && (expected?.includes(revision) ?? true)) await forgetInParts(host, id)
        await host.write((draft) => destroyNetwork(draft, project, id, expected))
        return { status: 204 }
      },
    },
  ]
}

function portRoutes(host: Host, offering: readonly Offering[]): Route[] {
  // Ports that lead to remote sites.
  const makers = [...host.engines.values()].filter(makesPorts).filter(({ ports }) => ports.inNetworks)
  const ofNetworks = offering.flatMap(({ networks }) => networks.portFields?.schema ?? [])
  return [
    route({
      operation: 'create_port',
      summary: 'Make a port in a network',
      method: 'POST',
      path: '/networks/:network_id/ports',
      role: 'member',
      body: portBody([...ofNetworks, ...makers.map(({ ports }) => ports.schema)]),
      resource: PortResource,
      async handle({ project, caller, params, body }) {
        const { id } = find(host, project, params.network_id)
        const { created, port } = await host.write((draft) => createPort(draft, host, project, id, body, caller))
        return { status: created ? 201 : 200, body: host.portView(port), location: `/ports/${port.id}` }
      },
    }),
    {
      operation: 'list_network_ports',
      summary: "The project's ports in a network",
      method: 'GET',
      path: '/networks/:network_id/ports',
      role: 'reader',
      resource: PortResource,
      handle: ({ project, params }) => {
        const { id } = find(host, project, params.network_id)
        return { status: 200, collection: 'ports', items: portsIn(host, project, id) }
      },
    },
  ]
}

async function createNetwork(host: Host, project: ProjectId, caller: Caller, body: NetworkRequest) {
  const alias = body.engine ?? DEFAULT_ENGINE
  const engine = findEngine(host, alias)
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
  return host.write((draft) => {
    const id = (chosen ?? randomUUID()) as NetworkId
    const there = repeated(draft.graph.networks.get(id), project, request, 'network')
    if (there) return { created: false, network: there }
    if (body.segment !== undefined)
      only(engine.networks.segment, body.segment, `a segment of engine ${alias}`, 'segment')
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
      revision: 1,
      createdAt: timestamp(),
      request,
    }
    const segment = draft.graph.segments.get(plan.segmentId) ?? UNUSED
    draft.change({ kind: 'segment', id: plan.segmentId, to: { ...segment, id: plan.segmentId, owner: network.key } })
    draft.change({ kind: 'network', id, to: network })
    return { created: true, network }
  })
}

/** @throws PlugboardError `unsupported` for a field that others' networks have, `bad-request` */
function checkFields({ alias, networks }: Offering, fields: Readonly<Record<string, unknown>>): void {
  const schema = networks.fields ?? Type.Object({})
  const field = Object.keys(fields).find((name) => !(name in schema.properties))
  if (field !== undefined) {
    const those = Object.keys(schema.properties).join(', ') || 'no fields of its own'
    const detail = `networks of engine "${alias}" have no "${field}": they take ${those}`
    throw new PlugboardError('unsupported', detail, { field })
  }
  only(schema, fields, `a network of engine ${alias}`)
}

const findEngine = (host: Host, alias: string) =>
  engineOf(alias, host.engines, [...host.engines.values()].filter(hasNetworks), 'has no networks')

const UNUSED = { partOf: null, holders: [], freed: 0 }

function destroyNetwork(draft: Draft, project: ProjectId, id: NetworkId, expected: Expected): void {
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

function createPort(
  draft: Draft,
  host: Host,
  project: ProjectId,
  networkId: NetworkId,
  body: object,
  caller: Caller,
): ReturnType<typeof makePort> {
  const network = draft.graph.networks.get(networkId)
  if (!network) throw new PlugboardError('not-found', `project ${project} has no network ${networkId}`)
  const { id, name, rate_limit = null, trunk = [], ...fields } = body as PortWish & Record<string, unknown>
  const wish = { ...(id && { id }), ...(name && { name }), rate_limit, trunk }
  const networks = host.engines.get(network.engine)?.networks
  const own = networks?.portFields
  const maker = [...host.engines.values()]
    .filter(makesPorts)
    .find(({ ports }) => ports.inNetworks && Object.keys(fields).some((field) => field in ports.schema.properties))
  if (!maker) {
    only(own?.schema ?? Type.Object({}), fields, `a port of engine ${network.engine}`)
    return makePort(draft, project, wish, {
      engines: host.engines,
      engine: network.engine,
      network,
      fields,
      caller,
      plan: (port) => networks?.planPort?.(draft.graph, network, port) ?? PLAIN,
      addresses: (port) => networks?.addresses?.(network, port) ?? [],
      portFields: own,
    })
  }
  if (network.project !== project) {
    throw new PlugboardError(
      'forbidden',
      `network ${networkId} is shared: only project ${network.project} may bridge it`,
    )
  }
  if (networks?.bridged === false)
    throw new PlugboardError('unsupported', `a network of engine ${network.engine} cannot be bridged to a remote site`)
  only(maker.ports.schema, fields, `a port of engine ${maker.alias}`)
  return makePort(draft, project, wish, {
    engines: host.engines,
    engine: maker.alias,
    network,
    fields: maker.ports.canonical?.(fields) ?? fields,
    caller,
    plan: () => maker.ports.plan(draft.graph, network, fields, caller),
  })
}

/** A network that the project may use: its own, or a shared one. */
function find(host: Host, project: ProjectId, id: string | undefined): Network {
  const network = host.graph.networks.get(id as NetworkId)
  return network?.shared ? network : owned(network, project, 'network', id ?? '')
}

function* visible(host: Host, project: ProjectId) {
  const ids = new Set([...host.graph.networksOfProject.get(project), ...host.graph.sharedNetworks])
  for (const network of inOrder(ids, host.graph.networks)) {
    yield { key: network.key, view: () => host.networkView(network) }
  }
}

function* portsIn(host: Host, project: ProjectId, network: NetworkId) {
  for (const port of inOrder(host.graph.portsOfNetwork.get(network), host.graph.ports)) {
    if (port.project === project) yield { key: port.key, view: () => host.portView(port) }
  }
}
