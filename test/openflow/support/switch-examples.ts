/** Examples of groups, meters, tables, ports and queues. */
import { BUCKET, GROUP, type Message, parseActions, TABLE_CONFIG } from '../../../src/openflow/index.ts'
import { counts, duration, output3, port } from './example-values.ts'

export function groups(version: number): Message[] {
  const isNew = version >= 6
  const buckets = [
    { actions: output3, weight: 5 },
    { actions: parseActions('set_field:0x5->reg0,output:4'), weight: 7 },
  ].map((bucket, index) => (isNew ? { bucket: index, ...bucket } : bucket))
  const live = [{ ...(isNew ? { bucket: 9 } : {}), actions: output3, watchPort: 3, watchGroup: GROUP.ANY }]
  const method = { type: 'selection_method', method: 'hash', parameter: 5n } as const
  const fields = [
    { field: 'eth_type', value: 0xffff },
    { field: 'ip_proto', value: 0xff },
    { field: 'ipv4_src', value: 0xffffffff },
  ] as const
  const properties = isNew ? { properties: [{ ...method, fields: fields.slice(2) }] } : {}
  const group = { group: 5, groupType: 'select', buckets, ...properties } as const
  const perType = { all: 5, select: 6, indirect: 7, ff: 8 }
  return [
    { type: 'group_mod', command: 'add', ...group },
    { type: 'group_mod', command: 'modify', group: 6, groupType: 'ff', buckets: live },
    { type: 'group_mod', command: 'delete', group: GROUP.ALL, groupType: 'all' },
    ...(isNew
      ? ([
          {
            type: 'group_mod',
            command: 'insert_bucket',
            group: 5,
            groupType: 'ff',
            buckets: live,
            commandBucket: BUCKET.LAST,
          },
          { type: 'group_mod', command: 'remove_bucket', group: 5, groupType: 'all', commandBucket: 9 },
        ] as const)
      : []),
    { type: 'multipart_request', multipart: 'group_stats', group: 5 },
    {
      type: 'multipart_reply',
      multipart: 'group_stats',
      groups: [{ group: 5, references: 1, ...counts, duration, buckets: [counts, counts] }],
    },
    { type: 'multipart_request', multipart: 'group_desc' },
    { type: 'multipart_reply', multipart: 'group_desc', groups: [group, { group: 6, groupType: 'ff', buckets: live }] },
    { type: 'multipart_request', multipart: 'group_features' },
    {
      type: 'multipart_reply',
      multipart: 'group_features',
      features: { types: 15, capabilities: 7, maxGroups: perType, actions: perType },
    },
  ]
}

export function meters(): Message[] {
  const bands = [{ type: 'drop', rate: 1000, burst: 300 }] as const
  const meter = { flags: 13, meter: 5, bands }
  return [
    { type: 'meter_mod', command: 'add', ...meter },
    { type: 'meter_mod', command: 'delete', flags: 0, meter: 5, bands: [] },
    { type: 'multipart_request', multipart: 'meter_stats' },
    {
      type: 'multipart_reply',
      multipart: 'meter_stats',
      meters: [{ meter: 5, references: 1, ...counts, duration, bands: [counts] }],
    },
    { type: 'multipart_request', multipart: 'meter_config' },
    { type: 'multipart_reply', multipart: 'meter_config', meters: [meter, { ...meter, meter: 6 }] },
    { type: 'multipart_request', multipart: 'meter_features' },
    {
      type: 'multipart_reply',
      multipart: 'meter_features',
      features: {
        maxMeter: 100,
        bandTypes: 2,
        capabilities: 15,
        maxBands: 1,
        maxColor: 0,
      },
    },
  ]
}

export function tables(version: number): Message[] {
  const fields = [{ field: 'in_port' }, { field: 'eth_dst', hasMask: true }] as const
  const codes = [{ code: 0 }, { code: 22 }]
  const features = {
    table: 1,
    name: 'first',
    metadataMatch: 0xffn,
    metadataWrite: 0xffn,
    capabilities: version < 5 ? 3 : TABLE_CONFIG.eviction,
    maxEntries: 1000,
    properties: [
      { type: 'instructions', instructions: [{ code: 1 }, { code: 4 }] },
      { type: 'next_tables', tables: [2, 3, 4] },
      { type: 'write_actions', actions: codes },
      { type: 'apply_actions', actions: codes },
      { type: 'match', fields },
      { type: 'wildcards', fields: fields.slice(0, 1) },
      { type: 'write_setfield', fields: fields.slice(0, 1) },
      { type: 'apply_setfield', fields: fields.slice(0, 1) },
    ],
  } as const
  const properties = [{ type: 'eviction', flags: 2 }] as const
  const table = { table: 1, config: TABLE_CONFIG.eviction, properties }
  return [
    { type: 'table_mod', ...(version < 5 ? { table: 1, config: 3 } : table) },
    { type: 'multipart_request', multipart: 'table_features' },
    { type: 'multipart_reply', multipart: 'table_features', tables: [features] },
    ...(version < 5
      ? []
      : ([
          { type: 'multipart_request', multipart: 'table_desc' },
          { type: 'multipart_reply', multipart: 'table_desc', tables: [table, { ...table, table: 2 }] },
          {
            type: 'table_status',
            reason: 'vacancy_down',
            table: {
              table: 1,
              config: TABLE_CONFIG.vacancyEvents,
              properties: [{ type: 'vacancy', down: 10, up: 90, current: 9 }],
            },
          },
        ] as const)),
  ]
}

export function ports(version: number): Message[] {
  const errors = { type: 'ethernet', rxFrameErrors: 1n, rxOverErrors: 2n, rxCrcErrors: 3n, collisions: 4n } as const
  const some = { rxPackets: 1n, txPackets: 2n, rxBytes: 3n, txBytes: 4n, rxDropped: 5n, txDropped: 6n }
  const stats = { port: 3, duration, ...some, rxErrors: 7n, txErrors: 8n, properties: [errors] }
  const queue = {
    port: 3,
    queue: 5,
    properties: [
      { type: 'min_rate', rate: 100 },
      { type: 'max_rate', rate: 500 },
    ],
  } as const
  const queues: Message[] =
    version < 5
      ? [
          { type: 'queue_get_config_request', port: 3 },
          { type: 'queue_get_config_reply', port: 3, queues: [queue] },
        ]
      : [
          { type: 'multipart_request', multipart: 'queue_desc', port: 3 },
          { type: 'multipart_reply', multipart: 'queue_desc', queues: [queue] },
        ]
  return [
    {
      type: 'port_mod',
      port: 3,
      address: port.address,
      config: 1,
      mask: 1,
      properties: [{ type: 'ethernet', advertised: 64 }],
    },
    { type: 'multipart_request', multipart: 'port_stats', port: 3 },
    { type: 'multipart_reply', multipart: 'port_stats', ports: [stats, stats] },
    { type: 'multipart_request', multipart: 'queue_stats', port: 3 },
    {
      type: 'multipart_reply',
      multipart: 'queue_stats',
      queues: [{ port: 3, queue: 5, txBytes: 1n, txPackets: 2n, txErrors: 3n, duration }],
    },
    ...queues,
  ]
}
