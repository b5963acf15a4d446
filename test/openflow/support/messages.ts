/** Random messages of every type in each version, with all combinations of optional parts. */
import fc from 'fast-check'
import type { FlowStats, Instruction, Match, Message } from '../../../src/openflow/index.ts'
import { bytes, flowMatch, instructions, match, u8, u16, u32, u64 } from './arbitrary.ts'
import { controllersIn, niciraIn } from './controller-messages.ts'
import { groupsIn } from './group-messages.ts'
import { actionsIn, of, reply, request, type Some, text, time, unknownProperty } from './shapes.ts'
import { countsIn, metersIn, portsIn, queuesIn, tablesIn } from './switch-messages.ts'

const NONE = 0xffffffff
const UNKNOWN = 0xffff_ffff_ffff_ffffn

const ethernet = of('ethernet', {
  current: u32,
  advertised: u32,
  supported: u32,
  peer: u32,
  currentSpeed: u32,
  maxSpeed: u32,
})
const OTHERS = fc.array(
  fc.record({ class: fc.constantFrom(0x8002, 0xffff), code: fc.constantFrom(14, 200, 255), body: bytes }),
  {
    minLength: 1,
    maxLength: 2,
  },
)

/** The parts of messages of a version. */
function parts(version: number) {
  const isFixed = version < 6
  const known = u64.filter((count) => count !== UNKNOWN)
  const stats: fc.Arbitrary<FlowStats> = isFixed
    ? fc.record({ duration: time, packets: known, bytes: known }, { requiredKeys: ['duration'] })
    : fc.record(
        { duration: time, idle: time, flows: u32, packets: u64, bytes: u64, others: OTHERS },
        { requiredKeys: [] },
      )
  const importance = version < 5 ? fc.constant(0) : u16
  const removed = ['idle_timeout', 'hard_timeout', 'delete', 'group_delete', 'meter_delete', 'eviction'] as const
  const packetReasons = ['table_miss', 'apply_action', 'invalid_ttl', 'action_set', 'group', 'packet_out'] as const
  const reason = fc.constantFrom(...removed.slice(0, version < 5 ? 4 : 6))
  const port = fc.record({
    port: u32,
    address: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    name: text,
    config: u32,
    state: u32,
    properties: version < 5 ? fc.tuple(ethernet) : fc.array(fc.oneof(ethernet, unknownProperty), { maxLength: 2 }),
  })
  const flow = { table: u8, priority: u16, idleTimeout: u16, hardTimeout: u16, cookie: u64, match }
  const doing: fc.Arbitrary<readonly Instruction[]> = isFixed ? plain : instructions
  return { stats, importance, reason, packetReasons, port, flow, doing }
}

/** Instructions that are the same in every version. */
const plain: fc.Arbitrary<readonly Instruction[]> = fc
  .record({ port: u32.filter((port) => port !== 0xfffffffd), metadata: u64, table: u8 })
  .map(({ port, metadata, table }) => [
    { type: 'apply_actions', actions: [{ type: 'output', port }, { type: 'pop_vlan' }] },
    { type: 'write_metadata', metadata, mask: metadata },
    { type: 'goto_table', table },
  ])
const inPort: fc.Arbitrary<Match> = u32.map((value) => [{ field: 'in_port', value }])

const PROPERTIES = fc.array(unknownProperty, { maxLength: 2 })
/** The experimenter, the type and the body. */
const experimenters = fc.uint8Array({ minLength: 8, maxLength: 40 })
/** A message of another version, as it is forwarded. */
const foreign = of('unknown', { version: fc.constant(3), xid: u32, code: u8, body: bytes })
const ELEMENTS = fc.array(fc.record({ code: fc.integer({ min: 2, max: 0xffff }), body: bytes }), {
  minLength: 1,
  maxLength: 2,
})

const STEPS = ['open', 'close', 'commit', 'discard'] as const
const role = fc.constantFrom('nochange', 'equal', 'master', 'slave')
const COMMANDS = ['add', 'modify', 'modify_strict', 'delete', 'delete_strict'] as const

/** Messages of 1.3, 1.4 and 1.5: for each type, the messages that this version has. */
export type Arbitraries = { readonly [Type in Message['type']]?: fc.Arbitrary<Extract<Message, { type: Type }>> }

/** By wire version. */
export function messagesIn(version: number): Arbitraries {
  const { stats, importance, reason, packetReasons, port, flow, doing } = parts(version)
  const flowMod = of('flow_mod', {
    ...flow,
    match: flowMatch,
    command: fc.constantFrom(...COMMANDS),
    cookieMask: u64,
    instructions: doing,
    bufferId: u32,
    outPort: u32,
    outGroup: u32,
    flags: u16,
    importance,
  })
  const all: Arbitraries = {
    hello: of('hello', { versions: fc.subarray([1, 4, 5, 6], { minLength: 1 }), elements: ELEMENTS }),
    error: fc.oneof(
      of('error', { errorType: fc.integer({ min: 0, max: 17 }), code: u16, data: bytes }),
      of('error', { errorType: fc.constant(0xffff), code: u16, experimenter: u32, data: bytes }),
    ),
    echo_request: of('echo_request', { data: bytes }),
    echo_reply: of('echo_reply', { data: bytes }),
    features_request: of('features_request', {}),
    features_reply: of('features_reply', {
      datapathId: u64,
      buffers: u32,
      tables: u8,
      auxiliaryId: u8,
      capabilities: u32,
      reserved: u32,
    }),
    get_config_request: of('get_config_request', {}),
    get_config_reply: of('get_config_reply', { flags: u16, missSendLength: u16 }),
    set_config: of('set_config', { flags: u16, missSendLength: u16 }),
    packet_in: of('packet_in', {
      bufferId: u32,
      totalLength: u16,
      reason: fc.constantFrom(...packetReasons.slice(0, version < 5 ? 3 : 6)),
      table: u8,
      cookie: u64,
      match,
      data: bytes,
    }),
    flow_removed: of('flow_removed', { ...flow, reason, stats }),
    port_status: of('port_status', { reason: fc.constantFrom('add', 'delete', 'modify'), port }),
    packet_out:
      version < 6
        ? of('packet_out', { bufferId: u32, match: inPort, actions: actionsIn(version), data: bytes })
        : of('packet_out', { bufferId: u32, match, actions: actionsIn(version), data: bytes }),
    flow_mod: flowMod,
    multipart_request: multipartRequests(version),
    multipart_reply: multipartReplies(version),
    barrier_request: of('barrier_request', {}),
    barrier_reply: of('barrier_reply', {}),
    role_request: of('role_request', { role, shortId: version < 6 ? fc.constant(0xffff) : u16, generationId: u64 }),
    role_reply: of('role_reply', { role, shortId: version < 6 ? fc.constant(0xffff) : u16, generationId: u64 }),
    role_status: of('role_status', {
      role,
      reason: fc.constantFrom('master_request', 'config', 'experimenter'),
      generationId: u64,
      properties: PROPERTIES,
    }),
    bundle_control: of('bundle_control', {
      bundle: u32,
      step: fc
        .tuple(fc.constantFrom(...STEPS), fc.constantFrom('request', 'reply'))
        .map(([step, way]) => `${step}_${way}` as const),
      flags: fc.integer({ min: 0, max: 3 }),
      properties: PROPERTIES,
    }),
    bundle_add: of('bundle_add', { bundle: u32, flags: fc.integer({ min: 0, max: 3 }), message: flowMod }),
    unknown: fc.oneof(
      of('unknown', { code: fc.constantFrom(40, 99), body: bytes }),
      of('unknown', { code: fc.constant(4), body: experimenters }),
    ),
  }
  const others = othersIn(version).map(({ messages }) => messages)
  const whole: Arbitraries = Object.assign({}, all, version === 4 ? onlyIn13 : {}, ...others)
  const mods: ReadonlyArray<fc.Arbitrary<Message>> = [whole.group_mod, whole.meter_mod].flatMap((one) => one ?? [])
  return { ...whole, requestforward: of('requestforward', { message: fc.oneof(...mods, foreign) }) }
}

/** All other messages of the protocol. */
const PARTS = [groupsIn, metersIn, tablesIn, portsIn, queuesIn, countsIn, controllersIn, niciraIn] as const
const othersIn = (version: number): readonly Some[] => PARTS.map((part) => part(version))

const onlyIn13: Arbitraries = {
  flow_monitor_cancel: of('flow_monitor_cancel', { monitor: u32 }),
  flow_monitor_paused: of('flow_monitor_paused', {}),
  flow_monitor_resumed: of('flow_monitor_resumed', {}),
}

type Multipart<Type extends Message['type']> = fc.Arbitrary<Extract<Message, { type: Type }>>

function multipartRequests(version: number): Multipart<'multipart_request'> {
  const asked = { table: u8, outPort: u32, outGroup: u32, cookie: u64, cookieMask: u64, match }
  const monitor = fc.record({
    monitor: u32,
    outPort: u32,
    outGroup: version < 5 ? fc.constant(NONE) : u32,
    flags: fc.integer({ min: 0, max: version < 5 ? 63 : 127 }),
    table: u8,
    command: version < 5 ? fc.constant('add') : fc.constantFrom('add', 'modify', 'delete'),
    match,
  })
  return fc.oneof(
    request('desc', {}),
    request('table', {}),
    request('port_desc', { port: version < 6 ? fc.constant(NONE) : u32 }),
    request('flow', asked),
    request('flow_monitor', { monitors: fc.array(monitor, { minLength: 1, maxLength: 2 }) }),
    ...othersIn(version).flatMap(({ requests }) => requests),
    request('unknown', { code: fc.constant(77), body: bytes }),
  )
}

function multipartReplies(version: number): Multipart<'multipart_reply'> {
  const { stats, importance, reason, port, flow, doing } = parts(version)
  const events = ['initial', 'added', 'removed', 'modified'] as const
  const told = fc.record({
    event: fc.constantFrom(...events.slice(version < 5 ? 1 : 0)),
    ...flow,
    reason,
    instructions: doing,
  })
  const abbrev = fc.record({ event: fc.constant('abbrev'), xid: u32 })
  const pause = fc.record({ event: fc.constantFrom('paused', 'resumed') })
  const update: fc.Arbitrary<unknown> = version < 5 ? fc.oneof(told, abbrev) : fc.oneof(told, abbrev, pause)
  const entry = fc.record({ ...flow, flags: u16, importance, stats, instructions: doing })
  const table = fc.record({ table: u8, active: u32, lookups: u64, matched: u64 })
  return fc.oneof(
    reply('desc', {
      desc: fc.record({ manufacturer: text, hardware: text, software: text, serial: text, datapath: text }),
    }),
    reply('port_desc', { ports: fc.array(port, { maxLength: 3 }) }),
    reply('table', { tables: fc.array(table, { maxLength: 3 }) }),
    reply('flow', { more: fc.constant(true), flows: fc.array(entry, { maxLength: 3 }) }),
    reply('flow_monitor', { updates: fc.array(update, { maxLength: 3 }) }),
    ...othersIn(version).flatMap(({ replies }) => replies),
    reply('unknown', { code: fc.constant(0xffff), body: experimenters }),
  )
}
