/** Ports: list, show, update, destroy. To make one is an extension's. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type TProperties, Type } from 'typebox'
import type { PortId, ProjectId } from '../../../topology/ids.ts'
import type { CoreOperations } from '../../core/operations.ts'
import { AdminState, Name, OPAQUE, Port } from '../../core/resources/resource-schemas.ts'
import { RateLimitWish } from '../../features/rate-limit/rate-limit.ts'
import { TrunkWish } from '../../features/trunk/trunk.ts'
import { changed, gone, resource } from './answers.ts'
import { expectedOf } from './headers.ts'
import { page } from './lists.ts'
import { answers, IfMatch, listOf, NoQuery, Nothing, Paged } from './schemas.ts'

const InProject = Type.Object({ project: Type.String({ pattern: OPAQUE }) })
const OfPort = Type.Object({ project: Type.String({ pattern: OPAQUE }), port_id: Type.String() })

/** @param portFields that ports of some engine have beside the core's, and that can be changed */
export const portRoutes =
  (operations: CoreOperations, portFields: TProperties): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/projects/:project/ports',
      {
        schema: {
          operationId: 'list_ports',
          summary: 'The ports of a project',
          params: InProject,
          querystring: Paged,
          response: answers({ 200: listOf('ports', Port) }),
        },
      },
      async ({ params, query }) => page('ports', operations.listPorts(params.project as ProjectId), query),
    )

    app.get(
      '/v1/projects/:project/ports/:port_id',
      {
        schema: {
          operationId: 'show_port',
          summary: 'A port',
          params: OfPort,
          querystring: NoQuery,
          response: answers({ 200: Port }),
        },
      },
      async (request, reply) => {
        const { project, port_id } = request.params
        return resource(reply, 200, operations.showPort(project as ProjectId, port_id as PortId))
      },
    )

    app.patch(
      '/v1/projects/:project/ports/:port_id',
      {
        config: { role: 'member' },
        schema: {
          operationId: 'update_port',
          summary:
            'Name a port, set it administratively up or down, limit its rate, put other ports into its trunk, or change what its engine lets it have',
          params: OfPort,
          querystring: NoQuery,
          headers: Type.Object(IfMatch),
          body: Type.Object(
            {
              admin_state_up: Type.Optional(AdminState),
              name: Type.Optional(Name),
              rate_limit: Type.Optional(RateLimitWish),
              trunk: Type.Optional(TrunkWish),
              ...portFields,
            },
            { additionalProperties: false },
          ),
          response: answers({ 200: Port, 202: Port }),
        },
      },
      async (request, reply) => {
        const { project, port_id } = request.params
        const expected = expectedOf(request.headers['if-match'])
        const id = port_id as PortId
        return changed(
          reply,
          await operations.updatePort(project as ProjectId, id, request.body, expected, request.caller),
        )
      },
    )

    app.delete(
      '/v1/projects/:project/ports/:port_id',
      {
        config: { role: 'member' },
        schema: {
          operationId: 'destroy_port',
          summary: 'Destroy a port that no VNIC is plugged into',
          params: OfPort,
          querystring: NoQuery,
          headers: Type.Object(IfMatch),
          response: answers({ 204: Nothing, 202: Port }),
        },
      },
      async (request, reply) => {
        const { project, port_id } = request.params
        const expected = expectedOf(request.headers['if-match'])
        return gone(reply, await operations.destroyPort(project as ProjectId, port_id as PortId, expected))
      },
    )
  }
