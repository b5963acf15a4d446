/** Operators: hypervisors, their conditions, and the rules wanted and found there. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { HypervisorId } from '../../../topology/ids.ts'
import { PlugboardError } from '../../core/errors.ts'
import type { CoreOperations } from '../../core/operations.ts'
import { page } from './lists.ts'
import { answers, FlowsQuery, listOf, NoQuery, Nothing, Paged } from './schemas.ts'

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
    conditions: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
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

const OfHypervisor = Type.Object({ hypervisor_id: Type.String() })

export const hypervisorRoutes =
  (operations: CoreOperations): FastifyPluginAsyncTypebox =>
  async (app) => {
    const config = { role: 'admin' } as const

    app.get(
      '/v1/hypervisors',
      {
        config,
        schema: {
          operationId: 'list_hypervisors',
          summary: 'The hypervisors that have joined',
          querystring: Paged,
          response: answers({ 200: listOf('hypervisors', Hypervisor) }),
        },
      },
      async ({ query }) => page('hypervisors', operations.listHypervisors(), query),
    )

    app.get(
      '/v1/hypervisors/:hypervisor_id',
      {
        config,
        schema: {
          operationId: 'show_hypervisor',
          summary: 'A hypervisor',
          params: OfHypervisor,
          querystring: NoQuery,
          response: answers({ 200: Hypervisor }),
        },
      },
      async ({ params }) => operations.showHypervisor(params.hypervisor_id as HypervisorId),
    )

    app.delete(
      '/v1/hypervisors/:hypervisor_id',
      {
        config,
        schema: {
          operationId: 'remove_hypervisor',
          summary: 'Take a hypervisor that is not connected out of service for good',
          params: OfHypervisor,
          querystring: NoQuery,
          response: answers({ 204: Nothing }),
        },
      },
      async ({ params }, reply) => {
        await operations.removeHypervisor(params.hypervisor_id as HypervisorId)
        return reply.code(204).send()
      },
    )

    app.get(
      '/v1/hypervisors/:hypervisor_id/flows',
      {
        config,
        schema: {
          operationId: 'list_flows',
          summary: 'The rules and meters wanted on a hypervisor, and with "actual" what its switch has',
          params: OfHypervisor,
          querystring: FlowsQuery,
          response: answers({ 200: Flows }),
        },
      },
      async ({ params, query: { vnic_id, port_id, network_id, actual = false } }) => {
        const filter = {
          ...(vnic_id === undefined ? {} : { vnicId: vnic_id }),
          ...(port_id === undefined ? {} : { portId: port_id }),
          ...(network_id === undefined ? {} : { networkId: network_id }),
        }
        if (Object.keys(filter).length > 1) {
          throw new PlugboardError(
            'bad-request',
            'the rules of one object at a time: give vnic_id, port_id or network_id',
          )
        }
        return operations.flows(params.hypervisor_id as HypervisorId, filter, actual)
      },
    )
  }
