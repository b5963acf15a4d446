/** Live migration of a VNIC: prepare it at another hypervisor, or cancel it. The claim by that hypervisor completes it. */
import { Type } from 'typebox'
import type { HypervisorId, Operations, VnicId } from '../../core/operations.ts'
import { OPAQUE } from '../../core/resources/common-fields.ts'
import { answerSchema } from '../../core/resources/field-table.ts'
import { held, resource } from './answers.ts'
import { type Call, PROJECT, type Route } from './route.ts'
import { IfMatch, Prefer } from './schemas.ts'
import { destroy } from './shapes.ts'

const MIGRATION = `${PROJECT}/vnics/:vnic_id/migration`

const idOf = ({ params }: Call) => params.vnic_id as VnicId

export const migrationRoutes = ({ vnics, tables }: Operations): Route[] => {
  const Vnic = answerSchema(tables.vnic)
  return [
    {
      operation: 'migrate',
      summary:
        'Prepare the rules of a VNIC at another hypervisor, before its interface appears there; with "Prefer: wait" the answer is held until they are',
      method: 'POST',
      path: MIGRATION,
      role: 'member',
      headers: { ...IfMatch, ...Prefer },
      body: Type.Object(
        { hypervisor: Type.String({ pattern: OPAQUE, description: 'where its interface is about to appear' }) },
        { additionalProperties: false },
      ),
      responses: { 200: Vnic, 202: Vnic },
      async answer(call) {
        const [{ project, expected }, id] = [call, idOf(call)]
        const { hypervisor } = call.body as { hypervisor: HypervisorId }
        const now = await vnics.migrate(project, id, hypervisor, expected)
        const vnic = await held(call, now, (wait, signal) => vnics.prepared(project, id, wait, signal))
        // If the VNIC has arrived meanwhile, its migration is over.
        return resource(call.reply, (vnic.migration?.status ?? 'prepared') === 'prepared' ? 200 : 202, vnic)
      },
    },
    destroy({
      operation: 'call_off_migration',
      summary: 'Call a migration off; answers when what was prepared is gone from every connected switch',
      path: MIGRATION,
      resource: Vnic,
      end: (call) => vnics.callOffMigration(call.project, idOf(call), call.expected),
    }),
  ]
}
