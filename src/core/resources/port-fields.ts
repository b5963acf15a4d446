/** The fields of a port that the core has; features and engines add theirs. */
import { Type } from 'typebox'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { Port } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { Engine } from '../engine/engine.ts'
import type { PortStanding } from '../standing.ts'
import { PORT_STATUS } from '../views.ts'
import { CREATED_AT, ID, Id, nameField, orNull, PROJECT, REVISION, STATUS_DETAIL } from './common-fields.ts'
import type { Field } from './field.ts'
import type { EngineFields, Table } from './field-table.ts'

export interface PortShowing {
  readonly graph: GraphReader
  readonly engines: ReadonlyMap<string, Engine>
  readonly standing: PortStanding
}

export interface PortSetting {
  readonly graph: GraphReader
  readonly engines: ReadonlyMap<string, Engine>
  readonly caller: Caller
}

export type PortField = Field<Port, PortShowing, PortSetting>
/** A row that an engine adds to the table of ports. */
export type EnginePortField = Field<Port, unknown, Pick<PortSetting, 'graph' | 'caller'>>
export type PortTable = Table<Port, PortShowing, PortSetting>

const engineField = (engines: readonly Engine[]): PortField => ({
  name: 'engine',
  documentation:
    'The [engine](networks.md) that serves it: of a port in a network, that of the network or of the bridge.',
  answer: Type.String(),
  request: {
    schema: Type.String({
      description: `the service engine: ${engines.flatMap(({ alias, ports }) => (ports ? alias : [])).join(', ')}`,
    }),
    isRequired: true,
    roles: { createAlone: 'member' },
    default: undefined,
    isAlwaysSaid: true,
    get: ({ engine }) => engine,
  },
})

const NETWORK_ID: PortField = {
  name: 'network_id',
  documentation: 'The network that it is in, or null.',
  answer: orNull(Id),
  show: ({ networkId }) => networkId,
}

const VNIC_ID: PortField = {
  name: 'vnic_id',
  documentation: 'The VNIC that is plugged into it, or null.',
  answer: orNull(Id),
  show: ({ id }, { graph }) => graph.vnicOf(id)?.id ?? null,
}

const AdminState = Type.Boolean({ description: 'false: its VNIC neither sends nor receives' })

const ADMIN_STATE_UP: PortField = {
  name: 'admin_state_up',
  documentation: 'The administrative state: while it is false, the VNIC neither sends nor receives.',
  answer: AdminState,
  request: {
    schema: AdminState,
    roles: { update: 'member' },
    default: true,
    get: ({ adminUp }) => adminUp,
    set: (port, adminUp) => ({ ...port, adminUp: adminUp === true }),
  },
}

const STATUS: PortField = {
  name: 'status',
  documentation: '`down`, or how far [the rules of its VNIC](api.md#the-life-of-a-vnic) are.',
  answer: Type.Enum([...PORT_STATUS]),
  show: (_port, { standing }) => standing.status,
}

/** The fields that the loaded engines add to ports in their networks, then those of ports that engines serve by themselves. */
const engineFields = (engines: readonly Engine[]): EngineFields[] => [
  ...engines.flatMap(({ alias, networks }): EngineFields[] => {
    if (!networks?.portFields) return []
    const { schema, rows = [] } = networks.portFields
    return [{ of: alias, occasions: ['create', 'update'], schema, rows }]
  }),
  ...engines.flatMap(({ alias, ports }): EngineFields[] => {
    if (!ports) return []
    const { schema, rows = [], inNetworks } = ports
    return [{ of: alias, occasions: inNetworks ? ['create', 'createAlone'] : ['createAlone'], schema, rows }]
  }),
]

export const portTable = (engines: readonly Engine[], features: readonly PortField[]): PortTable => ({
  title: 'port',
  head: [ID, PROJECT, nameField<Port>(true), engineField(engines), NETWORK_ID, VNIC_ID],
  engines: engineFields(engines),
  tail: [ADMIN_STATE_UP, ...features, STATUS, STATUS_DETAIL, REVISION, CREATED_AT],
  restore: ({ asksForUnknown: floodUnknown = false, ...old }) => ({
    // Schema 3 had another name for this property.
    floodUnknown,
    // Older versions did not store it. The engine knows it from the port's attributes.
    borrowsAddresses:
      engines.find(({ alias }) => alias === old.engine)?.networks?.portFields?.borrowsAddresses?.(old as never) ??
      false,
    // In schema 1 every port was for a VNIC.
    hypervisor: null,
    segmentId: null,
    ...old,
  }),
})
