/** Live migration of a VNIC: prepare it at another hypervisor, hand it over, or cancel it. */
import { Type } from 'typebox'
import { PlugboardError } from '../../core/errors.ts'
import type { HypervisorId, Operations, VnicId } from '../../core/operations.ts'
import { OPAQUE } from '../../core/resources/common-fields.ts'
import { answerSchema } from '../../core/resources/field-table.ts'
import type { VnicView } from '../../core/views.ts'
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
        'Prepare the rules of a VNIC at another hypervisor; with "activate", hand it over as soon as its interface is there. With "Prefer: wait" the answer is held until that is done',
      method: 'POST',
      path: MIGRATION,
      role: 'member',
      headers: { ...IfMatch, ...Prefer },
      body: Type.Object(
        {
          hypervisor: Type.Optional(
            Type.String({
              pattern: OPAQUE,
              description:
                'where its interface is about to appear; may be left out to activate the migration under way',
            }),
          ),
          activate: Type.Optional(
            Type.Boolean({
              default: false,
              description:
                'hand it over as soon as its interface is there; otherwise the interface waits for the first frame of its VM',
            }),
          ),
        },
        { additionalProperties: false },
      ),
      responses: { 200: Vnic, 202: Vnic },
      async answer(call) {
        const [{ project, expected }, id] = [call, idOf(call)]
        const { hypervisor: to, activate = false } = call.body as { hypervisor?: HypervisorId; activate?: boolean }
        if (to === undefined && !activate) {
          throw new PlugboardError('bad-request', 'hypervisor is missing: name the one that the VNIC goes to', {
            field: 'hypervisor',
          })
        }
        const now = await vnics.migrate(project, id, { to, activate }, expected)
        const vnic = await held(call, now, (wait, signal) =>
          activate ? vnics.handedOver(project, id, wait, signal) : vnics.prepared(project, id, wait, signal),
        )
        return resource(call.reply, isDone(vnic, activate) ? 200 : 202, vnic)
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

/** If the VNIC has arrived meanwhile, its migration is over. */
const isDone = ({ status, migration }: VnicView, activate: boolean): boolean =>
  activate ? !migration && status === 'active' : (migration?.status ?? 'prepared') === 'prepared'
