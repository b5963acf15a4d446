/** Random messages of meters, tables, ports and queues. */
import fc from 'fast-check'
import { bytes, match, u8, u16, u32, u64 } from './arbitrary.ts'
import { list, not, of, oneOf, reply, request, type Shape, type Some, text, time, unknownProperty } from './shapes.ts'

const UNKNOWN = 0xffff_ffff_ffff_ffffn
const counts = { packets: u64, bytes: u64 }

/** Several numbers of the same kind. */
const all = (kind: fc.Arbitrary<unknown>, ...names: readonly string[]): Shape =>
  Object.fromEntries(names.map((name) => [name, kind]))

export function metersIn(version: number): Some {
  const rate = { rate: u32, burst: u32 }
  const body = fc.uint8Array({ minLength: 4, maxLength: 12 })
  const band = fc.oneof(
    of('drop', rate),
    of('dscp_remark', { ...rate, level: u8 }),
    of('unknown', { ...rate, code: fc.constantFrom(7, 0xffff), body }),
  )
  const meter = { flags: u16, meter: u32, bands: list(band) }
  const stats = { meter: u32, references: u32, ...counts, duration: time, bands: list(fc.record(counts)) }
  const features = {
    ...all(u32, 'maxMeter', 'bandTypes', 'capabilities'),
    maxBands: u8,
    maxColor: u8,
    features: version < 6 ? fc.constant(undefined) : fc.option(u32, { nil: undefined }),
  }
  return {
    messages: { meter_mod: of('meter_mod', { ...meter, command: oneOf('add', 'modify', 'delete') }) },
    requests: [
      request('meter_stats', { meter: u32 }),
      request('meter_config', { meter: u32 }),
      request('meter_features', {}),
    ],
    replies: [
      reply('meter_stats', { meters: list(fc.record(stats)) }),
      reply('meter_config', { meters: list(fc.record(meter)) }),
      reply('meter_features', { features: fc.record(features) }),
    ],
  }
}

const typeId = fc.oneof(
  fc.record({ code: u16.filter((code) => code !== 0xffff) }),
  fc.record({ code: fc.constant(0xffff), experimenter: u32 }),
  fc.record({ code: fc.constant(0xffff), experimenter: u32, body: fc.uint8Array({ minLength: 4, maxLength: 4 }) }),
)
const fieldId = fc.constantFrom<unknown>(
  { field: 'in_port' },
  { field: 'eth_dst', hasMask: true },
  { field: 'ct_label' },
  { field: 'nsh_spi', hasMask: true },
  { field: 'unknown', word: 0x12345678 },
  { field: 'unknown', word: 0xffff0208, experimenter: 0xabcdef },
)

/** Properties of table features, by the version that added them. */
function tableProperties(version: number): fc.Arbitrary<unknown> {
  const both = (name: string): string[] => [name, `${name}_miss`]
  const actions = oneOf(...both('write_actions'), ...both('apply_actions'))
  const fields = ['match', 'wildcards', ...both('write_setfield'), ...both('apply_setfield')]
  if (version >= 6) fields.push(...both('write_copyfield'), ...both('apply_copyfield'), 'packet_types')
  const tables = version >= 5 ? [...both('next_tables'), 'table_sync_from'] : both('next_tables')
  return fc.oneof(
    fc.record({ type: oneOf(...both('instructions')), instructions: list(typeId) }),
    fc.record({ type: oneOf(...tables), tables: fc.array(u8, { maxLength: 9 }) }),
    fc.record({ type: actions, actions: list(typeId) }),
    fc.record({ type: oneOf(...fields), fields: list(fieldId) }),
    of('unknown', { code: fc.constant(0xfffe), body: bytes }),
  )
}

export function tablesIn(version: number): Some {
  const isNew = version >= 6
  const property = fc.oneof(
    of('eviction', { flags: u32 }),
    of('vacancy', { down: u8, up: u8, current: u8 }),
    unknownProperty,
  )
  const properties = version < 5 ? fc.constant([]) : list(property)
  const table = fc.record({ table: u8, config: u32, properties })
  const features = fc.record({
    table: u8,
    command: isNew ? oneOf('replace', 'modify', 'enable', 'disable') : fc.constant('replace'),
    features: isNew ? u32 : fc.constant(0),
    name: text,
    metadataMatch: u64,
    metadataWrite: u64,
    capabilities: u32,
    maxEntries: u32,
    properties: list(tableProperties(version), 6),
  })
  const since14 =
    version < 5
      ? { messages: {}, requests: [], replies: [] }
      : {
          messages: { table_status: of('table_status', { reason: oneOf('vacancy_down', 'vacancy_up'), table }) },
          requests: [request('table_desc', {})],
          replies: [reply('table_desc', { tables: list(table) })],
        }
  return {
    messages: { table_mod: of('table_mod', { table: u8, config: u32, properties }), ...since14.messages },
    requests: [request('table_features', { tables: list(features, 2) }), ...since14.requests],
    replies: [reply('table_features', { tables: list(features, 2) }), ...since14.replies],
  }
}

const ERRORS = ['rxFrameErrors', 'rxOverErrors', 'rxCrcErrors', 'collisions']
const COUNTS = ['rxPackets', 'txPackets', 'rxBytes', 'txBytes', 'rxDropped', 'txDropped', 'rxErrors', 'txErrors']
const LIGHT = ['flags', 'txFrequency', 'txOffset', 'txGridSpan', 'rxFrequency', 'rxOffset', 'rxGridSpan']

export function portsIn(version: number): Some {
  const advertised = of('ethernet', { advertised: u32 })
  const light = of('optical', all(u32, 'configure', 'frequency', 'offset', 'gridSpan', 'txPower'))
  const errors = of('ethernet', all(u64, ...ERRORS))
  const optical = of('optical', {
    ...all(u32, ...LIGHT),
    ...all(u16, 'txPower', 'rxPower', 'biasCurrent', 'temperature'),
  })
  const properties = (...some: ReadonlyArray<fc.Arbitrary<never>>): fc.Arbitrary<unknown> =>
    version < 5 ? fc.tuple(...some.slice(0, 1)) : list(fc.oneof(...some, unknownProperty), 2)
  const address = fc.integer({ min: 0, max: 2 ** 48 - 1 })
  const stats = fc.record({
    port: u32,
    duration: time,
    ...all(u64, ...COUNTS),
    properties: properties(errors, optical),
  })
  return {
    messages: {
      port_mod: of('port_mod', {
        port: u32,
        address,
        config: u32,
        mask: u32,
        properties: properties(advertised, light),
      }),
    },
    requests: [request('port_stats', { port: u32 })],
    replies: [reply('port_stats', { ports: list(stats) })],
  }
}

export function queuesIn(version: number): Some {
  const property = fc.oneof(of('min_rate', { rate: u16 }), of('max_rate', { rate: u16 }), unknownProperty)
  const queues = list(fc.record({ port: u32, queue: u32, properties: list(property, 2) }))
  const stats = fc.record({
    port: u32,
    queue: u32,
    ...all(u64, 'txBytes', 'txPackets', 'txErrors'),
    duration: time,
    properties: version < 5 ? fc.constant([]) : list(unknownProperty, 1),
  })
  const asked = { port: u32, queue: u32 }
  const old = version < 5
  return {
    messages: old
      ? {
          queue_get_config_request: of('queue_get_config_request', { port: u32 }),
          queue_get_config_reply: of('queue_get_config_reply', { port: u32, queues }),
        }
      : {},
    requests: [request('queue_stats', asked), ...(old ? [] : [request('queue_desc', asked)])],
    replies: [reply('queue_stats', { queues: list(stats) }), ...(old ? [] : [reply('queue_desc', { queues })])],
  }
}

export function countsIn(version: number): Some {
  const asked = { table: u8, outPort: not(1), outGroup: u32, cookie: u64, cookieMask: u64, match }
  const known = u64.filter((count) => count !== UNKNOWN)
  const stats =
    version < 6
      ? fc.record({ packets: known, bytes: known, flows: u32 })
      : fc.record({ packets: u64, bytes: u64, flows: u32, duration: time }, { requiredKeys: [] })
  const flow = fc.record({ table: u8, reason: oneOf('stats_request', 'stat_trigger'), priority: u16, match, stats })
  return {
    messages: {},
    requests: [request('aggregate', asked), ...(version < 6 ? [] : [request('flow_stats', asked)])],
    replies: [reply('aggregate', { stats }), ...(version < 6 ? [] : [reply('flow_stats', { flows: list(flow) })])],
  }
}
