/** Which rules of other programs can carry or take packets of networks. */
import t from 'tap'
import { intrusions } from '../../flows/foreign.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import { parseFlow } from '../../src/openflow/index.ts'
import type { Key } from '../../topology/ids.ts'
import { run } from '../support/run.ts'

const ours = [
  'table=0,priority=100,in_port=1,vlan_tci=0x0000/0x1fff actions=goto_table:10',
  'table=0,priority=100,in_port=2,vlan_tci=0x0000/0x1fff actions=goto_table:10',
  'table=0,priority=100,in_port=1001,dl_vlan=101 actions=goto_table:30',
  'table=10,priority=100,reg0=0x1,dl_src=02:00:00:00:00:01 actions=goto_table:30',
  'table=30,priority=50,metadata=0x7 actions=goto_table:60',
].map(
  (line, at): Rule => ({
    why: '',
    meters: [],
    zone: null,
    dropsUnmetered: false,
    author: (at + 1) as Key,
    ...parseFlow(line),
    cookie: 0n,
  }),
)

const judge = (...lines: string[]) => {
  const { found } = run(
    intrusions(
      lines.map((line) => parseFlow(line)),
      ours,
    ),
  )
  return found.map(({ losers }) => [...losers])
}

t.test('B72: a rule that outranks ours takes what they would forward', async (t) => {
  t.strictSame(judge('table=0,priority=200 actions=NORMAL'), [[1, 2, 3]])
  t.strictSame(judge('table=0,priority=200 actions=drop'), [[1, 2, 3]])
  t.strictSame(judge('table=0,priority=100,in_port=2 actions=drop'), [[2]], 'of equal ones either may match')
  t.strictSame(judge('table=30,priority=60,metadata=0x7,ip actions=output:5'), [[5]])
  t.strictSame(judge('table=10,priority=65535,dl_src=02:00:00:00:00:01 actions=output:9'), [[4]])
})

t.test('B72: a rule below ours carries what must be dropped', async (t) => {
  t.strictSame(judge('table=0,priority=0 actions=NORMAL'), [[]])
  t.strictSame(judge('table=0,priority=1,in_port=1 actions=output:2'), [[]], 'tagged frames')
  t.strictSame(judge('table=60,priority=1 actions=output:2'), [[]], 'a table that ours lead to')
  t.strictSame(judge('table=0,priority=1,in_port=9 actions=output:2'), [[]], 'from elsewhere into a network')
  t.strictSame(judge('table=0,priority=1,in_port=9 actions=NORMAL'), [[]])
  t.strictSame(judge('table=0,priority=1,in_port=9 actions=goto_table:60'), [[]])
})

t.test('B72: other rules do no harm', async (t) => {
  t.strictSame(judge('table=0,priority=7 actions=drop'), [], 'it drops what is dropped anyway')
  t.strictSame(judge('table=0,priority=200,in_port=9 actions=drop'), [], 'a port of another program')
  t.strictSame(judge('table=0,priority=200,in_port=9 actions=output:8'), [])
  t.strictSame(judge('table=20,priority=200 actions=NORMAL'), [], 'a table that nothing leads to')
  t.strictSame(judge('table=100,priority=200 actions=NORMAL'), [])
  t.strictSame(
    judge('table=0,priority=50,in_port=1,vlan_tci=0x0000/0x1fff,ip actions=NORMAL'),
    [],
    'one of ours covers it',
  )
  t.strictSame(judge('table=30,priority=60,metadata=0x8 actions=drop'), [], 'another network')
  t.strictSame(judge(), [])
})
