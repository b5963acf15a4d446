/** Switches that are slow, refuse rules, reconnect or are changed by others, with a whole controller. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { METERS_PER_VNIC } from '../../flows/pipeline/vnic-meter.ts'
import { type FlowMod, printFlow } from '../../src/openflow/index.ts'
import type { Key, NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import { PROJECT } from '../support/controller.ts'
import type { FakeSwitch } from '../support/fake-switch.ts'
import { hypervisorId } from '../support/nodes.ts'
import { cloudOf, until } from '../support/switches.ts'

const ADMIN = { project: '*', role: 'admin' } as const

t.test(
  'B07: active only after every connected switch concerned has confirmed; changes of other objects do not affect it',
  async (t) => {
    const { connect, call, plug, realised, status } = await cloudOf(t, 2)
    const [here, peer] = [await connect(0), await connect(1)]
    const network = await call('create_network', { engine: 'vxlan' })
    const first = await plug(network, 1)
    t.equal((await realised(first)).status, 'active')
    peer.pause()
    const second = await plug(network, 0)
    await until(() => here.flows.size > 0)
    t.equal(status(second), 'building', 'its own switch has confirmed, the peer has not')
    t.equal(status(first), 'active', 'not replaced by another switch')
    peer.resume()
    t.equal((await realised(second)).status, 'active')
  },
)

t.test('B08: the same binding and the same plug again send nothing', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 1)
  const here = await connect(0)
  const id = await plug(await call('create_network', {}), 0)
  await realised(id)
  const sent = here.flowMods.length
  t.ok(sent > 0)
  const { port_id } = controller.operations.vnics.show(PROJECT, id)
  await controller.operations.vnics.plug(PROJECT, id, port_id as PortId, null)
  const binding = controller.graph.bindings.get(id)
  await controller.journal.write((draft) => draft.change({ kind: 'binding', id, to: binding ?? null }))
  t.equal((await realised(id)).status, 'active')
  t.equal(here.flowMods.length, sent)
})

t.test('a slow switch holds up no other, and its backlog is a set of objects', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 2)
  const [slow, quick] = [await connect(0), await connect(1)]
  const network = await call('create_network', {})
  await realised(await plug(network, 0))
  slow.pause()
  const waiting: VnicId[] = []
  for (let n = 0; n < 20; n++) waiting.push(await plug(network, 0))
  t.equal((await realised(await plug(network, 1))).status, 'active')
  t.ok(quick.flows.size > 0)
  const { backlog } = await controller.operations.hypervisors.show(hypervisorId(0))
  t.ok(backlog >= 1 && backlog <= 21, `a backlog of ${backlog} objects`)
  slow.resume()
  for (const id of waiting) t.equal((await realised(id)).status, 'active')
  t.equal((await controller.operations.hypervisors.show(hypervisorId(0))).backlog, 0)
})

t.test('B36: a refused rule is an error of its VNIC alone, and is tried again', async (t) => {
  const { controller, connect, call, plug, realised, status } = await cloudOf(t, 1)
  const here = await connect(0)
  const network = await call('create_network', {})
  const good = await plug(network, 0)
  t.equal((await realised(good)).status, 'active')
  let bad: Key | undefined
  here.refuses = ({ cookie }) => bad !== undefined && Number((cookie ?? 0n) & 0xffffffffn) === bad
  const before = controller.graph.ports.size
  bad = (Math.max(...controller.graph.byKey.keys()) + 1) as Key
  const vnic = await plug(network, 0)
  t.equal(controller.graph.ports.size, before + 1)
  const refused = await realised(vnic)
  t.match(refused, { status: 'error', status_detail: /hv0 refused a rule: .*BAD_OUT_PORT/ })
  const another = await plug(network, 0)
  t.equal((await realised(another)).status, 'active', 'others are not delayed')
  t.equal(status(good), 'active')
  bad = undefined
  await until(() => status(vnic) === 'active')
  t.pass('tried again, and taken')
})

t.test(
  'B30: after a reconnect of a switch or a restart of the controller, nothing is sent if nothing has changed',
  async (t) => {
    const { controller, store, connect, call, plug, realised } = await cloudOf(t, 1)
    const here = await connect(0)
    await realised(await plug(await call('create_network', {}), 0))
    const wanted = here.lines()
    t.ok(wanted.length > 3)
    controller.close()
    const again = await cloudOf(t, 0, { store })
    const back = await again.connect(0)
    for (const [key, flow] of here.flows) back.flows.set(key, flow)
    for (const [id, meter] of here.meters) back.meters.set(id, meter)
    await until(() => again.controller.fleet.get(hypervisorId(0))?.ready === true)
    t.strictSame(back.lines(), wanted)
    t.strictSame(back.flowMods, [])
  },
)

t.test('B11: a segment is free again only after its switch has confirmed', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 1, { vlans: [5, 5] })
  const here = await connect(0)
  const network = await call('create_network', {})
  const vnic = await plug(network, 0)
  const { port_id } = await realised(vnic)
  t.strictSame(controller.graph.segments.get('vlan/physnet1/5')?.holders, [hypervisorId(0)])
  here.pause()
  await controller.operations.vnics.destroy(PROJECT, vnic, null)
  await controller.operations.ports.destroy(PROJECT, port_id as PortId, null)
  await controller.operations.networks.destroy(PROJECT, network.id as NetworkId, null)
  await t.rejects(call('create_network', {}), { code: 'segments-exhausted' })
  here.resume()
  await until(() => controller.graph.segments.get('vlan/physnet1/5')?.holders.length === 0)
  await t.resolves(call('create_network', {}))
  t.equal(here.flows.size, 0)
})

t.test('unplug waits for the switch, reports that it waits, and ends when the switch disconnects', async (t) => {
  const { controller, connect, call, plug, realised, status } = await cloudOf(t, 1)
  const here = await connect(0)
  const vnic = await plug(await call('create_network', {}), 0)
  await realised(vnic)
  here.pause()
  const settling = await controller.operations.vnics.unplug(PROJECT, vnic, null)
  t.equal(settling.view.status, 'unplugging')
  t.equal(await settling.settled(50), false)
  const repeated = await controller.operations.vnics.unplug(PROJECT, vnic, null)
  const settled = repeated.settled(5_000)
  here.resume()
  t.equal(await settled, true)
  t.equal(status(vnic), 'unplugged')
})

/** A flood list of three members is one copy longer than one of two. */
const actionsOf = ({ instructions = [] }: FlowMod): number =>
  instructions.reduce((sum, each) => sum + ('actions' in each ? each.actions.length : 0), 0)

t.test('B36: a comparison leaves a refused network with the rules that the switch has', async (t) => {
  const { controller, connect, call, plug, realised, status } = await cloudOf(t, 1)
  const first = await connect(0)
  const network = await call('create_network', {})
  const [a, b] = [await plug(network, 0), await plug(network, 0)]
  for (const id of [a, b]) await realised(id)
  const key = controller.graph.networks.get(network.id as NetworkId)?.key
  const its = (flow: { cookie?: bigint }) => Number((flow.cookie ?? 0n) & 0xffffffffn) === key
  const before = [...first.flows.values()].filter(its).map(printFlow).sort()
  t.ok(before.length > 2)
  const refuses = (flow: FlowMod) => its(flow) && flow.command === 'add' && actionsOf(flow) > 7
  first.refuses = refuses
  const third = await plug(network, 0)
  t.equal((await realised(third)).status, 'error')
  const again = await connect(0, refuses)
  for (const [ruleOf, flow] of first.flows) again.flows.set(ruleOf, flow)
  await until(() => controller.fleet.get(hypervisorId(0))?.ready === true)
  t.strictSame([...again.flows.values()].filter(its).map(printFlow).sort(), before)
  again.refuses = () => false
  for (const id of [a, b, third]) await until(() => status(id) === 'active')
})

t.test('B36: one timer retries refused objects, however many changes come meanwhile', async (t) => {
  const { connect, call, plug, realised } = await cloudOf(t, 1)
  const here = await connect(0)
  const network = await call('create_network', {})
  await realised(await plug(network, 0))
  let attempts = 0
  here.refuses = ({ match, command }) => {
    const refused = command === 'add' && match.some(({ field }) => field === 'vlan_vid') && match.length === 2
    if (refused) attempts += 1
    return refused
  }
  const vnics: VnicId[] = []
  for (let n = 0; n < 10; n++) vnics.push(await plug(network, 0))
  for (const id of vnics) t.equal((await realised(id)).status, 'error')
  const own = attempts
  await sleep(3_500)
  // Retried after 1 s and after 2 s more. Each try sends all ten at once, and then each of them again after the others were
  // set aside.
  t.ok(attempts - own <= 60, `${attempts - own} attempts more`)
})

t.test('B55: a switch that does not answer is replaced by one with its datapath id at another address', async (t) => {
  const { connect, call, plug, realised, status, controller } = await cloudOf(t, 1)
  const here = await connect(0)
  const vnic = await plug(await call('create_network', {}), 0)
  await realised(vnic)
  here.pause()
  const again = await connect(0, undefined, '127.0.0.2')
  await until(() => /127\.0\.0\.2/.test(controller.fleet.get(hypervisorId(0))?.session.remoteAddress ?? ''))
  await until(() => status(vnic) === 'active')
  t.ok(again.flows.size > 0)
})

t.test('B55: another switch with the same datapath id does not replace the connected one', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 1)
  const here = await connect(0)
  const vnic = await plug(await call('create_network', {}), 0)
  await realised(vnic)
  const stranger = await connect(0, undefined, '127.0.0.2')
  await until(async () =>
    /refused/.test((await controller.operations.hypervisors.show(hypervisorId(0))).last_error ?? ''),
  )
  t.equal(stranger.flows.size, 0)
  t.ok(here.flows.size > 0)
  t.equal(controller.operations.vnics.show(PROJECT, vnic).status, 'active')
})

/** The rates of the meters that belong to one VNIC each. */
const ofVnics = ({ meters }: FakeSwitch) =>
  [...meters].flatMap(([id, { bands }]) => (id < METERS_PER_VNIC ? [] : [bands[0]?.rate]))

t.test('a refused meter is an error of its VNIC alone, and is tried again', async (t) => {
  const { controller, connect, call, plug, realised, status } = await cloudOf(t, 1)
  const here = await connect(0)
  const network = await call('create_network', {})
  const [good, bad] = [await plug(network, 0), await plug(network, 0)]
  for (const id of [good, bad]) await realised(id)
  const limit = (id: VnicId, rate_limit: { egress_kbps: number } | null) => {
    const port = controller.operations.vnics.show(PROJECT, id).port_id as PortId
    return controller.operations.ports.update(PROJECT, port, { rate_limit }, null, ADMIN)
  }
  here.refusesMeter = ({ bands: [band] }) => band?.rate === 666
  const settling = await Promise.all([limit(good, { egress_kbps: 100 }), limit(bad, { egress_kbps: 666 })])
  for (const each of settling) t.equal(await each.settled(5_000), true)
  t.match(controller.operations.vnics.show(PROJECT, bad), {
    status: 'error',
    status_detail: /hv0 refused a meter: .*OUT_OF_METERS/,
  })
  t.equal(status(good), 'active')
  t.strictSame(ofVnics(here), [100])
  here.refusesMeter = () => false
  await until(() => status(bad) === 'active')
  t.equal(ofVnics(here).length, 2)
  const told = here.meterMods.length
  for (const id of [good, bad]) await (await limit(id, null)).settled(5_000)
  t.equal(ofVnics(here).length, 0)
  t.strictSame(
    here.meterMods.slice(told).map(({ command }) => command),
    ['delete', 'delete'],
  )
})

t.test('a meter that somebody else has added or deleted meanwhile is set', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 1)
  const here = await connect(0)
  const vnic = await plug(await call('create_network', {}), 0)
  const port = (await realised(vnic)).port_id as PortId
  const limit = async (egress_kbps: number) => {
    const patch = { rate_limit: { egress_kbps } }
    const settling = await controller.operations.ports.update(PROJECT, port, patch, null, ADMIN)
    t.equal(await settling.settled(5_000), true)
    t.strictSame(ofVnics(here), [egress_kbps])
    return [...here.meters.keys()].find((id) => id >= METERS_PER_VNIC) ?? 0
  }
  const ofport = controller.graph.bindings.get(vnic)?.ofport ?? 0
  here.meters.set(ofport * 4, { meter: ofport * 4, flags: 1, bands: [] })
  t.equal(await limit(100), ofport * 4)
  here.meters.clear()
  await limit(200)
})

t.test('a switch without meters is served, too', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 1)
  const here = await connect(0)
  here.knowsMeters = false
  const vnic = await plug(await call('create_network', {}), 0)
  t.equal((await realised(vnic)).status, 'active')
  here.disconnect()
  await until(() => controller.fleet.get(hypervisorId(0)) === undefined)
  const back = await connect(0)
  back.knowsMeters = false
  await until(() => back.flows.size > 0)
  t.strictSame(back.lines(), here.lines())
})
