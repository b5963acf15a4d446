/** Groups, meters, tables, ports and Nicira's extensions on real Open vSwitch, in each version. */
import t, { type Test } from 'tap'
import {
  BUCKET,
  canonicalMatch,
  connect,
  type Decoded,
  GROUP,
  METER,
  METER_FLAGS,
  PORT,
  PORT_CONFIG,
  parseActions,
  parseFlow,
  type Session,
  TABLE_CONFIG,
  VERSIONS,
  versionName,
} from '../../../src/openflow/index.ts'
import { noOvs, Ovs, until } from '../support/ovs.ts'

interface Stage {
  readonly t: Test
  readonly session: Session
  readonly ovs: Ovs
  readonly version: number
}

/** A session with a bridge that allows only this version. */
function inEach(title: string, play: (stage: Stage) => Promise<void>): void {
  for (const version of VERSIONS) {
    t.test(`${versionName(version)}: ${title}`, { skip: noOvs }, async (t) => {
      const ovs = await Ovs.start(t, version)
      const session = await connect({ path: ovs.path })
      t.teardown(() => session.close('done'))
      await play({ t, session, ovs, version })
    })
  }
}

/** Error TLV_INVALID_DELETE of Open vSwitch. */
const IN_USE = 38

const ask = { type: 'multipart_request' } as const

async function next<Type extends Decoded['type']>(session: Session, type: Type) {
  for await (const event of session.events) {
    if (event.type === type) return event as Extract<Decoded, { type: Type }>
    if (event.type === 'error') throw new Error(`an error came: ${event.errorType}/${event.code}`)
  }
  throw new Error(`no ${type} came`)
}

inEach('groups are added, listed, changed and deleted', async ({ t, session, ovs, version }) => {
  const isNew = version >= 6
  const buckets = [
    { actions: parseActions('output:1'), weight: 3 },
    { actions: parseActions('set_field:0x5->reg0,output:2'), weight: 7 },
  ]
  const plain = buckets.map(({ actions }) => ({ actions }))
  const method = { type: 'selection_method', method: 'hash', parameter: 5n } as const
  const fields = [{ field: 'ipv4_src', value: 0xffffffff }] as const
  const properties = isNew ? { properties: [{ ...method, fields }] } : {}
  const ff = [{ actions: parseActions('output:1'), watchPort: 1 }]
  await session.bundle([
    { type: 'group_mod', command: 'add', group: 5, groupType: 'select', buckets, ...properties },
    { type: 'group_mod', command: 'add', group: 6, groupType: 'ff', buckets: ff },
    { type: 'group_mod', command: 'add', group: 7, groupType: 'all', buckets: plain },
    { type: 'group_mod', command: 'modify', group: 7, groupType: 'indirect', buckets: plain.slice(0, 1) },
    { type: 'flow_mod', command: 'add', ...parseFlow('table=3,in_port=1,actions=group:5') },
  ])
  const { groups } = await session.request({ ...ask, multipart: 'group_desc' })
  t.match(
    groups.toSorted((a, b) => a.group - b.group),
    [
      { group: 5, groupType: 'select', buckets, ...properties },
      { group: 6, groupType: 'ff', buckets: ff },
      { group: 7, groupType: 'indirect' },
    ],
  )
  t.match(await ovs.ofctl('dump-groups', ovs.bridge), /group_id=5,type=select.*weight:7,actions=(load|set_field)/)
  const stats = await session.request({ ...ask, multipart: 'group_stats', group: 5 })
  t.match(stats.groups, [{ group: 5, references: 1, packets: 0n, buckets: [{ packets: 0n }, { packets: 0n }] }])
  const { features } = await session.request({ ...ask, multipart: 'group_features' })
  t.match(features, { types: 15, maxGroups: { all: GROUP.MAX } })

  if (isNew) {
    const more = [{ bucket: 77, actions: parseActions('output:9'), weight: 1 }]
    const at = { group: 5, groupType: 'select' } as const
    session.send({ type: 'group_mod', command: 'insert_bucket', ...at, commandBucket: BUCKET.LAST, buckets: more })
    session.send({ type: 'group_mod', command: 'remove_bucket', ...at, commandBucket: 0 })
    const [changed] = (await session.request({ ...ask, multipart: 'group_desc', group: 5 })).groups
    t.match(changed?.buckets, [{ bucket: 1, weight: 7 }, more[0]])
  }
  session.send({ type: 'group_mod', command: 'delete', group: GROUP.ALL, groupType: 'all' })
  await session.barrier()
  t.strictSame((await session.request({ ...ask, multipart: 'group_desc' })).groups, [])
})

inEach('meters are added, listed, changed and deleted', async ({ t, session, ovs }) => {
  const flags = METER_FLAGS.pktps | METER_FLAGS.burst | METER_FLAGS.stats
  const bands = [{ type: 'drop', rate: 1000, burst: 300 }] as const
  session.send({ type: 'meter_mod', command: 'add', flags, meter: 5, bands })
  session.send({ type: 'flow_mod', command: 'add', ...parseFlow('table=3,in_port=1,actions=meter:5,output:2') })
  await session.barrier()
  const { meters } = await session.request({ ...ask, multipart: 'meter_config' })
  t.strictSame(meters, [{ flags, meter: 5, bands }])
  t.match(
    await ovs.ofctl('dump-meters', ovs.bridge),
    /meter=5 pktps burst stats bands=\ntype=drop rate=1000 burst_size=300/,
  )
  const stats = await session.request({ ...ask, multipart: 'meter_stats', meter: 5 })
  t.match(stats.meters, [{ meter: 5, references: 1, packets: 0n, bands: [{ packets: 0n, bytes: 0n }] }])
  const { features } = await session.request({ ...ask, multipart: 'meter_features' })
  t.ok(features.maxMeter > 1000 && features.bandTypes === 2)
  session.send({ type: 'meter_mod', command: 'delete', flags: 0, meter: METER.ALL, bands: [] })
  await session.barrier()
  t.strictSame((await session.request({ ...ask, multipart: 'meter_config' })).meters, [])
})

inEach('tables: their features and statistics', async ({ t, session, version }) => {
  const { tables } = await session.request({ ...ask, multipart: 'table_features' })
  t.equal(tables.length, 254)
  const [first] = tables
  t.match(first, { table: 0, metadataMatch: 2n ** 64n - 1n })
  const kinds = new Set(first?.properties.map(({ type }) => type))
  for (const kind of ['instructions', 'next_tables', 'write_actions', 'apply_actions', 'match', 'wildcards'] as const) {
    t.ok(kinds.has(kind), kind)
  }
  t.notOk(kinds.has('unknown'))
  const match = first?.properties.find((one) => one.type === 'match')
  const fields = match?.type === 'match' ? match.fields.map(({ field }) => field) : []
  for (const field of ['in_port', 'eth_dst', 'reg0', 'tun_id', 'ct_state', 'ipv6_src'] as const)
    t.ok(fields.includes(field), field)
  t.notOk(fields.includes('unknown'), 'the library knows every field of Open vSwitch')
  session.send({ type: 'table_mod', table: 3, config: version < 5 ? 3 : TABLE_CONFIG.eviction })
  await session.barrier()
  if (version >= 5) {
    const described = await session.request({ ...ask, multipart: 'table_desc' })
    t.match(described.tables[3], { table: 3, config: TABLE_CONFIG.eviction })
  }
  session.send({ type: 'flow_mod', command: 'add', ...parseFlow('table=3,in_port=1,actions=output:2') })
  const { stats } = await session.request({ ...ask, multipart: 'aggregate', table: 3 })
  t.match(stats, { flows: 1, packets: 0n, bytes: 0n })
})

inEach('ports and queues: changed and counted', async ({ t, session, version }) => {
  const { ports } = await session.request({ ...ask, multipart: 'port_desc' })
  const [local] = ports
  if (!local) throw new Error('the bridge has no port')
  const { port, address } = local
  session.send({
    type: 'port_mod',
    port,
    address,
    config: PORT_CONFIG.noForward,
    mask: PORT_CONFIG.noForward,
    properties: [],
  })
  await session.barrier()
  const after = await session.request({ ...ask, multipart: 'port_desc' })
  t.equal((after.ports[0]?.config ?? 0) & PORT_CONFIG.noForward, PORT_CONFIG.noForward)
  const stats = await session.request({ ...ask, multipart: 'port_stats', port: PORT.LOCAL })
  t.match(stats.ports, [
    { port: PORT.LOCAL, txDropped: BigInt, properties: [{ type: 'ethernet', collisions: BigInt }] },
  ])
  t.strictSame((await session.request({ ...ask, multipart: 'queue_stats' })).queues, [])
  const asked =
    version < 5
      ? session.request({ type: 'queue_get_config_request' })
      : session.request({ ...ask, multipart: 'queue_desc' })
  t.strictSame((await asked).queues, [])
})

inEach('asynchronous configuration is set and read', async ({ t, session, version }) => {
  const [master, slave] = [
    { type: 'packet_in_master', mask: 3 },
    { type: 'packet_in_slave', mask: 1 },
  ] as const
  const others = (
    ['port_status_master', 'port_status_slave', 'flow_removed_master', 'flow_removed_slave'] as const
  ).map((type) => ({ type, mask: 5 }))
  session.send({ type: 'set_async', properties: [master, slave, ...others] })
  const { properties } = await session.request({ type: 'get_async_request' })
  for (const one of [master, slave, ...others]) t.ok(properties.some(({ type }) => type === one.type))
  t.match(
    properties.find(({ type }) => type === 'packet_in_slave'),
    slave,
  )
  t.equal(properties.length, version < 5 ? 6 : 12)
  t.match(await session.request({ type: 'nx_role_request', role: 'master' }), { role: 'master' })
})

inEach('packets arrive as packet_in2 with their metadata, and continue', async ({ t, session }) => {
  session.send({ type: 'set_config', flags: 0, missSendLength: 0xffff })
  session.send({ type: 'set_packet_in_format', format: 'nxt_packet_in2' })
  session.send({ type: 'set_controller_id', id: 7 })
  for (const line of [
    'table=0,in_port=7,actions=set_field:0x9->reg3,controller(id=7,pause,userdata=01.02.03),resubmit(,5)',
    'table=5,actions=controller(id=7,userdata=05)',
  ]) {
    session.send({ type: 'flow_mod', command: 'add', ...parseFlow(line) })
  }
  const frame = new Uint8Array(Buffer.from(`ffffffffffff${'020000000001'}88cc${'00'.repeat(46)}`, 'hex'))
  const inPort = [{ field: 'in_port', value: 7 }] as const
  const toTable = [{ type: 'output', port: PORT.TABLE }] as const
  session.send({ type: 'packet_out', match: inPort, actions: toTable, data: frame })
  const came = await next(session, 'packet_in2')
  const of = (type: string) => came.properties.find((one) => one.type === type)
  t.match(of('packet'), { data: frame })
  t.match(of('userdata'), { data: Uint8Array.of(1, 2, 3) })
  const metadata = of('metadata')
  // The version determines which registers are reported together.
  t.match(metadata?.type === 'metadata' && canonicalMatch(metadata.match), [
    { field: 'reg3', value: 9 },
    { field: 'in_port', value: 7 },
  ])
  t.ok(of('continuation'))
  session.send({ type: 'resume', properties: came.properties })
  const again = await next(session, 'packet_in2')
  t.match(
    again.properties.find((one) => one.type === 'userdata'),
    { data: Uint8Array.of(5) },
  )
})

inEach('options of tunnels are fields; tracked connections are forgotten', async ({ t, session }) => {
  const mappings = [{ optionClass: 0xffff, optionType: 5, optionLength: 8, index: 3 }]
  session.send({ type: 'tlv_table_mod', command: 'add', mappings })
  const table = await session.request({ type: 'tlv_table_request' })
  t.match(table, { maxSpace: 256, maxFields: 64, mappings })
  await session.bundle([
    { type: 'flow_mod', command: 'add', ...parseFlow('table=3,tun_metadata3=0x5,actions=output:2') },
  ])
  for await (const flows of session.dumpFlows({ table: 3 }))
    t.match(flows, [{ match: [{ field: 'tun_metadata3', value: 5n }] }])
  await session.bundle([{ type: 'flow_mod', command: 'delete', table: 3, priority: 0, match: [] }])
  // A deleted rule still uses its option for a moment.
  await until(async () => {
    session.send({ type: 'tlv_table_mod', command: 'clear' })
    const left = await session.request({ type: 'tlv_table_request' })
    if (left.mappings.length > 0) throw new Error('the option is still in use')
  })
  session.send({ type: 'ct_flush_zone', zone: 5 })
  session.send({
    type: 'ct_flush',
    protocol: 17,
    properties: [
      {
        type: 'original',
        tuple: [
          { type: 'src', address: 0xffff0a000001n },
          { type: 'src_port', port: 67 },
        ],
      },
      { type: 'zone', zone: 5 },
    ],
  })
  await session.barrier()
  session.close('done')
  const errors: Decoded[] = []
  for await (const event of session.events) if (event.type === 'error' && event.code !== IN_USE) errors.push(event)
  t.strictSame(errors, [])
})
