/** Schemas of requests. Each has the core's fields and those of the loaded engines; an object's own engine then checks them again. */
import { Type } from 'typebox'
import { RateLimitWish } from '../../features/rate-limit/rate-limit.ts'
import { TrunkWish } from '../../features/trunk/trunk.ts'
import type { Engine, VnicKind } from '../engine/engine.ts'
import { bridgingEngines, DEFAULT_ENGINE, ETHERNET, networkEngines, portEngines } from '../engine/offers.ts'
import { fieldsOf } from './fields.ts'
import { AdminState, ChosenId, Name, OPAQUE } from './resource-schemas.ts'

type Engines = ReadonlyMap<string, Engine>

const closed = { additionalProperties: false }

export const networkRequest = (engines: Engines) => {
  const services = networkEngines(engines).map(({ networks }) => networks)
  return Type.Object(
    {
      id: Type.Optional(ChosenId),
      name: Type.Optional(Name),
      engine: Type.Optional(Type.String({ description: `the service engine; ${DEFAULT_ENGINE} where none is given` })),
      shared: Type.Optional(Type.Boolean({ description: 'for every project (role admin)' })),
      segment: Type.Optional(
        Type.Object(fieldsOf(services.map(({ segment }) => segment)), {
          ...closed,
          description: 'of the engine; allocated where none is given; giving one takes role admin',
        }),
      ),
      ...fieldsOf(services.flatMap(({ fields }) => fields ?? [])),
    },
    closed,
  )
}

const portWish = {
  id: Type.Optional(ChosenId),
  name: Type.Optional(Name),
  rate_limit: Type.Optional(RateLimitWish),
  trunk: Type.Optional(TrunkWish),
}

/** A port in a network. */
export const portRequest = (engines: Engines) => {
  const inNetworks = networkEngines(engines).flatMap(({ networks }) => networks.portFields?.schema ?? [])
  const bridging = bridgingEngines(engines).map(({ ports }) => ports.schema)
  return Type.Object({ ...portWish, ...fieldsOf([...inNetworks, ...bridging]) }, closed)
}

/** A port in no network. */
export const standalonePortRequest = (engines: Engines) => {
  const able = portEngines(engines)
  return Type.Object(
    {
      ...portWish,
      engine: Type.String({ description: `the service engine: ${able.map(({ alias }) => alias).join(', ')}` }),
      ...fieldsOf(able.map(({ ports }) => ports.schema)),
    },
    closed,
  )
}

export const portPatch = (engines: Engines) =>
  Type.Object(
    {
      admin_state_up: Type.Optional(AdminState),
      name: Type.Optional(Name),
      rate_limit: Type.Optional(RateLimitWish),
      trunk: Type.Optional(TrunkWish),
      ...fieldsOf(networkEngines(engines).flatMap(({ networks }) => networks.portFields?.schema ?? [])),
    },
    closed,
  )

export const vnicRequest = (kinds: readonly VnicKind[]) =>
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
    closed,
  )
