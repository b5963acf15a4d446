/** Many rules into an empty bridge: our session beside `ovs-ofctl --bundle`, in turns, with the same rules. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { connect, type Flow, type FlowMod, printFlow } from '../src/openflow/index.ts'
import { say, timesOf } from './figures.ts'
import { Ovs, until } from './ovs.ts'

const run = promisify(execFile)

export interface RulesTimes {
  readonly rules: number
  /** Medians, milliseconds. */
  readonly ours: number
  readonly theirs: number
}

/** As a network of ours has them: a destination address in a network, an action and a table to go on in. */
const rule = (n: number): Flow => ({
  table: 30,
  priority: 100,
  cookie: BigInt(n + 1),
  match: [
    { field: 'metadata', value: BigInt(n >> 8) },
    { field: 'eth_dst', value: 0x020000000000 + n },
  ],
  instructions: [
    { type: 'apply_actions', actions: [{ type: 'set_field', field: 'reg1', value: n }] },
    { type: 'goto_table', table: 60 },
  ],
})

function* flowMods(count: number): Generator<FlowMod> {
  for (let n = 0; n < count; n++) yield { type: 'flow_mod', command: 'add', ...rule(n) }
}

/** @param rounds each way */
export async function rulesTimes(count: number, rounds: number): Promise<RulesTimes> {
  const ovs = await Ovs.start({ 'system-id': 'bench' })
  const bridge = `unix:${ovs.at('br0.mgmt')}`
  try {
    await until(() => ovs.vsctl('--may-exist', 'add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev'))
    const file = ovs.at('rules.txt')
    await writeFile(file, Array.from({ length: count }, (_, n) => printFlow(rule(n))).join('\n'))
    const [ours, theirs]: [number[], number[]] = [[], []]
    for (let round = 1; round <= rounds; round++) {
      say(`${count} rules, round ${round} of ${rounds} ...`)
      ours.push(await once(ovs, bridge, count, () => sendOurs(ovs, count)))
      const args = ['-O', 'OpenFlow15', '--bundle', 'add-flows', bridge, file]
      theirs.push(await once(ovs, bridge, count, () => run('ovs-ofctl', args)))
    }
    return { rules: count, ours: timesOf(ours).p50, theirs: timesOf(theirs).p50 }
  } finally {
    await ovs.stop()
  }
}

/** Like the command: connect, send, be sure, go. */
async function sendOurs(ovs: Ovs, count: number): Promise<void> {
  const session = await connect({ path: ovs.at('br0.mgmt') })
  await session.bundle(flowMods(count))
  session.close('done')
}

async function once(ovs: Ovs, bridge: string, count: number, send: () => Promise<unknown>): Promise<number> {
  await ovs.ofctl('del-flows', bridge)
  const began = performance.now()
  await send()
  const took = performance.now() - began
  const there = Number((await ovs.ofctl('dump-aggregate', bridge)).match(/flow_count=(\d+)/)?.[1])
  if (there !== count) throw new Error(`the bridge has ${there} rules, not ${count}`)
  return took
}
