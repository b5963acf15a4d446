/** Networks: create, list, show and destroy. */
import { findNetworkEngine } from '../../core/engine/offers.ts'
import type { NetworkId, Operations } from '../../core/operations.ts'
import { answerSchema, type Body, requestSchema } from '../../core/resources/field-table.ts'
import { engineIn } from './engine-in.ts'
import { type Call, PROJECT, type Route } from './route.ts'
import { create, destroy, list, show } from './shapes.ts'

const NETWORKS = `${PROJECT}/networks`
const NETWORK = `${NETWORKS}/:network_id`

const idOf = ({ params }: Call) => params.network_id as NetworkId

export const networkRoutes = ({ networks, engines, tables }: Operations): Route[] => {
  const Network = answerSchema(tables.network)
  return [
    create<Body>({
      operation: 'create_network',
      isOptional: true,
      summary: 'Make a network',
      path: NETWORKS,
      body: requestSchema(tables.network, 'create'),
      resource: Network,
      check: (body) => engineIn(body, (alias) => findNetworkEngine(engines, alias)),
      make: ({ project, body, caller }) => networks.create(project, body, caller),
    }),
    list({
      operation: 'list_networks',
      isOptional: true,
      summary: 'The networks that the project can make ports in: its own, and shared ones',
      path: NETWORKS,
      resource: Network,
      items: ({ project }) => networks.list(project),
    }),
    show({
      operation: 'show_network',
      isOptional: true,
      summary: 'Show a network',
      path: NETWORK,
      resource: Network,
      find: (call) => networks.show(call.project, idOf(call)),
    }),
    destroy({
      operation: 'destroy_network',
      isOptional: true,
      summary: 'Destroy a network without ports',
      path: NETWORK,
      end: (call) => networks.destroy(call.project, idOf(call), call.expected),
    }),
  ]
}
