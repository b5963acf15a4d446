/** Rules on real Open vSwitch: how it handles our rules, and how we read its own. */
import t from 'tap'
import {
  type Action,
  connect,
  type Flow,
  type FlowEntry,
  type Instruction,
  ipv4Packets,
  load,
  type Match,
  PORT,
  parseFlow,
  printFlow,
  ruleBody,
  ruleKey,
  type Session,
  tcp,
} from '../../../src/openflow/index.ts'
import { noOvs, Ovs } from '../support/ovs.ts'
import { GIVEN, LINES } from '../support/rules.ts'

const skip = noOvs

async function dump(session: Session): Promise<FlowEntry[]> {
  const flows: FlowEntry[] = []
  for await (const some of session.dumpFlows()) flows.push(...some)
  return flows
}

t.test(
  'a rule that was sent is the same when it is read back, and ovs-ofctl prints it as we do',
  { skip },
  async (t) => {
    const ovs = await Ovs.start(t)
    const session = await connect({ path: ovs.path })
    t.teardown(() => session.close('done'))
    await session.bundle([{ type: 'flow_mod', command: 'delete', table: 255, priority: 0, match: [] }])
    for (const line of LINES) {
      const flow: Flow = parseFlow(line)
      t.equal(printFlow(flow), line, 'it is encoded as it was decoded')
      await t.resolves(session.bundle([{ type: 'flow_mod', command: 'add', ...flow }]), line)
    }
    t.strictSame((await ovs.dump()).sort(), LINES.toSorted(), 'ovs-ofctl dump-flows prints the same lines')
    const back = await dump(session)
    t.strictSame(back.map(printFlow).sort(), LINES.toSorted(), 'so does printFlow')
    const sent = new Map(LINES.map(parseFlow).map((flow) => [ruleKey(flow), ruleBody(flow)]))
    t.equal(sent.size, LINES.length, 'no two rules have the same key')
    t.strictSame(new Map(back.map((flow) => [ruleKey(flow), ruleBody(flow)])), sent, 'keys and bodies are the same')
  },
)

t.test(
  'a dump of rules that Open vSwitch made itself can be read, with unknown parts as octets',
  { skip },
  async (t) => {
    const ovs = await Ovs.start(t)
    const lines = [
      'table=1,priority=1,ip,actions=ct(commit,zone=5,nat(src=10.0.0.1)),output:3',
      'table=1,priority=2,actions=learn(table=3,NXM_OF_ETH_SRC[]),output:1',
      'table=1,priority=3,actions=multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])',
      'table=1,priority=4,ip,actions=dec_ttl(1,2)',
      'table=1,priority=5,actions=exit',
      'table=1,priority=6,actions=set_field:0->in_port,output:1',
      'table=1,priority=7,actions=sample(probability=5),bundle(eth_src,0,hrw,ofport,members:4,8)',
      'table=1,priority=8,actions=load:0x5->NXM_NX_REG2[0..7],output:1',
      'table=1,priority=9,ip,actions=conjunction(1,1/2)',
      'table=1,priority=10,actions=meter:1,output:1',
    ]
    await ovs.ofctl('add-meter', ovs.bridge, 'meter=1,pktps,band=type=drop,rate=5')
    for (const line of lines) await ovs.ofctl('add-flow', ovs.bridge, line)
    const session = await connect({ path: ovs.path })
    t.teardown(() => session.close('done'))
    const before = await dump(session)
    t.equal(before.length, lines.length + 1)
    for (const flow of before) t.equal(printFlow(parseFlow(printFlow(flow))), printFlow(flow))
    const text = await ovs.dump()
    const add = (flow: Flow) => ({ type: 'flow_mod', command: 'add', ...flow }) as const
    await session.bundle([
      { type: 'flow_mod', command: 'delete', table: 255, priority: 0, match: [] },
      ...before.map(add),
    ])
    t.strictSame((await ovs.dump()).sort(), text.sort(), 'sent again, they are the same rules')
  },
)

t.test('a rule from ovs-ofctl and the same rule from us are one rule with one text', { skip }, async (t) => {
  const ovs = await Ovs.start(t)
  await ovs.ofctl('del-flows', ovs.bridge)
  for (const line of GIVEN) await ovs.ofctl('add-flow', ovs.bridge, line)
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  const theirs = await dump(session)
  const printed = await ovs.dump()
  t.strictSame(theirs.map(printFlow).sort(), printed.toSorted(), 'printFlow prints what ovs-ofctl prints')
  for (const line of printed) t.equal(printFlow(parseFlow(line)), line, 'and reads it')
  const same = (mine: Flow, back: Flow | undefined): void => {
    const line = GIVEN[mine.priority - 1] ?? ''
    t.equal(back && ruleKey(back), ruleKey(mine), line)
    t.equal(back && ruleBody(back), ruleBody(mine), line)
  }
  const byPriority = (flows: readonly Flow[]) => new Map(flows.map((flow) => [flow.priority, flow]))
  for (const flow of GIVEN.map(parseFlow)) same(flow, byPriority(theirs).get(flow.priority))
  await ovs.ofctl('del-flows', ovs.bridge)
  await session.bundle(GIVEN.map((line) => ({ type: 'flow_mod', command: 'add', ...parseFlow(line) }) as const))
  const ours = await dump(session)
  t.equal(ours.length, GIVEN.length)
  for (const flow of GIVEN.map(parseFlow)) same(flow, byPriority(ours).get(flow.priority))
})

t.test('the forms that Open vSwitch changes have the same key and body before and after', { skip }, async (t) => {
  const ovs = await Ovs.start(t)
  await ovs.ofctl('add-meter', ovs.bridge, 'meter=1,pktps,band=type=drop,rate=5')
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  const rule = (match: Match, instructions: readonly Instruction[] = []): Omit<Flow, 'priority'> => ({
    table: 7,
    cookie: 0n,
    match,
    instructions,
  })
  const apply = (...actions: Action[]): Omit<Flow, 'priority'> => rule([], [{ type: 'apply_actions', actions }])
  const flows: Flow[] = [
    rule([{ field: 'xreg0', value: 0x100000002n, mask: 0xffffffff0000ffffn }]),
    rule([{ field: 'xxreg1', value: 5n }]),
    rule([{ field: 'reg0', value: 0x0f, mask: 0x0f }]),
    rule([{ field: 'reg0', value: 5, mask: 0xffffffff }]),
    rule([{ field: 'reg0', value: 0, mask: 0 }]),
    rule([{ field: 'metadata', value: 7n, mask: 0xffff_ffff_ffff_ffffn }]),
    rule([{ field: 'tun_id', value: 0x70n, mask: 0xffff_ffff_ffff_fff0n }]),
    rule([{ field: 'eth_dst', value: 0x010000000000, mask: 0x010000000000 }]),
    rule([{ field: 'vlan_vid', value: 0 }]),
    rule([{ field: 'vlan_vid', value: 0x1065, mask: 0x1fff }]),
    rule([{ field: 'vlan_tci', value: 0x7005, mask: 0xffff }]),
    rule([{ field: 'vlan_tci', value: 0, mask: 0x1fff }]),
    rule([{ field: 'packet_type', value: 0 }]),
    rule([{ field: 'ct_state', value: 0x21 }]),
    rule([{ field: 'ct_state', value: 0x21, mask: 0xff }]),
    // Another order than ours and that of the switch.
    rule([
      { field: 'reg0', value: 5 },
      { field: 'in_port', value: 3 },
      { field: 'metadata', value: 7n },
    ]),
    rule([...tcp({ dst: 80 }), { field: 'in_port', value: 3 }]),
    apply({ type: 'set_field', field: 'reg0', value: 0x0c, mask: 0x0f }),
    apply({ type: 'set_field', field: 'reg0', value: 5, mask: 0xffffffff }),
    apply({ type: 'output', port: 5, maxLen: 128 }),
    apply({ type: 'output', port: PORT.CONTROLLER, maxLen: 0xffff }),
    apply({ type: 'controller', maxLen: 0xffff, controllerId: 0, reason: 1 }),
    apply({ type: 'resubmit', table: 255, port: 5 }),
    apply({ type: 'resubmit', table: 9, port: PORT.IN_PORT }),
    apply({ type: 'note', note: Uint8Array.of(1, 2) }),
    apply(load('reg2', 0, 8, 5n), load('reg2', 0, 32, 5n), load('xreg4', 16, 20, 7n)),
    apply(),
    rule(
      [],
      [
        { type: 'goto_table', table: 9 },
        { type: 'apply_actions', actions: [{ type: 'output', port: 1 }] },
      ],
    ),
    rule([], [{ type: 'write_metadata', metadata: 0xffn, mask: 0x0fn }]),
    rule(
      [],
      [
        { type: 'meter', meter: 1 },
        { type: 'apply_actions', actions: [{ type: 'output', port: 1 }] },
      ],
    ),
    rule(
      [],
      [
        { type: 'apply_actions', actions: [{ type: 'output', port: 1 }] },
        { type: 'meter', meter: 1 },
      ],
    ),
    rule(ipv4Packets(), [
      {
        type: 'apply_actions',
        actions: [
          { type: 'set_ttl', ttl: 5 },
          { type: 'output', port: 1 },
        ],
      },
    ]),
    rule(
      [],
      [
        {
          type: 'write_actions',
          actions: [
            { type: 'output', port: 1 },
            { type: 'set_field', field: 'reg0', value: 2, mask: 3 },
          ],
        },
      ],
    ),
  ].map((flow, priority) => ({ ...flow, priority }))
  await session.bundle(flows.map((flow) => ({ type: 'flow_mod', command: 'add', ...flow }) as const))
  const byPriority = new Map(
    (await dump(session)).filter(({ table }) => table === 7).map((flow) => [flow.priority, flow]),
  )
  for (const flow of flows) {
    const back = byPriority.get(flow.priority)
    t.equal(back && ruleKey(back), ruleKey(flow), printFlow(flow))
    t.equal(back && ruleBody(back), ruleBody(flow), printFlow(flow))
  }
})
