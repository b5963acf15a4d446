/** Sessions with real Open vSwitch. */
import t, { type Test } from 'tap'
import {
  BundleError,
  connect,
  type FlowMod,
  type FlowUpdate,
  listen,
  OpenFlowError,
  PORT,
  parseFlow,
  type Session,
  VERSIONS,
  versionName,
} from '../../../src/openflow/index.ts'
import { noOvs, Ovs } from '../support/ovs.ts'

const skip = noOvs

/** A session with a bridge that allows only this version. */
function inEach(title: string, play: (t: Test, version: number) => Promise<void>): void {
  for (const version of VERSIONS) t.test(`${versionName(version)}: ${title}`, { skip }, (t) => play(t, version))
}

const add = (line: string): FlowMod => ({ type: 'flow_mod', command: 'add', ...parseFlow(line) })
const del = (table: number): FlowMod => ({ type: 'flow_mod', command: 'delete', table, priority: 0, match: [] })

async function count(session: Session, table: number): Promise<number> {
  let flows = 0
  for await (const some of session.dumpFlows({ table })) flows += some.length
  return flows
}

inEach('a bridge connects to us, and we to it', async (t, version) => {
  const ovs = await Ovs.start(t, version)
  const path = `${ovs.directory}/controller.sock`
  const listener = await listen({ path })
  t.teardown(() => listener.close())
  await ovs.vsctl('set-controller', 'br0', `unix:${path}`)
  for await (const session of listener) {
    t.equal(session.version, version)
    const datapath = (await ovs.vsctl('get', 'bridge', 'br0', 'datapath_id')).trim()
    t.equal(`"${session.datapathId.toString(16).padStart(16, '0')}"`, datapath)
    const { desc } = await session.request({ type: 'multipart_request', multipart: 'desc' })
    t.equal(desc.hardware, 'Open vSwitch')
    const { ports } = await session.request({ type: 'multipart_request', multipart: 'port_desc' })
    t.match(ports, [{ port: PORT.LOCAL, name: 'br0', properties: [{ type: 'ethernet' }] }])
    const { tables } = await session.request({ type: 'multipart_request', multipart: 'table' })
    t.equal(tables.length, 254)
    await session.barrier()
    session.close('seen')
    break
  }
})

t.test('versions: a bridge that allows some of them', { skip }, async (t) => {
  const ovs = await Ovs.start(t)
  await ovs.vsctl('set', 'bridge', 'br0', 'protocols=OpenFlow10,OpenFlow13,OpenFlow15')
  const session = await connect({ path: ovs.path })
  t.equal(session.version, 6)
  session.close('done')
  await ovs.vsctl('set', 'bridge', 'br0', 'protocols=OpenFlow10')
  await t.rejects(connect({ path: ovs.path }), { code: 'no-common-version' })
  await t.rejects(connect({ path: `${ovs.directory}/nobody.sock` }), { code: 'not-connected' })
})

inEach(
  'B42 on Open vSwitch: refused when added, refused at commit, not to be bundled: nothing is installed',
  async (t, version) => {
    const ovs = await Ovs.start(t, version)
    const session = await connect({ path: ovs.path })
    t.teardown(() => session.close('done'))
    const good = [1, 2, 3].map((priority) => add(`table=5,priority=${priority},actions=drop`))

    const noField: FlowMod = {
      ...add('table=5,priority=9,actions=drop'),
      // Open vSwitch does not have this field.
      match: [{ field: 'in_phy_port', value: 80 }],
    }
    const atAdd = await session.bundle([...good, noField, { type: 'echo_request' }]).catch((error: unknown) => error)
    t.ok(atAdd instanceof BundleError)
    t.match(atAdd, {
      refused: [
        { index: 3, message: noField, error: { code: 'refused', error: { errorType: 4, code: 6 } } },
        { index: 4, error: { error: { errorType: 17, code: 10 } } },
      ],
    })
    t.equal(await count(session, 5), 0)

    const noGroup = add('table=5,priority=9,actions=group:99')
    const atCommit = await session.bundle([...good, noGroup, good[0] ?? noGroup]).catch((error: unknown) => error)
    t.match(atCommit, {
      refused: [{ index: 3, error: { error: { errorType: 2, code: 9 } } }],
      cause: { error: { errorType: 17, code: 13 } },
    })
    t.equal(await count(session, 5), 0)

    await session.bundle(good)
    t.equal(await count(session, 5), 3)
    await session.bundle([del(5), ...good.slice(1)])
    t.equal(await count(session, 5), 2)
  },
)

inEach('B42 the switch gives up an idle bundle: later messages for it are refused', async (t, version) => {
  const ovs = await Ovs.start(t, version)
  await ovs.vsctl('set', 'Open_vSwitch', '.', 'other_config:bundle-idle-timeout=1')
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  const step = (step: 'open_request' | 'close_request') =>
    session.request({ type: 'bundle_control', bundle: 77, flags: 3, step })
  await step('open_request')
  // Error 17/14 with an xid that belongs to no request. It arrives as an event.
  for await (const event of session.events) {
    t.match(event, { type: 'error', errorType: 17, code: 14 })
    break
  }
  await t.rejects(step('close_request'), { code: 'refused', error: { errorType: 17, code: 2 } })
})

inEach('B42 a bundle given up while it is filled: nothing of it is installed', async (t, version) => {
  const ovs = await Ovs.start(t, version)
  await ovs.vsctl('set', 'Open_vSwitch', '.', 'other_config:bundle-idle-timeout=1')
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  const rest = (milliseconds: number): unknown =>
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
  const slow = function* (): Generator<FlowMod> {
    for (let priority = 1; priority <= 10; priority += 1) {
      // The first pause is long enough for the waiting messages to be sent, and the second one is too long for the switch.
      if (priority === 5) rest(10)
      if (priority === 6) rest(3000)
      yield add(`table=5,priority=${priority},actions=drop`)
    }
  }
  await t.rejects(session.bundle(slow()), { code: 'refused', error: { errorType: 17, code: 14 } })
  t.equal(await count(session, 5), 0)
  await session.bundle([add('table=5,priority=1,actions=drop')])
  t.equal(await count(session, 5), 1)
})

inEach('B41 thousands of requests at once, their answers read while they are written', async (t, version) => {
  const ovs = await Ovs.start(t, version)
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  const asked = Array.from({ length: 5000 }, () => session.request({ type: 'multipart_request', multipart: 'desc' }))
  for (const { desc } of await Promise.all(asked)) t.equal(desc.hardware, 'Open vSwitch')
})

inEach('B43 a generation id has 64 bits and may wrap; a stale one is refused', async (t, version) => {
  const ovs = await Ovs.start(t, version)
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  const role = (role: 'master' | 'slave', generationId: bigint) =>
    session.request({ type: 'role_request', role, generationId })
  t.match(await role('master', 2n ** 64n - 1n), { role: 'master', generationId: 2n ** 64n - 1n })
  t.match(await role('master', 1n), { role: 'master', generationId: 1n })
  await t.rejects(role('master', 2n ** 64n - 1n), { code: 'refused', error: { errorType: 11, code: 0 } })
  await role('slave', 2n)
  const refused = await session.bundle([add('actions=drop')]).catch((error: unknown) => error)
  t.ok(refused instanceof OpenFlowError)
  t.match(refused, { error: { errorType: 1, code: 10 } })
})

inEach('a flow monitor reports changes of others in full, and ours by xid', async (t, version) => {
  const ovs = await Ovs.start(t, version)
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  await session.monitorFlows()
  const line = 'table=3, priority=7,in_port=5 actions=output:6'
  await session.bundle([add(line)])
  await ovs.ofctl('mod-flows', ovs.bridge, 'table=3,in_port=5,actions=output:7')
  await ovs.ofctl('del-flows', ovs.bridge, 'table=3')
  await ovs.ofctl('add-flow', ovs.bridge, 'table=3,priority=9,actions=drop')
  const updates: FlowUpdate[] = []
  for await (const event of session.events) {
    if (event.type === 'multipart_reply' && event.multipart === 'flow_monitor') updates.push(...event.updates)
    if (updates.length >= 4) break
  }
  const flow = parseFlow('table=3, priority=7,in_port=5 actions=output:7')
  t.match(updates, [
    { event: 'abbrev' },
    { event: 'modified', table: 3, instructions: flow.instructions },
    { event: 'removed', table: 3, priority: 7, match: flow.match, reason: 'delete' },
    { event: 'added', table: 3, priority: 9, instructions: [] },
  ])
})

inEach('packets are received and sent, ports are added and removed, deleted rules are reported', async (t, version) => {
  const ovs = await Ovs.start(t, version)
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  // Without this setting, a connection that is not a controller gets no packets.
  session.send({ type: 'set_config', flags: 0, missSendLength: 0xffff })
  await session.bundle([
    add('table=0,priority=5,in_port=7,actions=set_field:0x2a->tun_id,set_field:0x9->reg3,output:CONTROLLER'),
    add('table=9,priority=5,send_flow_rem,actions=drop'),
  ])
  const frame = new Uint8Array(Buffer.from(`ffffffffffff${'020000000001'}88cc${'00'.repeat(46)}`, 'hex'))
  session.send({
    type: 'packet_out',
    match: [{ field: 'in_port', value: 7 }],
    actions: [{ type: 'output', port: PORT.TABLE }],
    data: frame,
  })
  await ovs.vsctl('add-port', 'br0', 'dummy0', '--', 'set', 'interface', 'dummy0', 'type=internal')
  session.send({ ...del(9), outPort: 0xffffffff })
  const seen = new Map<string, object>()
  for await (const event of session.events) {
    if (!seen.has(event.type)) seen.set(event.type, event)
    if (seen.has('packet_in') && seen.has('port_status') && seen.has('flow_removed')) break
  }
  t.match(seen.get('packet_in'), {
    // OpenFlow 1.3 has no other name for it.
    reason: version < 5 ? 'apply_action' : 'packet_out',
    table: 0,
    totalLength: 60,
    bufferId: 0xffffffff,
    data: frame,
  })
  t.match(
    new Set((seen.get('packet_in') as { match: unknown[] }).match),
    new Set([
      { field: 'in_port', value: 7 },
      { field: 'tun_id', value: 42n },
    ]),
  )
  t.match(seen.get('port_status'), { reason: 'add', port: { name: 'dummy0' } })
  t.match(seen.get('flow_removed'), { reason: 'delete', table: 9, priority: 5, stats: { packets: 0n } })
})

inEach('100,000 rules in one bundle, and all of them in a dump', async (t, version) => {
  const ovs = await Ovs.start(t, version)
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  const size = 100_000
  const rules = function* (): Generator<FlowMod> {
    for (let index = 0; index < size; index += 1) {
      yield {
        type: 'flow_mod',
        command: 'add',
        table: 10,
        priority: 100,
        cookie: BigInt(index),
        match: [
          { field: 'metadata', value: BigInt(index) },
          { field: 'eth_dst', value: index },
        ],
        instructions: [
          { type: 'apply_actions', actions: [{ type: 'set_field', field: 'reg1', value: index }] },
          { type: 'goto_table', table: 20 },
        ],
      }
    }
  }
  await session.bundle(rules())
  const seen = new Set<bigint>()
  for await (const some of session.dumpFlows({ table: 10 })) for (const { cookie } of some) seen.add(cookie)
  t.equal(seen.size, size)
  t.equal(await count(session, 11), 0)
  const half = session.dumpFlows({ table: 10, cookie: 1n, cookieMask: 1n })
  let odd = 0
  for await (const some of half) odd += some.length
  t.equal(odd, size / 2)
  for await (const some of session.dumpFlows({ table: 10 })) {
    t.ok(some.length < size, 'a dump that is ended early')
    break
  }
  await session.barrier()
})
