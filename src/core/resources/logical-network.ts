/** Extension `logical-network`: networks, and the ports in them, for every engine that has a notion of a network. */
import { Type } from 'typebox'
import { inOrder } from '../../../topology/graph.ts'
import type { NetworkId, ProjectId } from '../../../topology/ids.ts'
import type { Network } from '../../../topology/model.ts'
import { forgetInParts } from '../../features/addresses/address-book.ts'
import { RateLimitWish } from '../../features/rate-limit/rate-limit.ts'
import { TrunkWish } from '../../features/trunk/trunk.ts'
import type { Draft, Host } from '../draft.ts'
import type { ObjectSchema } from '../engine/engine.ts'
import { type Caller, type Route, route } from '../engine/extension.ts'
import { PlugboardError } from '../errors.ts'
import { fieldsOf, only, textIn } from './fields.ts'
import { makePort, PLAIN, type PortWish } from './make-port.ts'
import {
  createNetwork,
  DEFAULT_ENGINE,
  destroyNetwork,
  findEngine,
  type NetworkRequest,
  type Offering,
} from './network.ts'
import { owned } from './objects.ts'
import { ChosenId, Name, Network as NetworkResource, Port as PortResource } from './resource-schemas.ts'
import { makesPorts } from './standalone-ports.ts'

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
