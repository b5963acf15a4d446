/** `POST …/vnics`, for every kind of VNIC that a loaded engine brings: one route, shared by their extensions. */
import { type TObject, Type } from 'typebox'
import { ETHERNET } from '../../engines/ethernet/ethernet-vnic.ts'
import type { Host } from '../draft.ts'
import type { VnicKind } from '../engine/engine.ts'
import { type Route, route } from '../engine/extension.ts'
import { PlugboardError } from '../errors.ts'
import { fieldsOf, only } from './fields.ts'
import { ChosenId, Name, OPAQUE, Vnic } from './resource-schemas.ts'

interface Body {
  readonly id?: string
  readonly kind?: string
  readonly vm_id?: string | null
  readonly name?: string
}

const bodyOf = (kinds: readonly VnicKind[]): TObject =>
  Type.Object(
    {
      id: Type.Optional(ChosenId),
      kind: Type.Optional(
        Type.String({ description: `${kinds.map(({ kind }) => kind).join(', ')}; ${ETHERNET} where none is given` }),
      ),
      vm_id: Type.Optional(Type.Union([Type.String({ pattern: OPAQUE }), Type.Null()])),
      name: Type.Optional(Name),
      ...fieldsOf(kinds.map(({ schema }) => schema)),
    },
    { additionalProperties: false },
  )

export const vnicRoute = (host: Host, kinds: readonly VnicKind[]): Route =>
  route({
    operation: 'create_vnic',
    summary: 'Make a VNIC; it is in no port yet',
    method: 'POST',
    path: '/vnics',
    role: 'member',
    body: bodyOf(kinds),
    resource: Vnic,
    async handle({ project, body }) {
      const { id, kind: wanted = ETHERNET, vm_id, name, ...fields } = body as Body
      const kind = kinds.find(({ kind }) => kind === wanted)
      if (!kind) {
        const known = kinds.map(({ kind }) => kind).join(', ')
        throw new PlugboardError(
          'bad-request',
          `no loaded engine takes VNICs of kind "${wanted}": take one of ${known}`,
          {
            field: 'kind',
          },
        )
      }
      only(kind.schema, fields, `a VNIC of kind ${wanted}`)
      const { asked, attributes } = kind.attributes(fields)
      const core = given({ id, vm_id, name })
      const { created, view } = await host.createVnic(project, wanted, { ...core, ...asked }, attributes)
      return { status: created ? 201 : 200, body: view, location: `/vnics/${view.id}` }
    },
  })

const given = (fields: object) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
