/** The fields of a network. */
import { Type } from 'typebox'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Attributes, Network } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { Engine } from '../engine/engine.ts'
import { DEFAULT_ENGINE } from '../engine/offers.ts'
import type { NetworkStanding } from '../standing.ts'
import { CREATED_AT, ID, nameField, PROJECT, REVISION, STATUS_DETAIL } from './common-fields.ts'
import type { Field } from './field.ts'
import type { EngineFields, Table } from './field-table.ts'
import { fieldsOf } from './fields.ts'

export interface NetworkShowing {
  readonly graph: GraphReader
  readonly engines: ReadonlyMap<string, Engine>
  readonly standing: NetworkStanding
}

export interface NetworkSetting {
  readonly caller: Caller
}

export type NetworkField = Field<Network, NetworkShowing, NetworkSetting>
export type NetworkTable = Table<Network, NetworkShowing, NetworkSetting>

const ENGINE: NetworkField = {
  name: 'engine',
  documentation: 'The [engine](networks.md) that carries its frames.',
  answer: Type.String(),
  request: {
    schema: Type.String({ description: `the service engine; ${DEFAULT_ENGINE} where none is given` }),
    roles: { create: 'member' },
    default: DEFAULT_ENGINE,
    isAlwaysSaid: true,
    get: ({ engine }) => engine,
  },
}

/** The schema accepts the segment fields of every engine. Then the engine of the network checks them. */
const segmentField = (engines: readonly Engine[]): NetworkField => ({
  name: 'segment',
  documentation:
    'Where on the fabric its isolation lives, in the words of its engine. A free one is chosen where none is given.',
  answer: Type.Record(Type.String(), Type.Union([Type.String(), Type.Integer()]), {
    description:
      'where the isolation lives: {physical_network, vlan_id}, {vni} or {physical_network}, with what else its engine says of it',
  }),
  show: ({ segment }) => segment,
  request: {
    schema: Type.Object(fieldsOf(engines.flatMap(({ networks }) => networks?.segment ?? [])), {
      additionalProperties: false,
      description: 'of the engine; allocated where none is given; giving one takes role admin',
    }),
    roles: { create: 'admin' },
    default: undefined,
    // The engine chooses the segment, so a new network has none yet.
    get: () => undefined,
  },
})

const MTU: NetworkField = {
  name: 'mtu',
  documentation: 'The largest payload of a frame, in octets: tell guests of it.',
  answer: Type.Integer({ description: 'largest payload of a frame, octets' }),
  show: ({ engine }, { graph, engines }) => engines.get(engine)?.networks?.mtu(graph) ?? 0,
}

const SHARED: NetworkField = {
  name: 'shared',
  documentation: 'May every project make ports in it?',
  answer: Type.Boolean(),
  request: {
    schema: Type.Boolean({ description: 'for every project (role admin)' }),
    roles: { create: 'admin' },
    default: false,
    isAlwaysSaid: true,
    get: ({ shared }) => shared,
    set: (network, shared) => ({ ...network, shared: shared === true }),
  },
}

const STATUS: NetworkField = {
  name: 'status',
  documentation: '`active`, or `error`.',
  answer: Type.Enum(['active', 'error']),
  show: (_network, { standing }) => standing.status,
}

/** The fields that the loaded engines add to their networks. */
const engineFields = (engines: readonly Engine[]): EngineFields[] =>
  engines.flatMap(({ alias, networks }) =>
    networks?.fields ? { of: alias, occasions: ['create'], schema: networks.fields, rows: networks.rows ?? [] } : [],
  )

export function networkTable(engines: readonly Engine[], features: readonly NetworkField[]): NetworkTable {
  const serviceOf = (alias: unknown) => engines.find((engine) => engine.alias === alias)?.networks
  return {
    title: 'network',
    head: [ID, PROJECT, nameField<Network>(false), ENGINE, segmentField(engines)],
    engines: engineFields(engines),
    tail: [MTU, SHARED, ...features, STATUS, STATUS_DETAIL, REVISION, CREATED_AT],
    // Older versions stored neither of these properties.
    restore: (old) => ({ attributes: {}, hypervisorRules: serviceOf(old.engine)?.hypervisorRules ?? false, ...old }),
  }
}

/** Fields of the engine that the network lacks because it is older than they are. Answers show them as null. */
export const unsaid = ({ engine, attributes }: Network, engines: ReadonlyMap<string, Engine>): Attributes => {
  const { properties = {} } = engines.get(engine)?.networks?.fields ?? {}
  return { ...Object.fromEntries(Object.keys(properties).map((name) => [name, null])), ...attributes }
}
