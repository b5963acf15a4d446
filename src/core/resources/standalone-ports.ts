/** `POST …/ports`, for every engine whose ports are on their own: one route, shared by their extensions. */
import { Type } from 'typebox'
import { RateLimitWish } from '../../features/rate-limit/rate-limit.ts'
import { TrunkWish } from '../../features/trunk/trunk.ts'
import type { Host } from '../draft.ts'
import type { Engine, PortService } from '../engine/engine.ts'
import { type Route, route } from '../engine/extension.ts'
import { engineOf, fieldsOf, only, textIn } from './fields.ts'
import { makePort, type PortWish } from './make-port.ts'
import { ChosenId, Name, Port } from './resource-schemas.ts'

type Offering = Engine & { readonly ports: PortService }

export const makesPorts = (engine: Engine): engine is Offering => engine.ports !== undefined

export function standalonePortRoute(host: Host, engines: readonly Offering[]): Route {
  const aliases = engines.map(({ alias }) => alias).join(', ')
  const find = (alias: string) => engineOf(alias, host.engines, engines, 'has no ports on their own')
  return route({
    operation: 'create_port',
    operationId: 'create_port_on_its_own',
    summary: 'Make a port that is in no network',
    method: 'POST',
    path: '/ports',
    role: 'member',
    body: Type.Object(
      {
        id: Type.Optional(ChosenId),
        name: Type.Optional(Name),
        rate_limit: Type.Optional(RateLimitWish),
        trunk: Type.Optional(TrunkWish),
        engine: Type.String({ description: `the service engine: ${aliases}` }),
        ...fieldsOf(engines.map(({ ports }) => ports.schema)),
      },
      { additionalProperties: false },
    ),
    resource: Port,
    before(body) {
      const alias = textIn(body, 'engine')
      if (alias !== undefined) find(alias)
    },
    async handle({ project, caller, body }) {
      const {
        id,
        name,
        engine: alias,
        rate_limit = null,
        trunk = [],
        ...fields
      } = body as PortWish & { engine: string }
      const engine = find(alias)
      only(engine.ports.schema, fields, `a port of engine ${alias}`)
      const { created, port } = await host.write((draft) =>
        makePort(
          draft,
          project,
          { ...(id && { id }), ...(name && { name }), rate_limit, trunk },
          {
            engines: host.engines,
            engine: alias,
            network: null,
            fields: engine.ports.canonical?.(fields) ?? fields,
            caller,
            plan: () => engine.ports.plan(draft.graph, null, fields, caller),
          },
        ),
      )
      return { status: created ? 201 : 200, body: host.portView(port), location: `/ports/${port.id}` }
    },
  })
}
