/** One of each type of message and of each kind of multipart in a version, as a switch and a controller would say it. */
import {
  BUCKET,
  GROUP,
  type Message,
  mac,
  PORT,
  parseActions,
  parseFlow,
  TABLE_CONFIG,
} from '../../../src/openflow/index.ts'
import { LINES } from './rules.ts'

/** An ARP request. */
export const data = new Uint8Array(
  Buffer.from('ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002', 'hex'),
)
/** What an error is about. */
const refused = (version: number): Uint8Array => Uint8Array.of(version, 20, 0, 8, 0, 0, 0, 9)

const duration = { seconds: 3, nanoseconds: 5 }
const counts = { packets: 7n, bytes: 900n }
const inPort = [{ field: 'in_port', value: 3 }] as const
const output3 = [{ type: 'output', port: 3 }] as const

/** Rules of the broad list that OpenFlow 1.3 and 1.4 can say, with Nicira's extensions. */
export const flowsIn = (version: number) =>
  LINES.filter((line) => version > 4 || !line.includes('importance')).map(parseFlow)

const LINK = {
  type: 'ethernet',
  current: 0x840,
  advertised: 0,
  supported: 0,
  peer: 0,
  currentSpeed: 10_000_000,
  maxSpeed: 0,
} as const
const port = { port: 3, address: mac('02:00:00:00:00:03'), name: 'eth3', config: 0, state: 4, properties: [LINK] }

const control = (step: 'open_request' | 'close_request' | 'commit_request' | 'discard_request' | 'commit_reply') =>
  ({ type: 'bundle_control', bundle: 1, step, flags: 3 }) as const

function connections(version: number): Message[] {
  return [
    { type: 'hello' },
    { type: 'hello', versions: [4, 5, 6] },
    { type: 'error', errorType: 4, code: 9, data: refused(version) },
    { type: 'error', errorType: 0xffff, code: 4, experimenter: 0x2320, data: refused(version) },
    { type: 'echo_request', data },
    { type: 'echo_reply', data },
    { type: 'features_request' },
    { type: 'features_reply', datapathId: 0x1234n, buffers: 0, tables: 254, auxiliaryId: 0, capabilities: 79 },
    { type: 'get_config_request' },
    { type: 'get_config_reply', flags: 0, missSendLength: 128 },
    { type: 'set_config', flags: 0, missSendLength: 0xffff },
    { type: 'barrier_request' },
    { type: 'barrier_reply' },
    { type: 'role_request', role: 'master', generationId: 5n },
    { type: 'role_reply', role: 'slave', generationId: 5n },
    { type: 'role_status', role: 'slave', reason: 'master_request', generationId: 5n, properties: new Uint8Array() },
    ...(['open', 'close', 'commit', 'discard'] as const).map((step) => control(`${step}_request`)),
    control('commit_reply'),
    {
      type: 'bundle_add',
      bundle: 1,
      flags: 3,
      message: { type: 'flow_mod', command: 'delete', table: 255, priority: 0, match: [] },
    },
    { type: 'get_async_request' },
  ]
}

function packets(version: number): Message[] {
  const stats = version < 6 ? { duration, ...counts } : { duration, ...counts, idle: { seconds: 1, nanoseconds: 0 } }
  const from = version < 6 ? [{ field: 'in_port', value: PORT.CONTROLLER } as const] : inPort
  const flow = { table: 1, priority: 5, idleTimeout: 5, hardTimeout: 0, cookie: 5n, match: inPort }
  const actions = parseActions('set_field:0x5->reg0,resubmit(,5),output:3')
  return [
    {
      type: 'packet_in',
      bufferId: 0xffffffff,
      totalLength: 42,
      reason: 'apply_action',
      table: 3,
      cookie: 5n,
      match: [...inPort, { field: 'tun_id', value: 7n }],
      data,
    },
    { type: 'packet_out', match: from, actions, data },
    { type: 'flow_removed', ...flow, reason: 'idle_timeout', stats },
    { type: 'port_status', reason: 'modify', port },
    ...(['modify', 'modify_strict', 'delete', 'delete_strict'] as const).map(
      (command) => ({ type: 'flow_mod', command, ...flow, cookieMask: 0xffn }) as const,
    ),
  ]
}

function multiparts(version: number): Message[] {
  const asked = { table: 3, cookie: 5n, cookieMask: 7n, match: inPort }
  const stats = { duration, ...counts }
  const told = flowsIn(version).slice(0, 40)
  return [
    { type: 'multipart_request', multipart: 'desc' },
    {
      type: 'multipart_reply',
      multipart: 'desc',
      desc: { manufacturer: 'us', hardware: 'none', software: '1', serial: '2', datapath: 'x' },
    },
    { type: 'multipart_request', multipart: 'port_desc' },
    { type: 'multipart_reply', multipart: 'port_desc', ports: [port, port] },
    { type: 'multipart_request', multipart: 'table' },
    { type: 'multipart_reply', multipart: 'table', tables: [{ table: 3, active: 5, lookups: 7n, matched: 9n }] },
    { type: 'multipart_request', multipart: 'flow', ...asked },
    { type: 'multipart_reply', multipart: 'flow', flows: flowsIn(version).map((flow) => ({ ...flow, stats })) },
    { type: 'multipart_request', multipart: 'aggregate', ...asked },
    { type: 'multipart_reply', multipart: 'aggregate', stats: { ...counts, flows: 3 } },
    { type: 'multipart_request', multipart: 'flow_monitor', monitors: [{ monitor: 1, command: 'add', flags: 15 }] },
    {
      type: 'multipart_reply',
      multipart: 'flow_monitor',
      updates: [
        { event: 'abbrev', xid: 5 },
        ...(version < 5 ? [] : ([{ event: 'paused' }, { event: 'resumed' }] as const)),
        ...told.map(({ table, priority, cookie, match, instructions }) => ({
          event: 'added' as const,
          reason: 'idle_timeout' as const,
          idleTimeout: 0,
          hardTimeout: 0,
          table,
          priority,
          cookie,
          match,
          instructions,
        })),
      ],
    },
  ]
}

function groups(version: number): Message[] {
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

function meters(): Message[] {
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

function tables(version: number): Message[] {
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

function ports(version: number): Message[] {
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

const MASKS = [
  'packet_in_master',
  'packet_in_slave',
  'port_status_master',
  'port_status_slave',
  'flow_removed_master',
  'flow_removed_slave',
] as const

function asynchronous(version: number): Message[] {
  const properties = MASKS.map((type) => ({ type, mask: 7 }))
  const mod = {
    type: 'group_mod',
    command: 'add',
    group: 5,
    groupType: 'indirect',
    buckets: [{ actions: output3 }],
  } as const
  const more = version < 5 ? [] : ([{ type: 'role_status_slave', mask: 3 }] as const)
  return [
    { type: 'get_async_reply', properties: [...properties, ...more] },
    { type: 'set_async', properties: [...properties, ...more] },
    ...(version < 5
      ? ([
          { type: 'nx_set_async', properties },
          { type: 'flow_monitor_cancel', monitor: 5 },
          { type: 'flow_monitor_paused' },
          { type: 'flow_monitor_resumed' },
        ] as const)
      : ([{ type: 'requestforward', message: mod }] as const)),
  ]
}

const [SRC, DST] = [0xffff0a000001n, 0xffff0a000002n]
const nicira: readonly Message[] = [
  { type: 'nx_role_request', role: 'master' },
  { type: 'nx_role_reply', role: 'slave' },
  { type: 'set_packet_in_format', format: 'nxt_packet_in2' },
  { type: 'set_controller_id', id: 5 },
  {
    type: 'tlv_table_mod',
    command: 'add',
    mappings: [{ optionClass: 0xffff, optionType: 5, optionLength: 8, index: 3 }],
  },
  { type: 'tlv_table_mod', command: 'clear' },
  { type: 'tlv_table_request' },
  {
    type: 'tlv_table_reply',
    maxSpace: 256,
    maxFields: 64,
    mappings: [{ optionClass: 0xffff, optionType: 5, optionLength: 8, index: 3 }],
  },
  { type: 'ct_flush_zone', zone: 5 },
  {
    type: 'ct_flush',
    protocol: 17,
    properties: [
      {
        type: 'original',
        tuple: [
          { type: 'src', address: SRC },
          { type: 'dst', address: DST },
          { type: 'src_port', port: 67 },
        ],
      },
      { type: 'zone', zone: 5 },
    ],
  },
  {
    type: 'packet_in2',
    properties: [
      { type: 'packet', data },
      { type: 'full_length', length: 100 },
      { type: 'buffer', bufferId: 9 },
      { type: 'table', table: 3 },
      { type: 'cookie', cookie: 5n },
      { type: 'reason', reason: 'apply_action' },
      { type: 'metadata', match: [...inPort, { field: 'metadata', value: 7n }] },
      { type: 'userdata', data: Uint8Array.of(1, 2, 3) },
    ],
  },
  {
    type: 'resume',
    properties: [
      { type: 'packet', data },
      { type: 'metadata', match: inPort },
    ],
  },
]

/** What 1.5 brought and Open vSwitch 3.1 does not speak. */
function newest(): Message[] {
  const controller = {
    shortId: 5,
    role: 'master',
    reason: 'role',
    channel: 'up',
    properties: [{ type: 'uri', uri: 'tcp:10.0.0.1:6653' }],
  } as const
  const time = { seconds: 1n, nanoseconds: 2 }
  const times = { type: 'time', accuracy: time, maxFuture: time, maxPast: time, timestamp: time } as const
  return [
    { type: 'controller_status', controller },
    { type: 'multipart_request', multipart: 'controller_status' },
    { type: 'multipart_reply', multipart: 'controller_status', controllers: [controller, controller] },
    { type: 'multipart_request', multipart: 'bundle_features', flags: 1, properties: [times] },
    { type: 'multipart_reply', multipart: 'bundle_features', capabilities: 7, properties: [times] },
    {
      type: 'multipart_reply',
      multipart: 'meter_features',
      features: { maxMeter: 100, bandTypes: 2, capabilities: 15, maxBands: 1, maxColor: 0, features: 3 },
    },
    { type: 'multipart_request', multipart: 'flow_stats', match: inPort },
    {
      type: 'multipart_reply',
      multipart: 'flow_stats',
      flows: [{ table: 1, reason: 'stats_request', priority: 5, match: inPort, stats: counts }],
    },
  ]
}

/** Those that Open vSwitch speaks, and the others. */
export function examplesIn(version: number): {
  readonly common: readonly Message[]
  readonly newest: readonly Message[]
} {
  const parts = [connections, packets, multiparts, groups, meters, tables, ports, asynchronous]
  const common = [...parts.flatMap((part) => part(version)), ...nicira].map((message) => ({ ...message, version }))
  return { common, newest: version < 6 ? [] : newest() }
}
