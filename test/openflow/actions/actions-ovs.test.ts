/** Rules with every field and action on real Open vSwitch, in each version: reading them back returns the same rules. */
import t from 'tap'
import {
  connect,
  type Flow,
  type FlowEntry,
  parseFlow,
  printFlow,
  ruleBody,
  ruleKey,
} from '../../../src/openflow/index.ts'
import { ACTION_LINES } from '../support/actions.ts'
import { FIELD_MATCHES } from '../support/fields.ts'
import { noOvs, Ovs } from '../support/ovs.ts'

/**
 * Leaves out ports, options and kinds of packets that this bridge does not have, and combinations that one rule may not
 * contain.
 */
const NOT_HERE = /actset_output|sampling_port|packet_type|group:0|group:4294967040|erspan_ver=1|tun_metadata[0-9]+,/

const lines = [...FIELD_MATCHES.map((match) => `${match},actions=output:1`), ...ACTION_LINES]
  .filter((line) => !NOT_HERE.test(line))
  .map((line, index) => `table=1,priority=${index + 1},${line}`)

const VERSIONS: ReadonlyArray<readonly [version: number, name: string]> = [
  [4, 'OpenFlow13'],
  [5, 'OpenFlow14'],
  [6, 'OpenFlow15'],
]

t.test('rules of every field and action on a real bridge', { skip: noOvs }, async (t) => {
  const ovs = await Ovs.start(t)
  await ovs.vsctl('set', 'bridge', 'br0', 'protocols=OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15')
  await ovs.ofctl(
    'add-tlv-map',
    ovs.bridge,
    [0, 1, 2, 3].map((n) => `{class=0xffff,type=${n},len=8}->tun_metadata${n}`).join(','),
  )
  for (const meter of [1, 5]) await ovs.ofctl('add-meter', ovs.bridge, `meter=${meter},pktps,band=type=drop,rate=5`)
  for (const group of [3, 5, 7]) await ovs.ofctl('add-group', ovs.bridge, `group_id=${group},type=all,bucket=output:1`)
  for (const [version, name] of VERSIONS) {
    await t.test(`in version ${version}`, async (t) => {
      const session = await connect({ path: ovs.path, versions: [version] })
      t.teardown(() => session.close('done'))
      const flows = lines.map(parseFlow)
      await session.bundle([
        { type: 'flow_mod', command: 'delete', table: 255, priority: 0, match: [] },
        ...flows.map((flow) => ({ type: 'flow_mod', command: 'add', ...flow }) as const),
      ])
      const back: FlowEntry[] = []
      for await (const some of session.dumpFlows()) back.push(...some)
      t.equal(back.length, flows.length)
      const byPriority = new Map(back.map((flow) => [flow.priority, flow]))
      for (const flow of flows) {
        const found: Flow | undefined = byPriority.get(flow.priority)
        t.equal(found && ruleKey(found), ruleKey(flow), printFlow(flow))
        t.equal(found && ruleBody(found), ruleBody(flow), printFlow(flow))
      }
      const text = await ovs.ofctl('-O', name, 'dump-flows', '--no-stats', '--no-names', ovs.bridge)
      const theirs = text.split('\n').flatMap((line) => (line.startsWith(' ') ? [line.slice(1)] : []))
      t.strictSame(back.map(printFlow).sort(), theirs.sort(), 'printFlow prints what ovs-ofctl prints')
    })
  }
})
