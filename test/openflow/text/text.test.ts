/** Law 6 for text: a printed rule parses back to the same rule. */
import fc from 'fast-check'
import t from 'tap'
import {
  type Action,
  canonicalMatch,
  type Flow,
  type Match,
  OpenFlowError,
  parseActions,
  parseFlow,
  parseMatch,
  printActions,
  printFlow,
  printMatch,
  ruleBody,
  ruleKey,
} from '../../../src/openflow/index.ts'
import { flow, match } from '../support/arbitrary.ts'
import { same } from '../support/same.ts'

/** A range of one value becomes that value. */
const oneOf = (nat: Extract<Action, { type: 'nat' }>, name: 'ipv4' | 'ipv6' | 'ports') => {
  const range = nat[name]
  return range && range.min === range.max ? { [name]: { min: range.min } } : {}
}

/** Nicira's older actions are parsed as the actions that replace them, as in ovs-ofctl. */
const asRead = (action: Action): Action => {
  if (action.type === 'set_tunnel' || action.type === 'set_tunnel64') {
    return { type: 'set_field', field: 'tun_id', value: BigInt(action.id) }
  }
  if (action.type === 'nat')
    return { ...action, ...oneOf(action, 'ipv4'), ...oneOf(action, 'ipv6'), ...oneOf(action, 'ports') }
  return 'actions' in action ? ({ ...action, actions: action.actions.map(asRead) } as Action) : action
}
const flowAsRead = (flow: Flow): Flow => ({
  ...flow,
  instructions: flow.instructions.map((one) => ('actions' in one ? { ...one, actions: one.actions.map(asRead) } : one)),
})

t.test('law 6: parsing a printed rule gives the same rule', async () => {
  fc.assert(
    fc.property(flow, (flow) => same(parseFlow(printFlow(flow)), flowAsRead(flow))),
    { numRuns: 2000 },
  )
})

t.test('law 6: parsing a printed match gives the same canonical match', async () => {
  fc.assert(
    fc.property(match, (match) => same(parseMatch(printMatch(match)), canonicalMatch(match))),
    { numRuns: 2000 },
  )
})

t.test('law 6: parsing the text of a rule gives the same key and body', async () => {
  fc.assert(
    fc.property(flow, (flow) => {
      const again = parseFlow(printFlow(flow))
      same([ruleKey(again), ruleBody(again)], [ruleKey(flow), ruleBody(flow)])
      same(printFlow(again), printFlow(flowAsRead(flow)))
    }),
    { numRuns: 500 },
  )
})

t.test('a rule reads as ovs-ofctl prints it', async (t) => {
  const lines = [
    'cookie=0x5, table=10, priority=100,in_port=5,vlan_tci=0x0000/0x1fff actions=set_field:0x2->metadata,goto_table:10',
    'table=1, idle_timeout=5, hard_timeout=6, send_flow_rem check_overlap importance=7, priority=18 actions=output:3',
    'dl_vlan=5,dl_vlan_pcp=3 actions=output:3',
    'priority=0 actions=drop',
    'actions=drop',
  ]
  for (const line of lines) t.equal(printFlow(parseFlow(line)), line)
})

t.test('a field beside the protocol of another keeps its own name', async (t) => {
  const match: Match = [
    { field: 'ip_proto', value: 58 },
    { field: 'icmp_type', value: 3 },
  ]
  t.equal(printMatch(match), 'nw_proto=58,NXM_OF_ICMP_TYPE=3')
  t.same(parseMatch(printMatch(match)), match)
})

t.test('other spellings of ovs-ofctl are parsed', async (t) => {
  const same = (text: string, canonical: string): void => void t.equal(printMatch(parseMatch(text)), canonical)
  same('tcp,tp_dst=80', 'tcp,tp_dst=80')
  same('tcp,tcp_dst=80', 'tcp,tp_dst=80')
  same('dl_type=0x0800,nw_proto=17,udp_dst=53', 'udp,tp_dst=53')
  same('eth_dst=1:2:3:4:5:6,ip_src=10.0.0.0/8,ip', 'ip,dl_dst=01:02:03:04:05:06,nw_src=10.0.0.0/8')
  same('vlan_vid=0x1065', 'dl_vlan=101')
  same('vlan_tci=0x1065/0x1fff', 'dl_vlan=101')
  same('dl_vlan_pcp=3', 'dl_vlan_pcp=3')
  same('dl_vlan_pcp=3,dl_vlan=5', 'dl_vlan=5,dl_vlan_pcp=3')
  same('ip,ip_dscp=8', 'ip,nw_tos=32')
  same('xreg0=0x100000002', 'reg0=0x1,reg1=0x2')
  same('tcp,tcp_flags=+syn-ack', 'tcp,tcp_flags=+syn-ack')
  same('in_port=local', 'in_port=LOCAL')
  t.equal(printActions(parseActions('5,controller,strip_vlan,normal')), 'output:5,CONTROLLER:65535,pop_vlan,NORMAL')
  t.equal(printActions(parseActions('move:reg0[0..15]->reg1[16..31]')), 'move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31]')
  t.equal(
    printFlow(parseFlow(' cookie=0x0, duration=0.4s, table=0, n_packets=0, n_bytes=0, idle_age=0, ip actions=1')),
    'ip actions=output:1',
  )
})

t.test('text that is not a rule is refused with a reason', async (t) => {
  const refused = (text: string, words: RegExp): void =>
    void t.throws(() => parseFlow(text), { constructor: OpenFlowError, code: 'bad-text', message: words })
  refused('priority=5', /actions= is missing/)
  refused('priority=5,actions=fly', /fly/)
  refused('nonsense=5,actions=drop', /"nonsense" is not a field/)
  refused('nonsense,actions=drop', /"nonsense" is not a field/)
  refused('table=256,actions=drop', /up to 255/)
  refused('reg0=0x100000000,actions=drop', /32 bits/)
  refused('dl_dst=1:2:3,actions=drop', /MAC address/)
  refused('ip,nw_src=1.2.3.400,actions=drop', /IPv4 address/)
  refused('ipv6,ipv6_src=1::2::3,actions=drop', /IPv6 address/)
  refused('actions=clone(output:1', /parenthesis/)
  for (const nothing of ['', 'in_port', 'in_port,', 'IN_PORT,255', ',255', 'in_port,,ct', '65528,']) {
    refused(`actions=resubmit(${nothing})`, /resubmit\(.*\).*expected a port or a table/)
  }
  for (const nothing of [',', ' ']) refused(`ip,actions=dec_ttl(${nothing})`, /number of a controller/)
  refused('actions=set_field:5', /arrow/)
  refused('actions=move:reg0[0..15]->reg1[0..3]', /same number of bits/)
  refused('actions=load:5->reg0[30..40]', /32 bits/)
  refused('ct_state=+wild,actions=drop', /"wild"/)
})

t.test('text that is not understood completely is refused', async (t) => {
  const flows = [
    ...['resubmit(,3,ct,4)', 'resubmit(5,6,7)', 'pop_vlan(junk)', 'pop_vlan:5', 'ct_clear(x)', 'clear_actions(x)'],
    ...['controller(pause=1)', 'controller(foo=1)', 'controller(reason=no_match,userdata=1.02)', 'controller(id=5=6)'],
    ...['controller(id=5,meter_id)', 'controller(id=5,id=6)', 'write_metadata:1/2/3', 'write_metadata:5/'],
    ...['note:zz', 'note:0g.01', 'unknown(0x1c,zz)', 'unknown(0x1c)', 'unknown(70000,)', 'unknown(1.2.3,)'],
    ...[
      'goto_table:3,goto_table:4',
      'output(port=5)',
      'output(max_len=5)',
      'output(port=5,max_len=1,x=2)',
      'load:2->reg0[0]',
      'dec_ttl(1,x)',
      'drop,output:1',
    ],
    ...['set_field:5->reg0->reg1', 'set_field:->reg0', 'output:1 actions=drop', 'write_metadata:0x10000000000000000'],
    ...[
      'ct(zone)',
      'ct(commit=1)',
      'ct(foo)',
      'ct(table=255)',
      'ct(nat(hash))',
      'ct(nat(src,dst))',
      'ct(nat(src=1.2.3))',
    ],
    ...['ct(exec(fly))', 'ct(commit,commit)', 'ct(zone=reg99[])', 'nat(src=10.0.0.1-10.0.0.2-10.0.0.3)', 'nat(x=1)'],
    ...[
      'learn(table=255)',
      'learn(table=1,table=2)',
      'learn(foo=1)',
      'learn(reg0=1/2)',
      'learn(NXM_NX_REG0[0..3]=reg1[])',
    ],
    ...['learn(load:16->reg0[0..3])', 'learn(output:nothing[])', 'learn(result_dst=reg0[])', 'learn(junk)'],
    ...['multipath(eth_src,1,hrw,1,0)', 'multipath(eth,1,hrw,1,0,reg0[])', 'multipath(eth_src,1,hrw,0,0,reg0[])'],
    ...[
      'bundle(eth_src,0,hrw,ofport,1,2)',
      'bundle(eth_src,0,hrw,mac,members:1)',
      'bundle_load(eth_src,0,hrw,ofport,members:1)',
    ],
    ...['sample(probability=0)', 'sample()', 'sample(probability=1,ingress,egress)', 'sample(probability=1,x)'],
    ...[
      'conjunction(1,3/2)',
      'conjunction(1,0/2)',
      'conjunction(1)',
      'fin_timeout(x=1)',
      'push:reg0[31..32]',
      'pop:reg0[40]',
    ],
    ...['encap(nothing)', 'encap(nsh(tlv(1,2)))', 'encap(nsh(tlv(1,2,34)))', 'decap(x)', 'decap(packet_type(ns=1))'],
    ...[
      'check_pkt_larger(5)',
      'check_pkt_larger(5)->reg0[]',
      'check_pkt_larger(70000)->reg0[3]',
      'delete_field:nothing',
    ],
    ...['stat_trigger(x=1)', 'stat_trigger(duration=5)', 'set_tunnel:x', 'exit(1)', 'dec_nsh_ttl(1)', 'set_mpls_tc:8'],
    ...['constructor', '__proto__', 'constructor(1)', 'set_field:5->constructor', 'clone(__proto__)', 'toString:1'],
  ].map((actions) => `actions=${actions}`)
  const matches = [
    ...['dl_vlan=', 'dl_vlan=1e2', 'dl_vlan=0b11', 'dl_vlan=4096', 'ip,nw_tos=', 'ip,nw_tos=1e1', 'in_port='],
    ...['ct_state=+', 'ct_state=+trk-', 'ct_state=+trk-trk', 'ct_state=+trk/5', 'ct_state=', 'ct_state=0xfff'],
    ...['packet_type=(70000,0)', 'packet_type=(1,0x12345)', 'tcp,tcp_flags=0xfffff', 'vlan_tci=0x11000'],
    ...['ip,ipv6', 'reg0=1,reg0=2', 'xreg0=1,reg1=2', 'dl_vlan=5,vlan_tci=0x1000/0x1000', 'vlan_tci=12,dl_vlan=5'],
    ...['table=1=2', 'table=1,table=2', 'priority=1,priority=2', 'cookie=1,cookie=2', 'cookie=0x5/0xff', 'table='],
    ...['cookie=0x10000000000000000', 'send_flow_rem=1', 'n_packets=foo', 'out_port=5'],
    ...[
      'oxm(0x1ffff,1,-,00)',
      'oxm(0x8000,300,-,00)',
      'oxm(0x8000,3,-,000)',
      'constructor=5',
      '__proto__=5',
      'ip,nw_frag=9',
    ],
  ].map((match) => `${match} actions=drop`)
  for (const text of [...flows, ...matches]) t.throws(() => parseFlow(text), { code: 'bad-text' }, text)
})

t.test('clones within clones are read up to a depth', async (t) => {
  const nested = (depth: number): string => `${'clone('.repeat(depth)}output:1${')'.repeat(depth)}`
  t.equal(printActions(parseActions(nested(60))), nested(60))
  for (const depth of [100, 3000, 20_000]) t.throws(() => parseActions(nested(depth)), { code: 'bad-text' })
})

t.test('a name that stands for several fields is that of its packet', async (t) => {
  const same = (text: string, canonical: string): void => void t.equal(printMatch(parseMatch(text)), canonical)
  same('arp,nw_proto=1', 'arp,arp_op=1')
  same('nw_src=10.0.0.1,dl_type=0x0806,ip_dst=10.0.0.0/8', 'arp,arp_spa=10.0.0.1,arp_tpa=10.0.0.0/8')
  same('rarp,nw_proto=3', 'rarp,arp_op=3')
  same('tp_dst=80,ip_proto=6,eth_type=0x0800', 'tcp,tp_dst=80')
  // In an action, these names mean Nicira's fields, which have other widths than OpenFlow's.
  t.match(parseActions('set_field:LOCAL->in_port,move:in_port[]->reg0[0..15],set_field:20->nw_tos'), [
    { field: 'nxm_in_port', value: 0xfffe },
    { src: { field: 'nxm_in_port' }, bits: 16 },
    { field: 'nxm_ip_tos', value: 20 },
  ])
  t.same(parseMatch('NXM_OF_IN_PORT=0xfffe,NXM_OF_IP_TOS=32'), parseMatch('in_port=LOCAL,nw_tos=32'))
})

t.test('a match that the switch reports only in part is sent completely', async (t) => {
  t.strictSame(parseMatch('vlan_tci=0x2000/0xe000'), [{ field: 'vlan_tci', value: 0x2000, mask: 0xe000 }])
  t.equal(printMatch(parseMatch('vlan_tci=0x2000/0xe000')), '')
})
