/** Purges of cached decisions: when a switch gets the rule that makes it forget, and that it does not stay. */
import t from 'tap'
import { type Flow, ruleKey } from '../../src/openflow/index.ts'
import { CachePurge } from '../../src/switches/cache-purge.ts'
import { PROJECT } from '../support/controller.ts'
import type { FakeSwitch } from '../support/fake-switch.ts'
import { hypervisor } from '../support/nodes.ts'
import { cloudOf, until } from '../support/switches.ts'

/** The rules of purges that a switch has been sent, and those that it has. */
const sentTo = (its: FakeSwitch) =>
  its.flowMods.filter(({ command, match }) => command === 'add' && match.some(({ field }) => field === 'pkt_mark'))
const purgesOf = (its: FakeSwitch): string[] => its.lines().filter((line) => line.includes('pkt_mark'))

async function cloud(t: Parameters<typeof cloudOf>[0], keepsDecisions: boolean) {
  const cloud = await cloudOf(t, 1)
  await cloud.join(hypervisor(0, { keepsDecisions }))
  const its = await cloud.connect(0)
  const network = await cloud.call('create_network', { engine: 'vlan' })
  const plug = async () => {
    const id = await cloud.plug(network, 0)
    await until(() => cloud.status(id) === 'active')
    return id
  }
  const { vnics } = cloud.controller.operations
  const unplug = async (id: Awaited<ReturnType<typeof plug>>) => (await vnics.unplug(PROJECT, id, null)).settled(5_000)
  return { ...cloud, its, plug, unplug }
}

t.test('a VNIC that leaves: packets meet a rule that matches none, for a short time', async (t) => {
  const { its, plug, unplug } = await cloud(t, true)
  const [one, two] = [await plug(), await plug()]
  t.same(sentTo(its), [], 'additions need no purge')
  t.equal(await unplug(one), true)
  const [mod, ...more] = sentTo(its)
  t.match(mod, { table: 0, priority: 65_535, instructions: [] })
  t.same(more, [])
  await until(() => purgesOf(its).length === 0)
  t.equal(await unplug(two), true)
  t.equal(sentTo(its).length, 2)
  t.same(its.lines(), [], 'confirmed only when nothing is left')
})

t.test('a switch that follows its rules gets no such rule', async (t) => {
  const { its, plug, unplug } = await cloud(t, false)
  const [one] = [await plug(), await plug()]
  t.equal(await unplug(one), true)
  t.same(sentTo(its), [])
})

t.test('a rule that an earlier connection has left is deleted', async (t) => {
  const { its, plug, unplug, connect, controller, status } = await cloud(t, true)
  const [one, two] = [await plug(), await plug()]
  t.equal(await unplug(one), true)
  const [mod] = sentTo(its)
  if (!mod) throw new Error('no purge')
  const left: Flow = { table: 0, priority: mod.priority, match: mod.match, cookie: mod.cookie ?? 0n, instructions: [] }
  its.disconnect()
  await until(() => controller.fleet.get(hypervisor(0).id) === undefined)
  const again = await connect(0)
  again.flows.set(ruleKey(left), left)
  await until(() => controller.fleet.get(hypervisor(0).id)?.ready === true && status(two) === 'active')
  await until(() => purgesOf(again).length === 0)
})

t.test('each purge looks at other bits, half of all, and ends the one before', async (t) => {
  const sent: Array<{ command: string; match: ReadonlyArray<{ mask: number }> }> = []
  const session = { send: (message: never) => void sent.push(message), barrier: async () => {} }
  const purge = new CachePurge(session as never)
  for (let count = 0; count < 3; count++) await purge.begin(20 as never)
  await purge.end()
  await purge.end()
  t.same(
    sent.map(({ command }) => command),
    ['add', 'add', 'delete_strict', 'add', 'delete_strict', 'delete_strict'],
  )
  const masks = sent.filter(({ command }) => command === 'add').map(({ match: [field] }) => field?.mask ?? 0)
  t.equal(new Set(masks).size, 3)
  for (const mask of masks) t.equal([...mask.toString(2)].filter((bit) => bit === '1').length, 16)
})
