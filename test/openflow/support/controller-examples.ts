/** Examples of asynchronous configuration, and of Nicira's messages. */
import type { Message } from '../../../src/openflow/index.ts'
import { data, inPort, output3 } from './example-values.ts'

const MASKS = [
  'packet_in_master',
  'packet_in_slave',
  'port_status_master',
  'port_status_slave',
  'flow_removed_master',
  'flow_removed_slave',
] as const

export function asynchronous(version: number): Message[] {
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
      : []),
    { type: 'requestforward', message: mod },
  ]
}

const [SRC, DST] = [0xffff0a000001n, 0xffff0a000002n]
const ipfix = {
  flows: 1n,
  currentFlows: 2n,
  packets: 3n,
  ipv4Packets: 4n,
  ipv6Packets: 5n,
  errors: 6n,
  ipv4Errors: 7n,
  ipv6Errors: 8n,
  txPackets: 9n,
  txErrors: 10n,
  collectorSet: 1,
}
export const nicira: readonly Message[] = [
  { type: 'nx_role_request', role: 'master' },
  { type: 'nx_role_reply', role: 'slave' },
  { type: 'set_packet_in_format', format: 'nxt_packet_in2' },
  {
    type: 'nx_packet_in',
    bufferId: 0xffffffff,
    totalLength: 42,
    reason: 'apply_action',
    table: 3,
    cookie: 5n,
    match: [...inPort, { field: 'tun_id', value: 7n }],
    data,
  },
  { type: 'nx_set_async_masks', properties: MASKS.map((type) => ({ type, mask: 5 })) },
  { type: 'multipart_request', multipart: 'ipfix_bridge' },
  { type: 'multipart_reply', multipart: 'ipfix_bridge', stats: ipfix },
  { type: 'multipart_request', multipart: 'ipfix_flow' },
  { type: 'multipart_reply', multipart: 'ipfix_flow', stats: [ipfix, { ...ipfix, collectorSet: 2 }] },
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
