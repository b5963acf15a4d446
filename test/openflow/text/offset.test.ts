/** Errors about text say where in the text the field, value or action stands that is wrong. */
import t from 'tap'
import {
  OpenFlowError,
  parseActions,
  parseFlow,
  parseGroup,
  parseInstructions,
  parseMatch,
  parseMeter,
} from '../../../src/openflow/index.ts'

/** In each text, `‸` stands before what is wrong. */
const WRONG: ReadonlyArray<readonly [parse: (text: string) => unknown, texts: readonly string[]]> = [
  [
    parseFlow,
    [
      'table=5, priority=‸70000, tcp, actions=output:1',
      'table=5, ‸priority, tcp, actions=output:1',
      'priority=1,tcp,‸priority=2 actions=drop',
      'table=5,tcp,nw_src=‸10.0.0.999 actions=output:1',
      'tcp,tp_dst=80, ‸foo=1 actions=output:1',
      'tcp, ‸foo actions=output:1',
      'tcp,‸reg0[0..40]=1 actions=output:1',
      'ip,nw_src=1.1.1.1,‸ip_src=2.2.2.2 actions=drop',
      'tcp actions=output:1, ‸nope:5',
      'tcp,tp_dst=80 actions=output:1,ct(commit,zone=5,exec(set_field:1->ct_mark,‸set_field:1->nope)),output:2',
      'actions=clone(output:1,clone(output:2,‸bogus)),output:2',
      'actions=write_actions(output:1,‸bogus),goto_table:3',
      'actions=goto_table:‸999',
      'actions=goto_table:3,‸output:1',
      'actions=clone‸(output:1',
      'actions=output:1‸)',
      'priority=1,tcp‸',
      // The same words stand in the text before, where they are right.
      'reg0=5,reg1=5,vlan_tci=5,tp_dst=‸5x actions=drop',
      'table=1 actions=resubmit(,1),clone(resubmit(,1),‸nope),nope2',
    ],
  ],
  [parseActions, ['output:1,‸learn(table=1,bogus=2)', 'output:1,‸set_queue:x']],
  [parseMatch, ['tcp,tp_dst=‸99999', '‸nothing=5', 'ip, nw_src=1.2.3.4/24 , ‸x']],
  [parseInstructions, ['write_metadata:‸nope', 'output:1,‸nope']],
  [
    parseGroup,
    [
      ' group_id=1,type=select,bucket=weight:5,actions=output:1,bucket=weight:‸9999999,actions=output:2',
      'group_id=1,type=select,bucket=weight:5,actions=output:1,bucket=actions=‸bogus',
      'group_id=1,‸type=odd',
      'group_id=1,type=all,‸zap=4',
      'group_id=1,type=all,‸zap',
    ],
  ],
  [
    parseMeter,
    ['meter=1 ‸zap bands=\ntype=drop rate=5', ' meter=1,kbps,band=‸type=drop,rate=5,zap=1', '‸meter=x kbps'],
  ],
]

for (const [parse, texts] of WRONG) {
  t.test(parse.name, async (t) => {
    for (const marked of texts) {
      const text = marked.replace('‸', '')
      try {
        parse(text)
        t.fail(`${text} is parsed`)
      } catch (error) {
        if (!(error instanceof OpenFlowError) || error.offset === undefined) throw error
        t.equal(`${text.slice(0, error.offset)}‸${text.slice(error.offset)}`, marked, error.message)
        t.equal(error.code, 'bad-text')
      }
    }
  })
}
