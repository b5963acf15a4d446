/** Random messages about controllers, and Nicira's. */
import fc from 'fast-check'
import { bytes, match, u8, u16, u32, u64 } from './arbitrary.ts'
import { list, of, oneOf, reply, request, type Some, text, unknownProperty } from './shapes.ts'

const SENT = ['packet_in', 'port_status', 'flow_removed'] as const
const ALSO = ['role_status', 'table_status', 'requestforward'] as const
const SINCE_15 = ['flow_stats', 'controller_status'] as const
const roles = (names: readonly string[]): string[] => names.flatMap((name) => [`${name}_master`, `${name}_slave`])

/** Properties of an asynchronous configuration. */
function asyncProperties(version: number): fc.Arbitrary<unknown> {
  const names = roles([...SENT, ...ALSO, ...(version < 6 ? [] : SINCE_15)])
  return list(fc.oneof(fc.record({ type: oneOf(...names), mask: u32 }), unknownProperty), 5)
}

function asyncIn(version: number): fc.Arbitrary<unknown> {
  if (version >= 5) return asyncProperties(version)
  return fc.tuple(...roles(SENT).map((type) => u32.map((mask) => ({ type, mask }))))
}

const role = oneOf('nochange', 'equal', 'master', 'slave')
const REASONS = [
  'request',
  'channel_status',
  'role',
  'controller_added',
  'controller_removed',
  'short_id',
  'experimenter',
]

/** Messages that 1.5 has added. */
function since15(): Some {
  const controller = fc.record({
    shortId: u16,
    role,
    reason: oneOf(...REASONS),
    channel: oneOf('up', 'down'),
    properties: list(fc.oneof(of('uri', { uri: text }), unknownProperty), 2),
  })
  const time = fc.record({ seconds: u64, nanoseconds: u32 })
  const times = of('time', { accuracy: time, maxFuture: time, maxPast: time, timestamp: time })
  const properties = list(fc.oneof(times, unknownProperty), 2)
  return {
    messages: { controller_status: of('controller_status', { controller }) },
    requests: [request('controller_status', {}), request('bundle_features', { flags: u32, properties })],
    replies: [
      reply('controller_status', { controllers: list(controller) }),
      reply('bundle_features', { capabilities: u16, properties }),
    ],
  }
}

export function controllersIn(version: number): Some {
  const { messages, requests, replies } = version < 6 ? { messages: {}, requests: [], replies: [] } : since15()
  const properties = asyncIn(version)
  return {
    messages: {
      get_async_request: of('get_async_request', {}),
      get_async_reply: of('get_async_reply', { properties }),
      set_async: of('set_async', { properties }),
      ...(version < 5 ? { nx_set_async: of('nx_set_async', { properties: asyncProperties(version) }) } : {}),
      ...messages,
    },
    requests,
    replies,
  }
}

const u128 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })
const tuple = list(
  fc.oneof(
    fc.record({ type: oneOf('src', 'dst'), address: u128 }),
    fc.record({ type: oneOf('src_port', 'dst_port'), port: u16 }),
    of('icmp_id', { id: u16 }),
    fc.record({ type: oneOf('icmp_type', 'icmp_code'), value: u8 }),
  ),
  5,
)

const IPFIX = ['flows', 'currentFlows', 'packets', 'ipv4Packets', 'ipv6Packets', 'errors', 'ipv4Errors', 'ipv6Errors']
const ipfix = fc.record({
  ...Object.fromEntries([...IPFIX, 'txPackets', 'txErrors'].map((name) => [name, u64])),
  collectorSet: u32,
})

export function niciraIn(version: number): Some {
  const packet = list(
    fc.oneof(
      fc.record({ type: oneOf('packet', 'userdata', 'continuation'), data: bytes }),
      of('full_length', { length: u32 }),
      of('buffer', { bufferId: u32 }),
      of('table', { table: u8 }),
      of('cookie', { cookie: u64 }),
      of('reason', { reason: oneOf('table_miss', 'apply_action', ...(version < 5 ? [] : ['group'])) }),
      of('metadata', { match }),
      unknownProperty,
    ),
    6,
  )
  const mapping = fc.record({ optionClass: u16, optionType: u8, optionLength: u8, index: u16 })
  const flush = fc.oneof(fc.record({ type: oneOf('original', 'reply'), tuple }), of('zone', { zone: u16 }))
  const niciraRole = { role: oneOf('other', 'master', 'slave') }
  return {
    messages: {
      nx_role_request: of('nx_role_request', niciraRole),
      nx_role_reply: of('nx_role_reply', niciraRole),
      set_packet_in_format: of('set_packet_in_format', {
        format: oneOf('standard', 'nxt_packet_in', 'nxt_packet_in2'),
      }),
      nx_packet_in: of('nx_packet_in', {
        bufferId: u32,
        totalLength: u16,
        reason: oneOf('table_miss', 'apply_action', ...(version < 5 ? [] : ['group'])),
        table: u8,
        cookie: u64,
        match,
        data: bytes,
      }),
      nx_set_async_masks: of('nx_set_async_masks', { properties: asyncIn(4) }),
      set_controller_id: of('set_controller_id', { id: u16 }),
      tlv_table_mod: of('tlv_table_mod', { command: oneOf('add', 'delete', 'clear'), mappings: list(mapping) }),
      tlv_table_request: of('tlv_table_request', {}),
      tlv_table_reply: of('tlv_table_reply', { maxSpace: u32, maxFields: u16, mappings: list(mapping) }),
      resume: of('resume', { properties: packet }),
      ct_flush_zone: of('ct_flush_zone', { zone: u16 }),
      packet_in2: of('packet_in2', { properties: packet }),
      ct_flush: of('ct_flush', { protocol: u8, properties: list(flush) }),
    },
    requests: [request('ipfix_bridge', {}), request('ipfix_flow', {})],
    replies: [reply('ipfix_bridge', { stats: ipfix }), reply('ipfix_flow', { stats: list(ipfix) })],
  }
}
