/** Routes for operators: hypervisors, their conditions, and their desired and actual rules. */
import { type Static, Type } from 'typebox'
import { PlugboardError } from '../../core/errors.ts'
import type { FlowFilter } from '../../core/flow-filter.ts'
import type { HypervisorId, Operations } from '../../core/operations.ts'
import { Id } from '../../core/resources/common-fields.ts'
import { SEVERITY } from '../../core/severity.ts'
import { inTime, resource } from './answers.ts'
import type { Call, Route } from './route.ts'
import { Nothing } from './schemas.ts'
import { destroy, list, show } from './shapes.ts'

const orNull = Type.Union([Type.String(), Type.Null()])

const Hypervisor = Type.Object(
  {
    id: Type.String({ description: "the host's system-id" }),
    hostname: Type.String(),
    openflow_connected: Type.Boolean(),
    ovsdb_connected: Type.Boolean(),
    openflow_version: orNull,
    ovs_version: Type.String(),
    datapath_id: orNull,
    bridge_mappings: Type.Record(Type.String(), Type.String()),
    encap_ip: orNull,
    rules: Type.Integer({ description: 'rules wanted there' }),
    backlog: Type.Integer({ description: 'objects whose rules are on their way there' }),
    last_error: orNull,
    conditions: Type.Array(
      Type.Object({
        code: Type.String(),
        message: Type.String({ description: 'what is wrong, and how to correct it' }),
        severity: Type.Enum([...SEVERITY], {
          description:
            'warning: traffic passes; error: VNICs cannot work, or not reach everybody; critical: isolation or all tunnels are at stake',
        }),
        since: Type.String({ format: 'date-time', description: 'when the controller first saw it' }),
      }),
    ),
  },
  { title: 'hypervisor' },
)

const Flow = Type.Object({
  flow: Type.String({ description: 'the ovs-ofctl line' }),
  why: Type.Optional(Type.String()),
})

const Flows = Type.Object(
  {
    flows: Type.Array(Flow, { description: 'rules wanted, each with its object and reason' }),
    meters: Type.Array(Type.String(), {
      description: 'the meters that these rules use: the lines of ovs-ofctl dump-meters, those of one meter as one',
    }),
    actual: Type.Optional(Type.Array(Flow)),
    missing: Type.Optional(Type.Array(Flow)),
    extra: Type.Optional(Type.Array(Flow)),
    actual_meters: Type.Optional(Type.Array(Type.String())),
  },
  { title: 'flows' },
)

const Held = Type.Object(
  {
    held: Type.Array(
      Type.Object({
        flow: Type.String({ description: 'the ovs-ofctl line' }),
        vnic_id: { ...orNull, description: 'the live VNIC that the rule is for; null: it is not known' },
      }),
      { description: 'the first 1,000 of them' },
    ),
    total: Type.Integer({ description: 'how many there are' }),
  },
  { title: 'held' },
)

/** The query of a request for flows. It may have at most one of the three ids. */
const FlowsQuery = Type.Object(
  {
    vnic_id: Type.Optional(Id),
    port_id: Type.Optional(Id),
    network_id: Type.Optional(Id),
    actual: Type.Optional(Type.Boolean({ description: 'read the switch, too' })),
  },
  { additionalProperties: false },
)

const HYPERVISORS = '/v1/hypervisors'
const HYPERVISOR = `${HYPERVISORS}/:hypervisor_id`

const idOf = ({ params }: Call) => params.hypervisor_id as HypervisorId

export const hypervisorRoutes = ({ hypervisors }: Operations): Route[] => [
  list({
    operation: 'list_hypervisors',
    summary: 'The hypervisors that have joined',
    path: HYPERVISORS,
    role: 'admin',
    resource: Hypervisor,
    items: () => hypervisors.list(),
  }),
  show({
    operation: 'show_hypervisor',
    summary: 'A hypervisor',
    path: HYPERVISOR,
    role: 'admin',
    resource: Hypervisor,
    find: (call) => hypervisors.show(idOf(call)),
  }),
  destroy({
    operation: 'remove_hypervisor',
    summary: 'Take a hypervisor that is not connected out of service for good',
    path: HYPERVISOR,
    role: 'admin',
    // A hypervisor has no revision.
    headers: {},
    end: (call) => hypervisors.remove(idOf(call)),
  }),
  {
    operation: 'adopt_hypervisor',
    summary:
      'Serve a connected host that is not touched (condition foreign-store), because it may belong to another store: its rules of Plugboard are replaced by those wanted here',
    method: 'POST',
    path: `${HYPERVISOR}/adopt`,
    role: 'admin',
    responses: { 200: Hypervisor },
    check: checkNoBody,
    answer: async (call) => resource(call.reply, 200, await hypervisors.adopt(idOf(call))),
  },
  {
    operation: 'list_held_rules',
    summary:
      'The rules of live VNICs on a hypervisor that a restored store does not know: they are held, and nothing is changed there',
    method: 'GET',
    path: `${HYPERVISOR}/held`,
    role: 'admin',
    responses: { 200: Held },
    answer: async (call) => hypervisors.held(idOf(call)),
  },
  {
    operation: 'release_held_rules',
    summary: 'Take the held rules away; 202 if the switch has not confirmed within 5 s',
    method: 'DELETE',
    path: `${HYPERVISOR}/held`,
    role: 'admin',
    responses: { 204: Nothing, 202: Hypervisor },
    async answer(call) {
      const isDone = await inTime(hypervisors.release(idOf(call)))
      return isDone ? call.reply.code(204).send() : resource(call.reply, 202, await hypervisors.show(idOf(call)))
    },
  },
  {
    operation: 'list_flows',
    summary: 'The rules and meters wanted on a hypervisor, and with "actual" what its switch has',
    method: 'GET',
    path: `${HYPERVISOR}/flows`,
    role: 'admin',
    query: FlowsQuery,
    responses: { 200: Flows },
    async answer(call) {
      const query = call.query as Static<typeof FlowsQuery>
      return hypervisors.flows(idOf(call), filterOf(query), query.actual ?? false)
    },
  },
]

/** @throws PlugboardError `bad-request` */
function checkNoBody(body: unknown): void {
  const isEmpty = typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 0
  if (body === undefined || body === null || isEmpty) return
  throw new PlugboardError('bad-request', 'this request has no body: send none, or {}')
}

/** @throws PlugboardError `bad-request` if the query names several objects */
function filterOf({ vnic_id, port_id, network_id }: Static<typeof FlowsQuery>): FlowFilter {
  const filter = {
    ...(vnic_id !== undefined && { vnicId: vnic_id }),
    ...(port_id !== undefined && { portId: port_id }),
    ...(network_id !== undefined && { networkId: network_id }),
  }
  if (Object.keys(filter).length <= 1) return filter
  throw new PlugboardError('bad-request', 'the rules of one object at a time: give vnic_id, port_id or network_id')
}
