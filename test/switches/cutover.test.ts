/**
 * The order of a hand-over: first the target, then the peers, then the old place. A slow switch must not delay the others for
 * long.
 */
import t from 'tap'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import type { PortId, VnicId } from '../../topology/ids.ts'
import { PROJECT } from '../support/controller.ts'
import { stopClock } from '../support/stopped-clock.ts'
import { cloudOf, until } from '../support/switches.ts'

const ADMIN = { project: PROJECT, role: 'admin' } as const

/** The longest time that a step waits for a switch. */
const MAX_STEP_MS = 500

/** A VNIC on the first of three switches, and another one on the third. No step's time is up before the test says so. */
async function scene(t: Parameters<typeof cloudOf>[0]) {
  const clock = stopClock(t)
  const cloud = await cloudOf(t, 3)
  const { call, connect, plug, bind, status } = cloud
  const [source, target, peer] = [await connect(0), await connect(1), await connect(2)]
  const network = await call('create_network', { engine: 'vxlan' })
  const [id, other] = [await plug(network, 0), await plug(network, 2)]
  await until(() => status(id) === 'active' && status(other) === 'active')
  const move = (where: number, ofport = 70) => bind(id, where, ofport)
  const settled = async (vnic: VnicId) => (await cloud.realised(vnic)).status
  return { ...cloud, clock, source, target, peer, id, other, move, settled }
}

t.test('the old place and the peers wait until the target has confirmed', async (t) => {
  const { source, target, peer, move, id, settled } = await scene(t)
  const [there, peers] = [source.lines(), peer.lines()]
  target.pause()
  await move(1)
  await until(() => target.holding > 0)
  t.same([source.lines(), peer.lines()], [there, peers])
  target.resume()
  t.equal(await settled(id), 'active')
  t.equal(source.flows.size, 0)
  t.match(peer.lines().join('\n'), /192\.0\.2\.2->tun_dst/)
})

t.test('a target that does not answer or disconnects does not delay others for long', async (t) => {
  const { clock, source, target, peer, move, id, status } = await scene(t)
  const there = source.lines()
  target.pause()
  await move(1)
  await until(() => target.holding > 0)
  clock.tick(MAX_STEP_MS - 1)
  t.same(source.lines(), there)
  clock.tick(1)
  await until(() => peer.lines().some((line) => line.includes('192.0.2.2->tun_dst')))
  await until(() => source.lines().length < there.length)
  t.ok(source.flows.size > 0, 'the rules of the network wait for the announcement')
  await until(() => {
    clock.tick(MAX_STEP_MS)
    return source.flows.size === 0
  })
  t.equal(status(id), 'building')
  target.disconnect()
  await until(() => status(id) === 'waiting')
})

t.test('objects that are marked meanwhile are sent together with waiting ones', async (t) => {
  const { call, source, target, plug, move, settled, id } = await scene(t)
  const elsewhere = await call('create_network', { engine: 'vlan' })
  target.pause()
  await move(1)
  const newcomer = await plug(elsewhere, 0)
  await until(() => source.lines().some((line) => line.includes('in_port=13')))
  t.notOk(
    source.lines().some((line) => line.includes('in_port=11')),
    'its port number may belong to another VNIC by then',
  )
  target.resume()
  t.same([await settled(newcomer), await settled(id)], ['active', 'active'])
})

t.test(
  'the old place loses the VNIC’s own rules, the VNIC is announced again, and then the network’s rules are removed',
  async (t) => {
    stopClock(t)
    const { controller, call, connect, plug, bind, status } = await cloudOf(t, 2)
    const [source, target] = [await connect(0), await connect(1)]
    const network = await call('create_network', { engine: 'vlan' })
    const elsewhere = await call('create_network', { engine: 'vlan' })
    const [id, other] = [await plug(network, 0), await plug(network, 0)]
    await plug(elsewhere, 0)
    const carried = await call('create_port', {}, { network_id: elsewhere.id })
    const carrier = controller.graph.vnics.get(id)?.portId as PortId
    const trunk = [{ vlan_id: 77, port_id: carried.id }]
    await controller.operations.ports.update(PROJECT, carrier, { trunk }, null, ADMIN)
    await until(() => status(id) === 'active' && status(other) === 'active')
    const own = [carrier, carried.id as PortId].map((port) => controller.graph.ports.get(port)?.key)
    await until(() => source.lines().some((line) => line.includes('dl_vlan=77')))
    const steps: Array<{ own: boolean; told: number }> = []
    source.applied = ({ cookie = 0n }) => {
      steps.push({ own: own.includes(authorOf(cookie)), told: target.packetOuts.length })
    }
    await bind(id, 1)
    await until(() => status(id) === 'active')
    const [first, last] = [steps.filter((step) => step.own), steps.filter((step) => !step.own)]
    t.ok(first.length > 0 && last.length > 0)
    t.same(steps, [...first, ...last])
    const before = Math.max(...first.map(({ told }) => told))
    t.ok(before > 0, 'announced once before')
    t.ok(last.every(({ told }) => told > before))
  },
)

t.test('a switch that connects again while it has to wait is served as usual', async (t) => {
  const { call, connect, source, target, plug, move, settled, id, status } = await scene(t)
  const elsewhere = await call('create_network', { engine: 'vlan' })
  for (let count = 0; count < 5; count++) await settled(await plug(elsewhere, 0))
  target.pause()
  await move(1)
  await until(() => target.holding > 0)
  source.disconnect()
  const again = await connect(0)
  await until(() => again.lines().length > 0)
  target.resume()
  t.equal(await settled(id), 'active')
  // The generation that it would wait for belongs to an earlier connection.
  const newcomer = await plug(elsewhere, 0)
  await until(() => status(newcomer) === 'active')
  t.ok(again.lines().some((line) => line.includes('in_port=18')))
})
