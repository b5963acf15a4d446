/** VNICs: list, show, destroy, plug, unplug. To make one is an extension's. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { PortId, ProjectId, VnicId } from '../../../topology/ids.ts'
import type { CoreOperations } from '../../core/operations.ts'
import { Id, OPAQUE, Vnic } from '../../core/resources/resource-schemas.ts'
import { gone, held, resource } from './answers.ts'
import { expectedOf } from './headers.ts'
import { PageQuery, page } from './lists.ts'
import { answers, IfMatch, listOf, NoQuery, Nothing, Prefer } from './schemas.ts'

const InProject = Type.Object({ project: Type.String({ pattern: OPAQUE }) })
const OfVnic = Type.Object({ project: Type.String({ pattern: OPAQUE }), vnic_id: Type.String() })

export const vnicRoutes =
  (operations: CoreOperations): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/projects/:project/vnics',
      {
        schema: {
          operationId: 'list_vnics',
          summary: 'The VNICs of a project, or of one VM',
          params: InProject,
          querystring: Type.Object(
            { ...PageQuery, vm_id: Type.Optional(Type.String({ pattern: OPAQUE })) },
            { additionalProperties: false },
          ),
          response: answers({ 200: listOf('vnics', Vnic) }),
        },
      },
      async ({ params, query }) => page('vnics', operations.listVnics(params.project as ProjectId, query.vm_id), query),
    )

    app.get(
      '/v1/projects/:project/vnics/:vnic_id',
      {
        schema: {
          operationId: 'show_vnic',
          summary: 'A VNIC',
          params: OfVnic,
          querystring: NoQuery,
          response: answers({ 200: Vnic }),
        },
      },
      async (request, reply) => {
        const { project, vnic_id } = request.params
        return resource(reply, 200, operations.showVnic(project as ProjectId, vnic_id as VnicId))
      },
    )

    app.delete(
      '/v1/projects/:project/vnics/:vnic_id',
      {
        config: { role: 'member' },
        schema: {
          operationId: 'destroy_vnic',
          summary: 'Destroy a VNIC; one that is plugged is unplugged first',
          params: OfVnic,
          querystring: NoQuery,
          headers: Type.Object(IfMatch),
          response: answers({ 204: Nothing, 202: Vnic }),
        },
      },
      async (request, reply) => {
        const { project, vnic_id } = request.params
        const expected = expectedOf(request.headers['if-match'])
        return gone(reply, await operations.destroyVnic(project as ProjectId, vnic_id as VnicId, expected))
      },
    )

    app.put(
      '/v1/projects/:project/vnics/:vnic_id/port',
      {
        config: { role: 'member' },
        schema: {
          operationId: 'plug',
          summary: 'Plug a VNIC into a port; with "Prefer: wait" the answer is held until it is realised',
          params: OfVnic,
          querystring: NoQuery,
          headers: Type.Object({ ...IfMatch, ...Prefer }),
          body: Type.Object({ port_id: Id }, { additionalProperties: false }),
          response: answers({ 200: Vnic, 202: Vnic }),
        },
      },
      async (request, reply) => {
        const { vnic_id } = request.params
        const [project, id] = [request.params.project as ProjectId, vnic_id as VnicId]
        const expected = expectedOf(request.headers['if-match'])
        const plugged = await operations.plug(project, id, request.body.port_id as PortId, expected)
        const vnic = await held(request, reply, plugged, (wait, signal) =>
          operations.realised(project, id, wait, signal),
        )
        return resource(reply, vnic.status === 'active' ? 200 : 202, vnic)
      },
    )

    app.delete(
      '/v1/projects/:project/vnics/:vnic_id/port',
      {
        config: { role: 'member' },
        schema: {
          operationId: 'unplug',
          summary: 'Unplug a VNIC; answers when the rules are gone from every connected switch',
          params: OfVnic,
          querystring: NoQuery,
          headers: Type.Object(IfMatch),
          response: answers({ 204: Nothing, 202: Vnic }),
        },
      },
      async (request, reply) => {
        const { project, vnic_id } = request.params
        const expected = expectedOf(request.headers['if-match'])
        return gone(reply, await operations.unplug(project as ProjectId, vnic_id as VnicId, expected))
      },
    )
  }
