/**
 * A change that is not durable is not shown, not sent to switches and not lost, while the store is slow or fails. Tested with a
 * whole controller.
 */
import t from 'tap'
import type { VnicView } from '../../src/core/views.ts'
import type { NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import { controllerOn, PROJECT } from '../support/controller.ts'
import { diskFull } from '../support/memory-store.ts'
import { hypervisorId } from '../support/nodes.ts'
import { cloudOf, until } from '../support/switches.ts'

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, open: resolve }
}

t.test('B07, B38: during the commit, the change is not visible and no switch gets it', async (t) => {
  const { controller, store, connect, call, plug, bind, realised, status } = await cloudOf(t, 1)
  const here = await connect(0)
  const network = await call('create_network', {})
  const first = await plug(network, 0)
  await realised(first)
  const port = await call('create_port', {}, { network_id: network.id })
  const vnic = (await call('create_vnic', {})).id as VnicId
  await bind(vnic, 0, 77)

  const commit = gate()
  store.held = commit.promise
  const plugged = controller.operations.vnics.plug(PROJECT, vnic, port.id as PortId, null)
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(status(vnic), 'unplugged')
  const sent = here.flowMods.length
  controller.fleet.get(hypervisorId(0))?.stale.mark(controller.graph.byKey.keys())
  await until(async () => (await controller.operations.hypervisors.show(hypervisorId(0))).backlog === 0)
  t.equal(here.flowMods.length, sent, 'a switch compiles the durable graph')
  store.failure = diskFull()
  commit.open()
  await t.rejects(plugged, { code: 'unavailable' })
  t.equal(status(vnic), 'unplugged')
  t.notOk(here.lines().some((line) => line.includes('in_port=77')))

  store.failure = null
  store.held = null
  await controller.operations.vnics.plug(PROJECT, vnic, port.id as PortId, null)
  t.equal((await realised(vnic)).status, 'active')
})

t.test('B38: lists keep their order, and numbers are not lost, when commits fail', async (t) => {
  const { controller, store, call } = await controllerOn({ vlans: [1, 10] })
  const ids: string[] = []
  for (let n = 0; n < 4; n++) ids.push((await call('create_vnic', {})).id)
  store.failure = diskFull()
  await t.rejects(controller.operations.vnics.destroy(PROJECT, ids[0] as VnicId, null), { code: 'unavailable' })
  await Promise.allSettled(Array.from({ length: 8 }, () => call('create_network', {})))
  store.failure = null
  t.strictSame(
    [...controller.operations.vnics.list(PROJECT)].map(({ view }) => view().id),
    ids,
  )
  for (let n = 0; n < 10; n++) await call('create_network', {})
  await t.rejects(call('create_network', {}), { code: 'segments-exhausted' })
})

t.test('B38: an operation that writes nothing does not say that the store commits again', async (t) => {
  const { controller, store, call } = await controllerOn()
  const vnic = (await call('create_vnic', {})).id as VnicId
  store.failure = diskFull()
  await t.rejects(call('create_vnic', {}), { code: 'unavailable' })
  await controller.operations.vnics.unplug(PROJECT, vnic, null)
  t.not(controller.broken, null)
})

t.test('an operation that fails in the middle leaves no entry either', async (t) => {
  const { controller, call } = await controllerOn()
  const failing = controller.journal.write((draft) => {
    draft.tell('vnic.status', { project: PROJECT } as unknown as VnicView)
    throw new Error('in the middle')
  })
  await Promise.all([t.rejects(failing), call('create_vnic', {})])
  t.same(
    [...controller.events.recall()].map(({ id, type }) => [id, type]),
    [[1, 'vnic.created']],
  )
})

t.test(
  'B05, B11: VNIC, port and network destroyed in one batch: the segment is free when the rules are gone',
  async (t) => {
    const { controller, connect, call, plug, realised } = await cloudOf(t, 1, { vlans: [5, 5] })
    const here = await connect(0)
    const network = await call('create_network', {})
    const vnic = await plug(network, 0)
    const { port_id } = await realised(vnic)
    const [destroyed] = await Promise.all([
      controller.operations.vnics.destroy(PROJECT, vnic, null),
      controller.operations.ports.destroy(PROJECT, port_id as PortId, null),
      controller.operations.networks.destroy(PROJECT, network.id as NetworkId, null),
    ])
    t.equal(await destroyed.settled(5_000), true)
    t.equal(here.flows.size, 0)
    await until(() => controller.graph.segments.get('vlan/physnet1/5')?.holders.length === 0)
    await t.resolves(call('create_network', {}))
  },
)

t.test('B11: a comparison that began earlier does not free segments that were left later', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 1, { vlans: [5, 5] })
  const old = await connect(0)
  const network = await call('create_network', {})
  const vnic = await plug(network, 0)
  const { port_id } = await realised(vnic)
  const here = await connect(0)
  here.pause()
  for (const [key, flow] of old.flows) here.flows.set(key, flow)
  for (const [id, meter] of old.meters) here.meters.set(id, meter)
  // At first it is asked for changes by others, and whether it has meters. Then its rules and meters are read.
  await until(() => here.holding > 1)
  here.resume()
  here.pause()
  await until(() => here.holding > 1)
  await controller.operations.vnics.destroy(PROJECT, vnic, null)
  await controller.operations.ports.destroy(PROJECT, port_id as PortId, null)
  await controller.operations.networks.destroy(PROJECT, network.id as NetworkId, null)
  here.resume()
  here.pause()
  await until(() => controller.fleet.get(hypervisorId(0))?.ready === true)
  t.strictSame(controller.graph.segments.get('vlan/physnet1/5')?.holders, [hypervisorId(0)])
  here.resume()
  await until(() => controller.graph.segments.get('vlan/physnet1/5')?.holders.length === 0)
  t.equal(here.flows.size, 0)
})

t.test('rules go ahead of the commit that makes them due, and take effect only after it', async (t) => {
  const { store, connect, call, plug, bind, realised, controller } = await cloudOf(t, 1)
  const here = await connect(0)
  const network = await call('create_network', {})
  await realised(await plug(network, 0))
  const port = await call('create_port', {}, { network_id: network.id })
  const vnic = (await call('create_vnic', {})).id as VnicId
  await bind(vnic, 0, 77)
  const [rules, closed] = [here.lines(), here.closed]

  const lost = gate()
  store.held = lost.promise
  const failing = controller.operations.vnics.plug(PROJECT, vnic, port.id as PortId, null)
  await until(() => here.closed > closed)
  t.strictSame(here.lines(), rules, 'nothing has changed while the disk writes')
  store.failure = diskFull()
  lost.open()
  await t.rejects(failing, { code: 'unavailable' })
  await until(() => here.discarded === 1)
  t.strictSame(here.lines(), rules)

  const kept = gate()
  store.held = kept.promise
  store.failure = null
  const before = here.closed
  const plugged = controller.operations.vnics.plug(PROJECT, vnic, port.id as PortId, null)
  await until(() => here.closed > before)
  t.strictSame(here.lines(), rules)
  kept.open()
  await plugged
  t.equal((await realised(vnic)).status, 'active')
  t.ok(here.lines().some((line) => line.includes('in_port=77')))
  t.equal(here.closed, before + 1, 'in the bundle that was sent ahead')
})
