/** Text of groups: what `ovs-ofctl add-group` accepts is accepted, and prints as in `dump-groups` of a real bridge. */
import t from 'tap'
import { connect, parseGroup, printGroup } from '../../../src/openflow/index.ts'
import { noOvs, Ovs } from '../support/ovs.ts'

const select = (fields: string): string => `type=select,selection_method=hash,${fields},bucket=bucket_id:0,output:1`

/** The texts after `group_id=…,`. The switch numbers buckets without a number. */
const TAKEN = [
  ...['type=all', 'type=select', 'type=all bucket=bucket_id:0 output:1', 'type=all, bucket=bucket_id:3, actions=drop'],
  ...[
    'type=indirect,bucket=bucket_id:0,output:1',
    'type=all,bucket=bucket_id:4294967040,output:1,bucket=bucket_id:7,2',
  ],
  ...['type=all,bucket=bucket_id=5,actions:output:1', 'type=all,bucket=bucket_id:0,actions='],
  'type=select,bucket=bucket_id:0,output:1',
  'type=select,bucket=bucket_id:0,weight:0,output:1,bucket=output:2,weight=65535,bucket_id:1',
  'type=fast_failover,bucket=bucket_id:0,watch_port:1,output:1,bucket=watch_group:1,bucket_id:1,output:2',
  'type=ff,bucket=bucket_id:0,actions=output:1,watch_port:3',
  'type=select,bucket=watch_port:1,weight:5,bucket_id:0,actions=output:1',
  'type=select,selection_method=dp_hash,bucket=bucket_id:0,output:1',
  'type=select,selection_method=dp_hash,selection_method_param=5,bucket=bucket_id:0,output:1',
  'type=select,selection_method=hash,selection_method_param=0x123456789,bucket=bucket_id:0,output:1',
  'type=select,fields(ip_dst),selection_method=hash,bucket=bucket_id:0,output:1',
  ...['fields=ip_dst', 'fields(eth_dst)', 'fields(eth_dst,ip_dst,tcp_dst)', 'fields()', 'fields(nw_src,nw_dst)'],
  ...['fields(ip_src=255.255.255.0)', 'fields=ipv6_dst=ffff:ffff::', 'fields(ip_dst=255.255.255.0,nw_proto)'],
  ...['fields(reg0=0xff,metadata)', 'fields(dl_src,dl_dst,dl_type)', 'fields(tp_src,tp_dst)', 'fields(in_port)'],
  ...['fields(vlan_vid,vlan_pcp)', 'fields(vlan_tci)', 'fields(xxreg0,xreg0)', 'fields(nw_tos,nw_ecn,nw_ttl)'],
  ...['fields(ip_dscp)', 'fields(tun_id)', 'fields(nsh_ttl,nsh_c1,nsh_si)', 'fields(mpls_label,mpls_tc,mpls_bos)'],
  ...['fields(ipv6_label)', 'fields(nd_sll,icmpv6_type,ct_state,pkt_mark,tcp_flags,ip_frag,arp_op,tun_src)'],
].map((text) => (/^fields/.test(text) ? select(text) : text))

const ACTIONS = [
  ...['set_field:00:11:22:33:44:55->eth_dst,output:1', 'set_field:5->reg0,resubmit(,5)', 'ct_clear,output:3', 'normal'],
  ...['ct(commit,zone=5,nat(dst=10.0.0.1:80)),output:1', 'push_vlan:0x8100,set_field:4101->vlan_vid,output:1'],
  ...['mod_vlan_vid:5,output:1', 'mod_dl_dst:00:11:22:33:44:55,output:1', 'controller', 'controller:128', 'LOCAL'],
  ...['clone(output:1,output:2),output:3', 'learn(table=1,eth_dst=eth_src,output:in_port)', 'move:reg0->reg1,output:1'],
  ...['set_queue:5,output:1', 'enqueue:1:2', 'dec_ttl,output:1', 'set_tunnel:5,output:1'],
  'ct(nat(dst=10.0.0.2:80),commit,table=10,zone=3,exec(set_field:2/2->ct_label))',
].map((actions) => `type=all,bucket=bucket_id:0,${actions}`)

const GROUPS = [...TAKEN, ...ACTIONS].map((text, index) => `group_id=${index + 1},${text}`)

t.test('groups as ovs-ofctl takes and prints them', { skip: noOvs }, async (t) => {
  const ovs = await Ovs.start(t)
  const dump = async (): Promise<string[]> => {
    const [, ...lines] = (await ovs.ofctl('dump-groups', ovs.bridge)).split('\n')
    return lines.map((line) => line.trim()).filter(Boolean)
  }
  for (const line of GROUPS) await ovs.ofctl('add-group', ovs.bridge, line)
  const theirs = (await dump()).sort()
  t.strictSame(GROUPS.map((line) => printGroup(parseGroup(line))).sort(), theirs, 'we print what it prints')
  t.strictSame(
    theirs.map((line) => printGroup(parseGroup(line))),
    theirs,
    'and read it',
  )
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  const reply = await session.request({ type: 'multipart_request', multipart: 'group_desc' })
  if (reply.multipart !== 'group_desc') throw new Error(reply.multipart)
  t.strictSame(reply.groups.map(printGroup).sort(), theirs, "the switch's groups print the same")
  await ovs.ofctl('del-groups', ovs.bridge)
  for (const line of GROUPS) session.send({ type: 'group_mod', command: 'add', ...parseGroup(line) })
  await session.barrier()
  t.strictSame((await dump()).sort(), theirs, 'and so do the groups that we have sent')
  for (const place of ['first', 'last', '3', 'all']) {
    const { commandBucket } = parseGroup(`group_id=1,command_bucket_id=${place},bucket=bucket_id:9,output:1`)
    t.type(commandBucket, 'number', place)
  }
  const change = parseGroup('group_id=3,command_bucket_id=last,bucket=bucket_id:9,output:1')
  session.send({ type: 'group_mod', command: 'insert_bucket', ...change })
  await session.barrier()
  t.match((await dump()).join('\n'), /group_id=3,.*bucket=bucket_id:9,actions=output:1/)
})

t.test('text that is not a group for ovs-ofctl is refused', async (t) => {
  const lines = [
    ...['type=all,bucket=', 'type=indirect,bucket=output:1,bucket=output:2', 'type=ALL', 'type=all,type=select'],
    ...['type=all,bucket=bucket_id:0xffffff01,output:1', 'type=all,bucket=bucket_id:5,output:1,bucket=bucket_id:5,2'],
    ...['type=all,bucket=output:1,type=select', 'type=all,bucket=foo:5', 'type=all,bucket=drop,output:1'],
    ...['type=select,selection_method=verylongmethodname', 'type=select,selection_method_param=1', 'bucket=output:1'],
    'type=select,selection_method=hash,fields(nothing),bucket=output:1',
  ].map((text) => `group_id=1,${text}`)
  for (const line of [...lines, 'group_id=0xffffff01,type=all', 'group_id=all,type=all']) {
    t.throws(() => parseGroup(line), { code: 'bad-text' }, line)
  }
})
