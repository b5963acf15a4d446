/** Law 6 for text: a printed rule parses back to the same rule. */
import fc from 'fast-check'
import t from 'tap'
import {
  canonicalMatch,
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
} from '../../src/openflow/index.ts'
import { flow, match } from './support/arbitrary.ts'
import { same } from './support/same.ts'

t.test('law 6: print, then parse, is the identity of rules', async () => {
  fc.assert(
    fc.property(flow, (flow) => same(parseFlow(printFlow(flow)), flow)),
    { numRuns: 2000 },
  )
})

t.test('law 6: print, then parse, is the identity of matches in canonical form', async () => {
  fc.assert(
    fc.property(match, (match) => same(parseMatch(printMatch(match)), canonicalMatch(match))),
    { numRuns: 2000 },
  )
})

t.test('law 6: key and body of a rule are those of its text', async () => {
  fc.assert(
    fc.property(flow, (flow) => {
      const again = parseFlow(printFlow(flow))
      same([ruleKey(again), ruleBody(again), printFlow(again)], [ruleKey(flow), ruleBody(flow), printFlow(flow)])
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

t.test('what ovs-ofctl writes in other ways is understood', async (t) => {
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

t.test('what is no rule is refused in words', async (t) => {
  const refused = (text: string, words: RegExp): void =>
    void t.throws(() => parseFlow(text), { constructor: OpenFlowError, code: 'bad-text', message: words })
  refused('priority=5', /actions= is missing/)
  refused('priority=5,actions=fly', /fly/)
  refused('nonsense=5,actions=drop', /"nonsense" is no field/)
  refused('nonsense,actions=drop', /"nonsense" is no field/)
  refused('table=256,actions=drop', /up to 255/)
  refused('reg0=0x100000000,actions=drop', /32 bits/)
  refused('dl_dst=1:2:3,actions=drop', /MAC address/)
  refused('ip,nw_src=1.2.3.400,actions=drop', /IPv4 address/)
  refused('ipv6,ipv6_src=1::2::3,actions=drop', /IPv6 address/)
  refused('actions=clone(output:1', /parenthesis/)
  refused('actions=set_field:5', /arrow/)
  refused('actions=move:reg0[0..15]->reg1[0..3]', /same number of bits/)
  refused('actions=load:5->reg0[30..40]', /32 bits/)
  refused('ct_state=+wild,actions=drop', /"wild"/)
})
