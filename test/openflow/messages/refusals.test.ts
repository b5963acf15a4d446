/**
 * Encoding names the value that a version does not have or that does not fit its field. Decoding refuses a wrong length with its
 * offset.
 */
import { deepStrictEqual, throws } from 'node:assert/strict'
import t from 'tap'
import { type Action, decode, encode, METER, type Message, versionName } from '../../../src/openflow/index.ts'

const [V1_3, V1_4] = [4, 5] as const
const data = new Uint8Array()
const flow = { table: 0, priority: 0, cookie: 0n, match: [], instructions: [] } as const
const timeouts = { idleTimeout: 0, hardTimeout: 0 }
const port = { port: 1, address: 0, name: '', config: 0, state: 0 }
const link = {
  type: 'ethernet',
  current: 0,
  advertised: 0,
  supported: 0,
  peer: 0,
  currentSpeed: 0,
  maxSpeed: 0,
} as const
const group = { group: 5, groupType: 'all' } as const
const monitor = { monitor: 1, command: 'add', flags: 2 } as const
const packet = { bufferId: 0, totalLength: 0, table: 0, cookie: 0n, match: [], data }
const toTable = { field: 'in_port', value: 1 } as const

/** The last version that lacks it, the message, and the reason. */
const LACKING: ReadonlyArray<readonly [last: number, message: Message, words: RegExp]> = [
  [V1_3, { type: 'flow_mod', command: 'add', ...flow, importance: 5 }, /importance/],
  [V1_3, { type: 'multipart_reply', multipart: 'flow', flows: [{ ...flow, importance: 5, stats: {} }] }, /importance/],
  [
    V1_4,
    { type: 'multipart_reply', multipart: 'flow', flows: [{ ...flow, stats: { flows: 5 } }] },
    /flows, of the stat/,
  ],
  [
    V1_4,
    { type: 'flow_removed', ...flow, ...timeouts, reason: 'delete', stats: { idle: { seconds: 1, nanoseconds: 0 } } },
    /idle/,
  ],
  [V1_3, { type: 'flow_removed', ...flow, ...timeouts, reason: 'eviction', stats: {} }, /reason eviction/],
  [V1_3, { type: 'packet_in', ...packet, reason: 'group' }, /reason group/],
  [
    V1_4,
    { type: 'packet_out', match: [toTable, { field: 'reg0', value: 1 }], actions: [], data },
    /reg0 beside in_port/,
  ],
  [V1_4, { type: 'role_request', role: 'master', shortId: 5, generationId: 0n }, /shortId/],
  [V1_3, { type: 'port_status', reason: 'add', port: { ...port, properties: [link, link] } }, /second property/],
  [
    V1_4,
    { type: 'port_status', reason: 'add', port: { ...port, properties: [{ type: 'recirculate', ports: [] }] } },
    /property recirculate/,
  ],
  [V1_4, { type: 'multipart_request', multipart: 'port_desc', port: 5 }, /port: OpenFlow/],
  [V1_4, { type: 'multipart_request', multipart: 'group_desc', group: 5 }, /group: OpenFlow/],
  [V1_4, { type: 'group_mod', command: 'insert_bucket', ...group }, /command insert_bucket/],
  [V1_4, { type: 'group_mod', command: 'add', ...group, buckets: [{ bucket: 1, actions: [] }] }, /number of a bucket/],
  [V1_4, { type: 'group_mod', command: 'add', ...group, commandBucket: 5 }, /commandBucket/],
  [
    V1_4,
    {
      type: 'group_mod',
      command: 'add',
      ...group,
      properties: [{ type: 'selection_method', method: 'hash', parameter: 0n, fields: [] }],
    },
    /property selection_method/,
  ],
  [V1_3, { type: 'table_mod', table: 0, config: 0, properties: [{ type: 'eviction', flags: 1 }] }, /properties/],
  [V1_3, { type: 'set_async', properties: [{ type: 'role_status_master', mask: 1 }] }, /property role_status_master/],
  [
    V1_3,
    { type: 'multipart_request', multipart: 'flow_monitor', monitors: [{ ...monitor, command: 'delete' }] },
    /command delete/,
  ],
  [V1_3, { type: 'multipart_request', multipart: 'flow_monitor', monitors: [{ ...monitor, outGroup: 5 }] }, /outGroup/],
  [V1_3, { type: 'multipart_request', multipart: 'flow_monitor', monitors: [{ ...monitor, flags: 64 }] }, /onlyOwn/],
  [V1_3, { type: 'multipart_reply', multipart: 'flow_monitor', updates: [{ event: 'paused' }] }, /flow update paused/],
  [V1_4, { type: 'multipart_request', multipart: 'bundle_features' }, /multipart bundle_features/],
  [V1_3, { type: 'multipart_request', multipart: 'table_desc' }, /multipart table_desc/],
  [
    V1_4,
    { type: 'multipart_reply', multipart: 'aggregate', stats: { duration: { seconds: 1, nanoseconds: 0 } } },
    /duration/,
  ],
]

for (const [last, message, words] of LACKING) {
  t.test(`${versionName(last)} lacks ${words.source}`, async () => {
    for (let version = V1_3; version <= last; version += 1) {
      throws(() => encode({ ...message, version }), { code: 'out-of-range', message: words })
      throws(() => encode({ ...message, version }), { message: new RegExp(versionName(version)) })
    }
    decode(encode({ ...message, version: last + 1 }))
  })
}

t.test('numbers that do not fit are refused by name in the newer messages too', async () => {
  const refused = (message: Message, words: RegExp): void =>
    throws(() => encode(message), { code: 'out-of-range', message: words })
  refused({ type: 'meter_mod', command: 'add', flags: 0x1_0000, meter: 1, bands: [] }, /flags holds 65536/)
  refused({ type: 'meter_mod', command: 'add', flags: 0, meter: METER.ALL + 1, bands: [] }, /meter holds/)
  refused(
    { type: 'meter_mod', command: 'add', flags: 0, meter: 1, bands: [{ type: 'drop', rate: -1, burst: 0 }] },
    /rate/,
  )
  refused({ type: 'group_mod', command: 'add', ...group, group: -1 }, /group holds -1/)
  refused({ type: 'group_mod', command: 'add', ...group, buckets: [{ actions: [], weight: 70_000 }] }, /weight/)
  refused({ type: 'table_mod', table: 256, config: 0 }, /table holds 256/)
  refused({ type: 'port_mod', port: 1, address: 2 ** 48, config: 0, mask: 0, properties: [] }, /address/)
  refused({ type: 'ct_flush_zone', zone: 65_536 }, /zone holds 65536/)
  refused({ type: 'set_controller_id', id: 65_536 }, /id holds 65536/)
  refused({ type: 'packet_in2', properties: [{ type: 'cookie', cookie: 1n << 64n }] }, /cookie/)
  refused({ type: 'packet_out', version: V1_3, match: [], actions: [], data }, /in_port without a mask/)
  refused({ type: 'set_async', version: V1_3, properties: [] }, /packet_in_master is given 0 times/)
  const octets = new Uint8Array(65_536)
  refused({ type: 'packet_in2', properties: [{ type: 'packet', data: octets }] }, /at most 65535 are possible/)
})

/** A message of OpenFlow 1.5 with this type and body. */
const message = (type: number, body: string, version = 6): Uint8Array => {
  const octets = Buffer.from(body.replaceAll(' ', ''), 'hex')
  return new Uint8Array([version, type, 0, 8 + octets.length, 0, 0, 0, 1, ...octets])
}

t.test('structures with a wrong length are refused with their offset', async () => {
  const refused = (octets: Uint8Array, offset: number, error: object): void =>
    throws(() => decode(octets), { code: 'malformed', offset, error })
  // group_mod: a bucket of 4 octets; actions longer than their bucket; buckets longer than the message.
  refused(message(15, '0000 00 00 00000005 0008 0000 ffffffff 0004000000000000'), 24, { errorType: 6, code: 12 })
  refused(message(15, '0000 00 00 00000005 0008 0000 ffffffff 0008001000000000'), 26, { errorType: 1, code: 6 })
  refused(message(15, '0000 00 00 00000005 0010 0000 ffffffff 0008000000000000'), 16, { errorType: 1, code: 6 })
  // A group of an unknown type, and a command that 1.4 does not have.
  refused(message(15, '0000 07 00 00000005 0000 0000 ffffffff'), 10, { errorType: 6, code: 10 })
  refused(message(15, '0003 00 00 00000005', V1_4), 8, { errorType: 6, code: 11 })
  // meter_mod: a band of 4 octets; an unknown command.
  refused(message(29, '0000 0000 00000005 0001 0004'), 16, { errorType: 1, code: 6 })
  refused(message(29, '0007 0000 00000005'), 8, { errorType: 12, code: 4 })
  // set_async: a property of 2 octets; a property longer than the message.
  refused(message(28, '0000 0002 00000000'), 8, { errorType: 14, code: 1 })
  refused(message(28, '0000 0010 00000000'), 12, { errorType: 14, code: 1 })
  // table_features: an action of 2 octets.
  const head = `0048 00 00 00000000 ${'00'.repeat(32)} ${'00'.repeat(24)}`
  refused(message(18, `000c 0000 00000000 ${head} 0004 0008 0000 0002`), 84, { errorType: 13, code: 3 })
  // requestforward of a requestforward.
  const inner = '06200008 00000001'
  refused(message(32, inner), 8, { errorType: 17, code: 10 })
})

t.test('parts of 1.5.1 that Open vSwitch omits are optional', async () => {
  const features = { maxMeter: 1, bandTypes: 2, capabilities: 3, maxBands: 4, maxColor: 5 }
  for (const more of [{}, { features: 7 }]) {
    const octets = encode({ type: 'multipart_reply', multipart: 'meter_features', features: { ...features, ...more } })
    deepStrictEqual(octets.length, 'features' in more ? 40 : 32)
    deepStrictEqual(encode(decode(octets)), octets)
  }
})

t.test('a value that does not fit its field is refused by name', async () => {
  const mod = { type: 'flow_mod', command: 'add', table: 0, priority: 0, match: [] } as const
  const refused = (message: Message, words: RegExp): void =>
    throws(() => encode(message), { code: 'out-of-range', message: words })
  refused({ ...mod, priority: 65536 }, /priority holds 65536/)
  refused({ ...mod, table: -1 }, /table holds -1/)
  refused({ ...mod, cookie: 1n << 64n }, /cookie/)
  refused({ ...mod, match: [{ field: 'vlan_vid', value: 0x2000 }] }, /vlan_vid holds 8192/)
  refused({ ...mod, match: [{ field: 'reg0', value: 1.5 }] }, /reg0 holds 1.5/)
  refused({ ...mod, match: [{ field: 'metadata', value: -1n }] }, /metadata holds -1/)
  refused({ ...mod, instructions: [{ type: 'goto_table', table: 256 }] }, /goto_table holds 256/)
  refused({ ...mod, instructions: [{ type: 'apply_actions', actions: [{ type: 'output', port: -1 }] }] }, /output port/)
  const act = (action: Action, words: RegExp): void =>
    refused({ ...mod, instructions: [{ type: 'apply_actions', actions: [action] }] }, words)
  act({ type: 'set_ttl', ttl: 300 }, /set_ttl holds 300/)
  act({ type: 'resubmit', table: 300 }, /table holds 300/)
  act({ type: 'push_vlan', ethertype: 0x18100 }, /push_vlan holds/)
  act({ type: 'output', port: 1, maxLen: 70_000 }, /maxLen holds 70000/)
  act({ type: 'controller', maxLen: 70_000, controllerId: 0, reason: 1 }, /maxLen/)
  act({ type: 'controller', maxLen: 0, controllerId: -1, reason: 1 }, /controllerId/)
  act({ type: 'controller', maxLen: 0, controllerId: 0, reason: 256 }, /reason/)
  const reg0 = { field: 'reg0', offset: 0 } as const
  act({ type: 'reg_move', src: reg0, dst: { field: 'reg1', offset: 16 }, bits: 17 }, /reg1: it has 32/)
  act({ type: 'output_reg', ...reg0, bits: 33, maxLen: 0 }, /reg0: it has 32/)
  act({ type: 'output_reg', field: 'xxreg0', offset: 0, bits: 65, maxLen: 0 }, /at most 64 are possible/)
  act({ type: 'note', note: new Uint8Array(65_530) }, /octets: at most 65535/)
  refused({ ...mod, bufferId: 1.5 }, /bufferId holds 1.5/)
  refused({ ...mod, outPort: -2 }, /outPort holds -2/)
  refused({ ...mod, outGroup: 2 ** 33 + 1 }, /outGroup/)
  refused({ ...mod, match: [{ field: 'pbb_isid', value: 2 ** 24 }] }, /pbb_isid/)
  refused({ ...mod, match: [{ field: 'eth_src', value: 2 ** 48 }] }, /eth_src/)
  refused({ ...mod, match: [{ field: 'ct_label', value: 1n << 128n }] }, /ct_label/)
  const unknown = { field: 'unknown', class: 1, type: 5, hasMask: false, body: new Uint8Array(4) } as const
  refused({ ...mod, match: [{ ...unknown, type: 128 }] }, /type of a field/)
  refused({ ...mod, match: [{ ...unknown, class: 0x1_0000 }] }, /class holds/)
  refused({ ...mod, match: [{ ...unknown, body: new Uint8Array(256) }] }, /length of a field holds 256/)
  refused({ type: 'multipart_request', multipart: 'flow', table: 256 }, /table holds 256/)
  refused({ type: 'multipart_request', multipart: 'flow', cookie: -1n }, /cookie holds -1/)
  const monitor = { monitor: 1, command: 'add', flags: 0x1_0000 } as const
  refused({ type: 'multipart_request', multipart: 'flow_monitor', monitors: [monitor] }, /flags holds 65536/)
  const port = { port: 1, address: 0, name: '', config: 0, state: 0, properties: [] }
  refused({ type: 'port_status', reason: 'add', port: { ...port, port: -1 } }, /port holds -1/)
  refused({ type: 'port_status', reason: 'add', port: { ...port, address: 2 ** 50 } }, /address holds/)
  const packet = {
    type: 'packet_in',
    bufferId: 0,
    reason: 'group',
    cookie: 0n,
    match: [],
    data: new Uint8Array(),
  } as const
  refused({ ...packet, totalLength: 70_000, table: 0 }, /totalLength/)
  refused({ ...packet, totalLength: 0, table: 300 }, /table/)
  const many = Array.from({ length: 5000 }, () => ({ type: 'output', port: 1 }) as const)
  refused({ ...mod, instructions: [{ type: 'apply_actions', actions: many }] }, /at most 65535 are possible/)
})
