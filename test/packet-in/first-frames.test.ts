/** First frames of VMs at the targets of their migrations: which ones hand a VNIC over, and what becomes of them. */
import t from 'tap'
import { cookieOf } from '../../flows/pipeline/cookie.ts'
import { PORT } from '../../src/openflow/index.ts'
import { PROJECT } from '../support/controller.ts'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import { until } from '../support/switches.ts'

const ARRIVAL = 1

/** A VNIC that is active on hv1, whose interface with port number 2 waits on hv2. */
async function waiting(t: Parameters<typeof ovsdbCloud>[0], options: Parameters<typeof ovsdbCloud>[1] = {}) {
  const cloud = await ovsdbCloud(t, options)
  const [source, target] = [await cloud.host('hv1', FABRIC), await cloud.host('hv2', FABRIC)]
  const switches = { source: await cloud.connectSwitch('hv1'), target: await cloud.connectSwitch('hv2') }
  const vnic = await cloud.vnic()
  await source.addInterface('tap1', { vnic, ofport: 1 })
  await until(() => cloud.status(vnic) === 'active')
  const { vnics } = cloud.controller.operations
  const migrate = (activate: boolean, to: string | null = 'hv2') =>
    vnics.migrate(PROJECT, vnic, { to: to === null ? undefined : cloud.id(to), activate }, null)
  await migrate(false)
  await target.addInterface('tap2', { vnic, ofport: 2 })
  await cloud.settled(target)
  const { graph } = cloud.controller
  const port = graph.ports.get(graph.vnics.get(vnic)?.portId as never)
  const cookie = cookieOf(port?.key ?? (0 as never))
  const show = () => vnics.show(PROJECT, vnic)
  await until(() => show().migration?.status === 'prepared')
  const from = (ofport: number, frame: number, at: 'source' | 'target' = 'target') =>
    switches[at].ask(cookie, ofport, Uint8Array.of(frame), ARRIVAL)
  /** The frames that entered the switch of the target again, each with the port that they came from. */
  const entered = () =>
    switches.target.packetOuts
      .filter(({ actions }) => actions.some((action) => action.type === 'output' && action.port === PORT.TABLE))
      .map(({ match, data }) => [match.find(({ field }) => field === 'in_port'), data[0]])
  return { ...cloud, source, target, switches, vnic, migrate, show, from, entered, cookie }
}

const inPort = (value: number) => ({ field: 'in_port', value })

t.test(
  'the first frame hands the VNIC over, and enters the switch again once the rules are there',
  { skip },
  async (t) => {
    const { switches, place, vnic, show, from, entered } = await waiting(t)
    t.match(show(), { status: 'active', migration: { interface: 'tap2', activate: false } })
    t.match(
      switches.target.lines().filter((line) => /in_port=2\b/.test(line)),
      [/priority=100,in_port=2 actions=goto_table:1$/, /table=1, .*in_port=2,dl_src=.* actions=meter:10,CONTROLLER/],
    )
    switches.target.pause()
    from(2, 0xa1)
    from(2, 0xa2)
    await until(() => place(vnic) === 'hv2 tap2 2')
    t.same(entered(), [], 'not before the rules')
    switches.target.resume()
    await until(() => entered().length === 2)
    t.match(entered(), [
      [inPort(2), 0xa1],
      [inPort(2), 0xa2],
    ])
    await until(() => show().status === 'active')
    t.equal(show().migration, null)
    from(2, 0xa3)
    await until(() => entered().length === 3)
    t.match(entered()[2], [inPort(2), 0xa3], 'one that was on its way during the hand-over')
  },
)

t.test('frames from other ports, switches and VNICs are ignored', { skip }, async (t) => {
  const { place, vnic, from, entered, source, settled, switches } = await waiting(t)
  from(3, 0xa1)
  from(2, 0xa1, 'source')
  switches.target.ask(0n, 2, Uint8Array.of(0xa1), ARRIVAL)
  await settled(source)
  t.equal(place(vnic), 'hv1 tap1 1')
  t.same(entered(), [])
})

t.test('at most eight frames of a VNIC are kept', { skip }, async (t) => {
  const { controller, switches, place, vnic, from, entered } = await waiting(t)
  switches.target.pause()
  for (let frame = 0; frame < 12; frame++) from(2, frame)
  await until(() => place(vnic) === 'hv2 tap2 2')
  const dropped = async () => {
    const metric = (await controller.metrics()).find(({ name }) => name === 'plugboard_questions_total')
    return metric?.samples.find(({ labels }) => labels.outcome === 'dropped')?.value
  }
  while ((await dropped()) !== 4) await new Promise((resolve) => setImmediate(resolve))
  switches.target.resume()
  await until(() => entered().length === 8)
  t.same(
    entered().map(([, frame]) => frame),
    [0, 1, 2, 3, 4, 5, 6, 7],
  )
})

t.test('activation hands over an interface that waits; without a migration it is refused', { skip }, async (t) => {
  const { migrate, place, vnic, show, controller, claims } = await waiting(t)
  const revision = show().revision as number
  await migrate(true, null)
  t.equal(place(vnic), 'hv2 tap2 2')
  t.match(show(), { migration: null, revision: revision + 1 })
  t.same(claims(vnic), ['hv1', 'hv2'])
  await t.rejects(migrate(true, null), { code: 'not-found', message: /is not migrating: name the hypervisor/ })
  await migrate(true)
  t.match(show(), { migration: null, revision: revision + 1 }, 'it is there already')
  await t.rejects(migrate(false), { code: 'bad-request' })
  t.equal(controller.graph.vnics.get(vnic)?.isActivated, false)
})

t.test('an interface whose switch is away is handed over when that is back', { skip }, async (t) => {
  const { migrate, place, vnic, show, switches, connectSwitch } = await waiting(t)
  switches.target.disconnect()
  await until(() => show().migration?.status === 'error')
  await migrate(true)
  t.match(show(), { migration: { activate: true } })
  t.equal(place(vnic), 'hv1 tap1 1')
  await connectSwitch('hv2')
  await until(() => place(vnic) === 'hv2 tap2 2')
})

t.test(
  'called off or sent elsewhere, an interface that waited does not get the VNIC by itself',
  { skip },
  async (t) => {
    const { migrate, place, vnic, claims, controller, host, target, settled, from, id, switches } = await waiting(t)
    const other = await host('hv3', FABRIC)
    await migrate(false, 'hv3')
    t.same(claims(vnic), ['hv2', 'hv1'])
    await other.addInterface('tap3', { vnic, ofport: 3 })
    await settled(other)
    t.same(claims(vnic), ['hv2', 'hv1', 'hv3'])
    await (await controller.operations.vnics.callOffMigration(PROJECT, vnic, null)).settled(1_000)
    t.same(claims(vnic), ['hv3', 'hv2', 'hv1'])
    from(2, 0xa1)
    switches.target.disconnect()
    await until(() => controller.fleet.get(id('hv2')) === undefined)
    await target.updateInterface('tap2', { ofport: 9 })
    await settled(target)
    t.equal(place(vnic), 'hv1 tap1 1')
    await t.rejects(migrate(false, 'hv3'), { code: 'bad-request', message: /tap3 on hypervisor hv3 carries the id/ })
    await other.removeInterface('tap3')
    await settled(other)
    await migrate(false, 'hv3')
    t.equal(place(vnic), 'hv1 tap1 1')
  },
)

t.test('the end of the source hands over; the end of the target does not', { skip }, async (t) => {
  const { place, vnic, show, source, target, settled } = await waiting(t)
  await target.removeInterface('tap2')
  await settled(target)
  t.equal(place(vnic), 'hv1 tap1 1')
  t.match(show(), { migration: { hypervisor: 'hv2', interface: null } })
  await target.addInterface('tap2', { vnic, ofport: 4 })
  await settled(target)
  t.equal(place(vnic), 'hv1 tap1 1')
  await source.removeInterface('tap1')
  await settled(source)
  t.equal(place(vnic), 'hv2 tap2 4')
  t.match(show(), { migration: null })
})
