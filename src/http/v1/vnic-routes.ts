/** VNICs: list, create, show, destroy, plug and unplug. */
import { Type } from 'typebox'
import type { HypervisorId, Operations, PortId, VnicId } from '../../core/operations.ts'
import { Id, OPAQUE } from '../../core/resources/common-fields.ts'
import { answerSchema, type Body, requestSchema } from '../../core/resources/field-table.ts'
import { changed, held, resource } from './answers.ts'
import { PageQuery } from './lists.ts'
import { type Call, PROJECT, type Route } from './route.ts'
import { IfMatch, Prefer } from './schemas.ts'
import { create, destroy, list, show } from './shapes.ts'

const VNICS = `${PROJECT}/vnics`
const VNIC = `${VNICS}/:vnic_id`

interface Plug {
  readonly port_id: PortId
  readonly requested_hypervisor?: HypervisorId | null
}

const idOf = ({ params }: Call) => params.vnic_id as VnicId

export const vnicRoutes = ({ vnics, tables }: Operations): Route[] => {
  const Vnic = answerSchema(tables.vnic)
  return [
    list({
      operation: 'list_vnics',
      summary: 'The VNICs of a project, or of one VM',
      path: VNICS,
      query: Type.Object(
        { ...PageQuery, vm_id: Type.Optional(Type.String({ pattern: OPAQUE })) },
        { additionalProperties: false },
      ),
      resource: Vnic,
      items: ({ project, query }) => vnics.list(project, query.vm_id as string | undefined),
    }),
    create<Body>({
      operation: 'create_vnic',
      isOptional: true,
      summary: 'Make a VNIC; it is in no port yet',
      path: VNICS,
      body: requestSchema(tables.vnic, 'create'),
      resource: Vnic,
      make: ({ project, body, caller }) => vnics.create(project, body, caller),
    }),
    show({
      operation: 'show_vnic',
      summary: 'A VNIC',
      path: VNIC,
      resource: Vnic,
      find: (call) => vnics.show(call.project, idOf(call)),
    }),
    {
      operation: 'update_vnic',
      summary: 'Name a VNIC, or pin it to a hypervisor',
      method: 'PATCH',
      path: VNIC,
      role: 'member',
      headers: IfMatch,
      body: requestSchema(tables.vnic, 'update'),
      responses: { 200: Vnic, 202: Vnic },
      async answer(call) {
        const { project, body, expected, caller } = call
        return changed(call.reply, await vnics.update(project, idOf(call), body as Body, expected, caller))
      },
    },
    destroy({
      operation: 'destroy_vnic',
      summary: 'Destroy a VNIC; one that is plugged is unplugged first',
      path: VNIC,
      resource: Vnic,
      end: (call) => vnics.destroy(call.project, idOf(call), call.expected),
    }),
    {
      operation: 'plug',
      summary: 'Plug a VNIC into a port; with "Prefer: wait" the answer is held until it is realised',
      method: 'PUT',
      path: `${VNIC}/port`,
      role: 'member',
      headers: { ...IfMatch, ...Prefer },
      body: Type.Object(
        { port_id: Id, ...Type.Pick(requestSchema(tables.vnic, 'update'), ['requested_hypervisor']).properties },
        { additionalProperties: false },
      ),
      responses: { 200: Vnic, 202: Vnic },
      async answer(call) {
        const [{ project, expected }, id] = [call, idOf(call)]
        const { port_id, requested_hypervisor } = call.body as Plug
        const plugged = await vnics.plug(project, id, port_id, expected, requested_hypervisor)
        const vnic = await held(call, plugged, (wait, signal) => vnics.realised(project, id, wait, signal))
        return resource(call.reply, vnic.status === 'active' ? 200 : 202, vnic)
      },
    },
    destroy({
      operation: 'unplug',
      summary: 'Unplug a VNIC; answers when the rules are gone from every connected switch',
      path: `${VNIC}/port`,
      resource: Vnic,
      end: (call) => vnics.unplug(call.project, idOf(call), call.expected),
    }),
  ]
}
