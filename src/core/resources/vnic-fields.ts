/** The fields of a VNIC that the core has; each kind of VNIC adds its own. */

import { Type } from 'typebox'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { HypervisorId } from '../../../topology/ids.ts'
import type { Vnic } from '../../../topology/model.ts'
import type { Caller } from '../caller.ts'
import type { VnicKind } from '../engine/engine.ts'
import { ETHERNET } from '../engine/offers.ts'
import type { Standing } from '../standing.ts'
import { type GuardDropsView, MIGRATION_STATUS, VNIC_STATUS } from '../views.ts'
import { claimOf, refusedClaims } from './claims.ts'
import {
  CREATED_AT,
  Detail,
  ID,
  Id,
  nameField,
  OPAQUE,
  Opaque,
  orNull,
  PROJECT,
  REVISION,
  STATUS_DETAIL,
} from './common-fields.ts'
import type { Field } from './field.ts'
import type { Table } from './field-table.ts'
import { checkPin } from './pins.ts'

export interface VnicShowing {
  readonly graph: GraphReader
  readonly standing: Standing
  readonly guardDrops: GuardDropsView | null
}

export interface VnicSetting {
  readonly graph: GraphReader
  readonly caller: Caller
}

export type VnicField = Field<Vnic, VnicShowing, VnicSetting>
export type VnicTable = Table<Vnic, VnicShowing, VnicSetting>

const VM_ID: VnicField = {
  name: 'vm_id',
  documentation: 'The VM that it is a device of, in the words of the cloud, or null. Lists can be filtered by it.',
  answer: orNull(Opaque),
  request: {
    schema: Type.Union([Type.String({ pattern: OPAQUE }), Type.Null()]),
    roles: { create: 'member' },
    default: null,
    isAlwaysSaid: true,
    get: ({ vmId }) => vmId,
    set: (vnic, vmId) => ({ ...vnic, vmId: vmId === null ? null : String(vmId) }),
  },
}

const kindField = (kinds: readonly VnicKind[]): VnicField => ({
  name: 'kind',
  documentation: 'What kind of device it is. It decides which ports the VNIC may be plugged into.',
  answer: Type.String({ description: `"${ETHERNET}", or one that another engine brings` }),
  request: {
    schema: Type.String({
      description: `${kinds.map(({ kind }) => kind).join(', ')}; ${ETHERNET} where none is given`,
    }),
    roles: { create: 'member' },
    default: ETHERNET,
    isAlwaysSaid: true,
    get: ({ kind }) => kind,
  },
})

const PORT_ID: VnicField = {
  name: 'port_id',
  documentation: 'The port that it is plugged into, or null. `PUT …/vnics/{id}/port` plugs it.',
  answer: orNull(Id),
  show: ({ portId }) => portId,
}

const REQUESTED_HYPERVISOR: VnicField = {
  name: 'requested_hypervisor',
  documentation:
    'The hypervisor that it is [pinned to](api.md#pinned-vnics): no other one gets it by showing its interface; or null. The target of its migration is allowed, and is the pin once the VNIC is there.',
  answer: orNull(Opaque),
  request: {
    schema: Type.Union([Type.String({ pattern: OPAQUE }), Type.Null()], {
      description: 'the only hypervisor that may have it; null: any',
    }),
    roles: { create: 'member', update: 'member' },
    default: null,
    get: ({ requestedHypervisor }) => requestedHypervisor,
    set: (vnic, id) => ({ ...vnic, requestedHypervisor: id as HypervisorId | null }),
    check: (vnic, { graph }) => checkPin(graph, vnic),
  },
  initial: { requestedHypervisor: null },
}

/** More are not shown: each hypervisor that has joined can add one. */
const MAX_REFUSED_SHOWN = 10

const REFUSED_CLAIMS: VnicField = {
  name: 'refused_claims',
  documentation:
    'Interfaces with its id on hypervisors that must not have it, since it is [pinned](api.md#pinned-vnics) to another one: ten at most.',
  answer: Type.Array(Type.Object({ hypervisor: Opaque, interface: Type.String() }), {
    description: 'interfaces with its id where it must not be; they get no rules',
  }),
  show: ({ id }, { graph }) =>
    refusedClaims(graph, id)
      .slice(0, MAX_REFUSED_SHOWN)
      .map((claim) => ({ hypervisor: claim.hypervisor, interface: claim.interface })),
}

const STATUS: VnicField = {
  name: 'status',
  documentation: 'How far [its rules](api.md#the-life-of-a-vnic) are.',
  answer: Type.Enum([...VNIC_STATUS]),
  show: (_vnic, { standing }) => standing.status,
}

const BINDING: VnicField = {
  name: 'binding',
  documentation:
    'Where its interface is: hypervisor, bridge, interface and OpenFlow port number; null where none has been seen.',
  answer: Type.Union([
    Type.Object({
      hypervisor: Opaque,
      bridge: Type.String(),
      interface: Type.String(),
      ofport: Type.Union([Type.Integer(), Type.Null()]),
    }),
    Type.Null(),
  ]),
  show({ id }, { graph }) {
    const binding = graph.bindings.get(id)
    if (!binding) return null
    const { hypervisor, bridge, ofport } = binding
    return { hypervisor, bridge, interface: binding.interface, ofport }
  },
}

const MIGRATION: VnicField = {
  name: 'migration',
  documentation:
    'The [live migration](migration.md) that is prepared: its target, how far the rules there are, the interface that waits there, and whether it is activated; or null.',
  answer: Type.Union(
    [
      Type.Object({
        hypervisor: Opaque,
        status: Type.Enum([...MIGRATION_STATUS]),
        status_detail: Detail,
        interface: orNull(Type.String({ description: 'the interface that waits there for the hand-over' })),
        activate: Type.Boolean({ description: 'is it handed over as soon as its interface is there?' }),
      }),
      Type.Null(),
    ],
    { description: 'where it is about to go on, and how far the rules there are' },
  ),
  show({ id, isActivated }, { graph, standing: { migration } }) {
    if (!migration) return null
    const { detail, ...known } = migration
    return {
      ...known,
      ...(detail === undefined ? {} : { status_detail: detail }),
      interface: claimOf(graph, id, migration.hypervisor)?.interface ?? null,
      activate: isActivated,
    }
  },
  initial: { migratesTo: null, isActivated: false },
}

const GUARD_DROPS: VnicField = {
  name: 'guard_drops',
  documentation:
    'What its hypervisor dropped because [it must not send it](operations.md#what-a-guest-must-not-send): the number of frames, since when they are counted, and what a late one shows; or null.',
  answer: Type.Union(
    [
      Type.Object({
        count: Type.Integer({ minimum: 1, description: 'frames' }),
        since: Type.String({ format: 'date-time', description: 'when counting began' }),
        example: Type.Union([Type.String(), Type.Null()], {
          description: 'what the latest frame that the controller has seen shows; null: it has seen none',
        }),
      }),
      Type.Null(),
    ],
    { description: 'frames that it sent and must not send; null: none' },
  ),
  show: (_vnic, { guardDrops }) => guardDrops,
}

export const vnicTable = (kinds: readonly VnicKind[], features: readonly VnicField[]): VnicTable => ({
  title: 'vnic',
  head: [ID, PROJECT, VM_ID, nameField<Vnic>(true), kindField(kinds)],
  engines: kinds.map(({ kind, schema, rows = [] }) => ({ of: kind, occasions: ['create'], schema, rows })),
  tail: [
    PORT_ID,
    REQUESTED_HYPERVISOR,
    ...features,
    STATUS,
    STATUS_DETAIL,
    BINDING,
    REFUSED_CLAIMS,
    MIGRATION,
    GUARD_DROPS,
    REVISION,
    CREATED_AT,
  ],
})
