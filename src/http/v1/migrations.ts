/** Live migration of a VNIC: prepare it at another hypervisor, or call it off. The claim by that hypervisor completes it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { HypervisorId, ProjectId, VnicId } from '../../../topology/ids.ts'
import type { CoreOperations } from '../../core/operations.ts'
import { OPAQUE, Vnic } from '../../core/resources/resource-schemas.ts'
import { gone, held, resource } from './answers.ts'
import { expectedOf } from './headers.ts'
import { answers, IfMatch, NoQuery, Nothing, Prefer } from './schemas.ts'

const OfVnic = Type.Object({ project: Type.String({ pattern: OPAQUE }), vnic_id: Type.String() })
const PATH = '/v1/projects/:project/vnics/:vnic_id/migration'

export const migrationRoutes =
  (operations: CoreOperations): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      PATH,
      {
        config: { role: 'member' },
        schema: {
          operationId: 'migrate',
          summary:
            'Prepare the rules of a VNIC at another hypervisor, before its interface appears there; with "Prefer: wait" the answer is held until they are',
          params: OfVnic,
          querystring: NoQuery,
          headers: Type.Object({ ...IfMatch, ...Prefer }),
          body: Type.Object(
            { hypervisor: Type.String({ pattern: OPAQUE, description: 'where its interface is about to appear' }) },
            { additionalProperties: false },
          ),
          response: answers({ 200: Vnic, 202: Vnic }),
        },
      },
      async (request, reply) => {
        const [project, id] = [request.params.project as ProjectId, request.params.vnic_id as VnicId]
        const expected = expectedOf(request.headers['if-match'])
        const now = await operations.migrate(project, id, request.body.hypervisor as HypervisorId, expected)
        const vnic = await held(request, reply, now, (wait, signal) => operations.prepared(project, id, wait, signal))
        // One that has come there meanwhile migrates no more.
        return resource(reply, (vnic.migration?.status ?? 'prepared') === 'prepared' ? 200 : 202, vnic)
      },
    )

    app.delete(
      PATH,
      {
        config: { role: 'member' },
        schema: {
          operationId: 'call_off_migration',
          summary: 'Call a migration off; answers when what was prepared is gone from every connected switch',
          params: OfVnic,
          querystring: NoQuery,
          headers: Type.Object(IfMatch),
          response: answers({ 204: Nothing, 202: Vnic }),
        },
      },
      async (request, reply) => {
        const { project, vnic_id } = request.params
        const expected = expectedOf(request.headers['if-match'])
        return gone(reply, await operations.callOffMigration(project as ProjectId, vnic_id as VnicId, expected))
      },
    )
  }
