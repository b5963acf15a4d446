/** The example dump-flows.ts on real Open vSwitch. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { noOvs, Ovs } from '../support/ovs.ts'

const EXAMPLE = fileURLToPath(new URL('../../../src/openflow/examples/dump-flows.ts', import.meta.url))

t.test('the flow dump tool prints the rules of a bridge, of one table too', { skip: noOvs }, async (t) => {
  const ovs = await Ovs.start(t)
  await ovs.ofctl('add-flow', ovs.bridge, 'table=3,priority=7,ip,nw_dst=10.0.0.1,actions=output:1')
  await ovs.ofctl('add-flow', ovs.bridge, 'priority=1,actions=drop')
  const dump = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [EXAMPLE, ovs.path, ...args])).stdout.trimEnd().split('\n')
  const all = await dump()
  t.ok(all.includes('           0 table=3, priority=7,ip,nw_dst=10.0.0.1 actions=output:1'), all.join('\n'))
  t.ok(all.includes('           0 priority=1 actions=drop'), all.join('\n'))
  t.same(await dump('3'), ['           0 table=3, priority=7,ip,nw_dst=10.0.0.1 actions=output:1'])
})
