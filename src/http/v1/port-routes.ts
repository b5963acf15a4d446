/** Ports: list, create, show, update and destroy. */
import { findPortEngine } from '../../core/engine/offers.ts'
import type { NetworkId, Operations, PortId } from '../../core/operations.ts'
import { answerSchema, type Body, requestSchema } from '../../core/resources/field-table.ts'
import { changed } from './answers.ts'
import { engineIn } from './engine-in.ts'
import { type Call, PROJECT, type Route } from './route.ts'
import { IfMatch } from './schemas.ts'
import { create, destroy, list, show } from './shapes.ts'

const PORTS = `${PROJECT}/ports`
const PORT = `${PORTS}/:port_id`
const IN_NETWORK = `${PROJECT}/networks/:network_id/ports`

const idOf = ({ params }: Call) => params.port_id as PortId
const networkOf = ({ params }: Pick<Call, 'params'>) => params.network_id as NetworkId

export const portRoutes = ({ ports, engines, tables }: Operations): Route[] => {
  const Port = answerSchema(tables.port)
  return [
    list({
      operation: 'list_ports',
      summary: 'The ports of a project',
      path: PORTS,
      resource: Port,
      items: ({ project }) => ports.list(project),
    }),
    create<Body>({
      operation: 'create_port',
      operationId: 'create_port_on_its_own',
      isOptional: true,
      summary: 'Make a port that is in no network',
      path: PORTS,
      body: requestSchema(tables.port, 'createAlone'),
      resource: Port,
      check: (body) => engineIn(body, (alias) => findPortEngine(engines, alias)),
      make: ({ project, body, caller }) => ports.create(project, null, body, caller),
    }),
    show({
      operation: 'show_port',
      summary: 'A port',
      path: PORT,
      resource: Port,
      find: (call) => ports.show(call.project, idOf(call)),
    }),
    {
      operation: 'update_port',
      summary:
        'Name a port, set it administratively up or down, limit its rate, put other ports into its trunk, or change what its engine lets it have',
      method: 'PATCH',
      path: PORT,
      role: 'member',
      headers: IfMatch,
      body: requestSchema(tables.port, 'update'),
      responses: { 200: Port, 202: Port },
      async answer(call) {
        const { project, body, expected, caller } = call
        return changed(call.reply, await ports.update(project, idOf(call), body as Body, expected, caller))
      },
    },
    destroy({
      operation: 'destroy_port',
      summary: 'Destroy a port that no VNIC is plugged into',
      path: PORT,
      resource: Port,
      end: (call) => ports.destroy(call.project, idOf(call), call.expected),
    }),
  ]
}

export const networkPortRoutes = ({ ports, tables }: Operations): Route[] => {
  const Port = answerSchema(tables.port)
  return [
    create<Body>({
      operation: 'create_port',
      isOptional: true,
      summary: 'Make a port in a network',
      path: IN_NETWORK,
      body: requestSchema(tables.port, 'create'),
      resource: Port,
      make: (call) => ports.create(call.project, networkOf(call), call.body, call.caller),
    }),
    list({
      operation: 'list_network_ports',
      isOptional: true,
      summary: "The project's ports in a network",
      path: IN_NETWORK,
      resource: Port,
      items: (call) => ports.listInNetwork(call.project, networkOf(call)),
    }),
  ]
}
