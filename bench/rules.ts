/** Measures adding many rules to an empty bridge and reading them, with our session and with `ovs-ofctl`, in turns. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { connect, type Flow, type FlowMod, printFlow } from '../src/openflow/index.ts'
import { say, timesOf } from './figures.ts'
import { Ovs, until } from './ovs.ts'

const run = promisify(execFile)

/** Medians, in milliseconds. */
interface Pair {
  readonly ours: number
  readonly theirs: number
}

export interface RulesTimes {
  readonly rules: number
  readonly add: Pair
  readonly dump: Pair
  /** The longest turn of the event loop while we read, in milliseconds. */
  readonly turn: number
}

/** A rule like those of our networks: a destination address in a network, an action and a next table. */
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

/** @param rounds the number of measurements of each */
export async function rulesTimes(count: number, rounds: number): Promise<RulesTimes> {
  const ovs = await Ovs.start({ 'system-id': 'bench' })
  const bridge = `unix:${ovs.at('br0.mgmt')}`
  try {
    await until(() => ovs.vsctl('--may-exist', 'add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev'))
    const file = ovs.at('rules.txt')
    await writeFile(file, Array.from({ length: count }, (_, n) => printFlow(rule(n))).join('\n'))
    const add = { ours: [] as number[], theirs: [] as number[] }
    const dump = { ours: [] as number[], theirs: [] as number[] }
    const turns: number[] = []
    for (let round = 1; round <= rounds; round++) {
      say(`${count} rules, round ${round} of ${rounds} ...`)
      add.ours.push(await once(ovs, bridge, count, () => sendOurs(ovs, count)))
      dump.ours.push(await took(() => readOurs(ovs, count)))
      turns.push(await longestTurn(() => readOurs(ovs, count)))
      const args = ['-O', 'OpenFlow15', '--bundle', 'add-flows', bridge, file]
      add.theirs.push(await once(ovs, bridge, count, () => run('ovs-ofctl', args)))
      const read = ['-c', `ovs-ofctl -O OpenFlow15 dump-flows ${bridge} >/dev/null`]
      dump.theirs.push(await took(() => run('/bin/sh', read)))
    }
    const pair = ({ ours, theirs }: typeof add): Pair => ({ ours: timesOf(ours).p50, theirs: timesOf(theirs).p50 })
    return { rules: count, add: pair(add), dump: pair(dump), turn: timesOf(turns).p50 }
  } finally {
    await ovs.stop()
  }
}

/** Does the same as the command: connects, sends, waits for a barrier and closes. */
async function sendOurs(ovs: Ovs, count: number): Promise<void> {
  const session = await connect({ path: ovs.at('br0.mgmt') })
  await session.bundle(flowMods(count))
  session.close('done')
}

async function readOurs(ovs: Ovs, count: number): Promise<void> {
  const session = await connect({ path: ovs.at('br0.mgmt') })
  let read = 0
  for await (const flows of session.dumpFlows()) read += flows.length
  session.close('done')
  if (read !== count) throw new Error(`${read} rules were read, not ${count}`)
}

/** The longest turn of the event loop during some work. The work runs twice: the first run includes garbage of the adding. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await work()
  delay.disable()
  return delay.max / 1e6
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function once(ovs: Ovs, bridge: string, count: number, send: () => Promise<unknown>): Promise<number> {
  await ovs.ofctl('del-flows', bridge)
  const time = await took(send)
  const there = Number((await ovs.ofctl('dump-aggregate', bridge)).match(/flow_count=(\d+)/)?.[1])
  if (there !== count) throw new Error(`the bridge has ${there} rules, not ${count}`)
  return time
}
