/** Text of groups and meters, compared with ovs-ofctl and a real bridge. */
import t from 'tap'
import { connect, decode, encode, parseGroup, parseMeter, printGroup, printMeter } from '../../../src/openflow/index.ts'
import { noOfctl, sent } from '../support/ofctl.ts'
import { noOvs, Ovs } from '../support/ovs.ts'

const GROUPS = [
  'group_id=1,type=select,selection_method=hash,fields(ip_src=255.255.0.0,ip_dst),bucket=weight:5,output:1,bucket=output:2',
  'group_id=2,type=select,selection_method=dp_hash,selection_method_param=7,bucket=bucket_id:5,weight:0,actions=output:1',
  'group_id=3,type=ff,bucket=watch_port:5,output:5,bucket=watch_group:1,watch_port:3,set_field:1->reg0,output:6',
  'group_id=4,type=all',
  'group_id=5,type=indirect,bucket=drop',
  'group_id=6,type=all,bucket=actions=resubmit(,5),ct_clear,output:3',
  'group_id=7,type=select,selection_method=hash,fields=ip_dst,bucket=output:1',
  'group_id=8,type=select,bucket=weight:7,actions=push_vlan:0x8100,set_field:4101->vlan_vid,output:LOCAL',
]
const METERS = [
  'meter=1,pktps,band=type=drop,rate=5',
  'meter=2,kbps,burst,stats,band=type=drop,rate=5,burst_size=7',
  'meter=controller,pktps,stats,bands=type=drop,rate=500',
]

for (const version of [4, 5, 6]) {
  t.test(`groups as ovs-ofctl sends them in version ${version}`, { skip: noOfctl }, async (t) => {
    for (const [index, bytes] of (await sent('add-groups', GROUPS, version)).entries()) {
      const message = decode(bytes)
      if (message.type !== 'group_mod') throw new Error(message.type)
      const line = GROUPS[index] ?? ''
      t.strictSame(Buffer.from(encode(message)), Buffer.from(bytes), line)
      const group = { buckets: [], ...message }
      t.equal(printGroup(parseGroup(printGroup(group))), printGroup(group), line)
      // Before 1.5, buckets have no numbers and no properties.
      const ours = { type: 'group_mod', command: 'add', version, xid: message.xid, ...parseGroup(line) } as const
      if (version === 6)
        t.strictSame(Buffer.from(encode(ours)), Buffer.from(bytes), `${line}: parsed like ovs-ofctl parses it`)
    }
  })
}

t.test('groups and meters of a real bridge print as ovs-ofctl prints them', { skip: noOvs }, async (t) => {
  const ovs = await Ovs.start(t)
  await ovs.vsctl('set', 'bridge', 'br0', 'protocols=OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15')
  const session = await connect({ path: ovs.path, versions: [6] })
  t.teardown(() => session.close('done'))
  for (const line of GROUPS) session.send({ type: 'group_mod', command: 'add', ...parseGroup(line) })
  for (const line of METERS) session.send({ type: 'meter_mod', command: 'add', ...parseMeter(line) })
  await session.barrier()
  for (const [version, name] of [
    [4, 'OpenFlow13'],
    [6, 'OpenFlow15'],
  ] as const) {
    const other = await connect({ path: ovs.path, versions: [version] })
    const groups = await other.request({ type: 'multipart_request', multipart: 'group_desc' })
    const meters = await other.request({ type: 'multipart_request', multipart: 'meter_config' })
    if (groups.multipart !== 'group_desc' || meters.multipart !== 'meter_config') throw new Error('another answer')
    const lines = (text: string): string[] => text.split('\n').slice(1).filter(Boolean)
    const theirs = lines(await ovs.ofctl('-O', name, 'dump-groups', ovs.bridge)).map((line) => line.trim())
    t.strictSame(groups.groups.map(printGroup).sort(), theirs.sort())
    const printed = meters.meters.map(printMeter).join('\n')
    t.strictSame(printed.split('\n').sort(), lines(await ovs.ofctl('-O', name, 'dump-meters', ovs.bridge)).sort())
    for (const meter of meters.meters) t.equal(printMeter(parseMeter(printMeter(meter))), printMeter(meter))
    t.equal(groups.groups.length, GROUPS.length)
    other.close('done')
  }
})

t.test('text that is not a group or a meter is refused', async (t) => {
  const groups = [
    ...['', 'group_id=1', 'type=all', 'group_id=1,type=none', 'group_id=x,type=all', 'group_id=1,type=all,foo=1'],
    ...[
      'group_id=1,group_id=2,type=all',
      'group_id=1,type=all,bucket=fly',
      'group_id=1,type=all,bucket=weight:x,output:1',
    ],
    ...['group_id=1,type=select,fields=ip_dst', 'group_id=1,type=select,selection_method=hash,fields(fly)'],
    'group_id=1,type=select,selection_method=hash,fields(ip_dst=1.2.3.4/8)',
  ]
  for (const text of groups) t.throws(() => parseGroup(text), { code: 'bad-text' }, text)
  const meters = [
    ...[
      '',
      'meter=x',
      'kbps',
      'meter=1,fast',
      'meter=1,band=type=fly,rate=5',
      'meter=1,band=type=drop',
      'meter=1,meter=2',
    ],
    ...[
      'meter=1,band=type=drop,rate=5,prec_level=1',
      'meter=1,band=type=dscp_remark,rate=5',
      'meter=1,band=type=drop,x=1',
    ],
  ]
  for (const text of meters) t.throws(() => parseMeter(text), { code: 'bad-text' }, text)
  t.strictSame(parseMeter('meter=1,band=type=dscp_remark,rate=5,prec_level=2').bands, [
    { type: 'dscp_remark', rate: 5, burst: 0, level: 2 },
  ])
})
