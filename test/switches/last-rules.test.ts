/** Switches that may keep cached decisions: the rule by which they forget them comes and goes in bundles with the others. */
import t, { type Test } from 'tap'
import { isCacheRule } from '../../flows/pipeline/cache-rule.ts'
import { type Flow, type FlowMod, printFlow, ruleKey } from '../../src/openflow/index.ts'
import { CachePace } from '../../src/switches/cache-pace.ts'
import type { VnicId } from '../../topology/ids.ts'
import { PROJECT } from '../support/controller.ts'
import type { FakeSwitch } from '../support/fake-switch.ts'
import { hypervisor } from '../support/nodes.ts'
import { cloudOf, until } from '../support/switches.ts'

const here = hypervisor(0).id

async function cloud(t: Test, keepsDecisions: boolean) {
  const cloud = await cloudOf(t, 1)
  await cloud.join(hypervisor(0, { keepsDecisions }))
  const its = await cloud.connect(0)
  const network = await cloud.call('create_network', { engine: 'vlan' })
  const plug = async () => {
    const id = await cloud.plug(network, 0)
    t.equal((await cloud.realised(id)).status, 'active')
    return id
  }
  const { vnics, hypervisors } = cloud.controller.operations
  const unplug = async (id: VnicId) => (await vnics.unplug(PROJECT, id, null)).settled(5_000)
  const compared = () => hypervisors.flows(here, {}, true)
  return { ...cloud, its, plug, unplug, compared }
}

const isOfCache = (mod: FlowMod): boolean => isCacheRule({ ...mod, cookie: 0n, instructions: [] } as Flow)
/** The bits of packet marks that a rule looks at. */
function bitsOf({ match }: FlowMod): number {
  const field = match.find((each) => each.field === 'pkt_mark')
  return field && 'value' in field ? Number(field.value) : 0
}

const commands = (mods: readonly FlowMod[]) => mods.filter(isOfCache).map(({ command }) => command)
const cacheRules = (its: FakeSwitch) => [...its.flows.values()].filter(isCacheRule).map(printFlow)

t.test('each change replaces the rule, in the bundle that changes the others', async (t) => {
  const { its, plug, unplug, compared } = await cloud(t, true)
  const one = await plug()
  const alone = its.lines()
  t.same(commands(its.flowMods), ['add'])
  const before = its.flowMods.length
  const two = await plug()
  t.same(commands(its.flowMods.slice(before)), ['delete_strict', 'add'])
  t.equal(cacheRules(its).length, 1)
  const [mods, closed] = [its.flowMods.length, its.closed]
  t.equal(await unplug(two), true)
  t.same(commands(its.flowMods.slice(mods)), ['delete_strict', 'add'])
  t.equal(its.closed, closed + 1, 'one bundle')
  t.same(its.lines(), alone, 'the rules of a state are the same each time')
  t.match(await compared(), { missing: [], extra: [] })
  t.equal(await unplug(one), true)
})

t.test('the last member leaves: the rule stays with other bits, and is gone with the answer', async (t) => {
  const { its, plug, unplug } = await cloud(t, true)
  const one = await plug()
  const mods = its.flowMods.length
  const gone = unplug(one)
  await until(() => its.flows.size === 1)
  const [old, copy, last] = its.flowMods.slice(mods).filter(isOfCache)
  t.match([old?.command, copy?.command, last], ['delete_strict', 'add', undefined])
  const [former, now] = [old, copy].map((mod) => (mod ? bitsOf(mod) : 0))
  t.equal((former ?? 0) ^ (now ?? 0), -1, 'all other bits')
  t.equal(await gone, true)
  t.same(its.lines(), [])
})

t.test('a switch that follows its rules has no such rule', async (t) => {
  const { its, plug, unplug } = await cloud(t, false)
  const [one, two] = [await plug(), await plug()]
  t.equal(await unplug(one), true)
  t.equal(await unplug(two), true)
  t.same(commands(its.flowMods), [])
})

t.test('a rule that an earlier connection has left is deleted', async (t) => {
  const { its, plug, unplug, connect, controller, status } = await cloud(t, true)
  const [one, two] = [await plug(), await plug()]
  const left = [...its.flows.values()].find(isCacheRule)
  if (!left) throw new Error('the switch has no such rule')
  t.equal(await unplug(one), true)
  const rules = its.lines()
  its.disconnect()
  await until(() => controller.fleet.get(here) === undefined)
  const again = await connect(0)
  again.flows.set(ruleKey(left), left)
  await until(() => controller.fleet.get(here)?.ready === true && status(two) === 'active')
  t.same(again.lines(), rules)
})

t.test('whoever plugs and unplugs all the time waits', async (t) => {
  const [rule] = [
    { table: 0, priority: 65_535, match: [{ field: 'pkt_mark', value: 1, mask: 1 }], cookie: 0n, instructions: [] },
  ]
  const cached = rule as unknown as Flow
  const other = { ...cached, priority: 100 }
  const pace = new CachePace()
  const started = performance.now()
  for (let count = 0; count < 5; count++) await pace.wait([cached, other])
  t.ok(performance.now() - started >= 190, 'four pauses of 50 ms')
  await pace.wait([other])
  await pace.wait([cached])
})
