/** An example of each type of message and of each kind of multipart in a version, as a switch and a controller would send it. */
import { type Message, PORT, parseActions, parseFlow } from '../../../src/openflow/index.ts'
import { asynchronous, nicira } from './controller-examples.ts'
import { counts, data, duration, inPort, port } from './example-values.ts'
import { LINES } from './rules.ts'
import { groups, meters, ports, tables } from './switch-examples.ts'

/** The message that an error is about. */
const refused = (version: number): Uint8Array => Uint8Array.of(version, 20, 0, 8, 0, 0, 0, 9)

/** Rules of the broad list that OpenFlow 1.3 and 1.4 can express, with Nicira's extensions. */
export const flowsIn = (version: number) =>
  LINES.filter((line) => version > 4 || !line.includes('importance')).map(parseFlow)

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
    { type: 'role_status', role: 'slave', reason: 'master_request', generationId: 5n, properties: [] },
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

/** Messages that 1.5 has added and that Open vSwitch 3.1 does not support. */
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

/** The examples that Open vSwitch supports, and the others. */
export function examplesIn(version: number): {
  readonly common: readonly Message[]
  readonly newest: readonly Message[]
} {
  const parts = [connections, packets, multiparts, groups, meters, tables, ports, asynchronous]
  const common = [...parts.flatMap((part) => part(version)), ...nicira].map((message) => ({ ...message, version }))
  return { common, newest: version < 6 ? [] : newest() }
}
