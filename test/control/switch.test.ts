/** Switches that are slow, refuse rules, come back or are changed by others, on the way through of the whole controller. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { listen } from '../../src/openflow/index.ts'
import type { Key, PortId, VnicId } from '../../topology/ids.ts'
import { controllerOn, type Options, PROJECT } from '../support/controller.ts'
import { FakeSwitch } from '../support/fake-switch.ts'
import { hypervisor, hypervisorId } from '../support/nodes.ts'

interface Teardown {
  teardown(stop: () => unknown): void
}

/** A controller that knows some hypervisors (0, 1, …), with an OpenFlow listener. */
async function cloudOf(t: Teardown, hypervisors: number, options: Options = {}) {
  const cloud = controllerOn(options)
  const { controller, call } = cloud
  const listener = await listen({ port: 0, onSession: (session) => controller.acceptSwitch(session) })
  t.teardown(async () => {
    controller.close()
    await listener.close()
  })
  await controller.journal.write((draft) => {
    for (const n of Array(hypervisors).keys()) {
      const to = { ...hypervisor(n), key: draft.nextKey() }
      draft.change({ kind: 'hypervisor', id: to.id, to })
    }
  })
  const connect = (n: number, refuses?: FakeSwitch['refuses']) =>
    FakeSwitch.connect(listener.address.port, { datapathId: BigInt(n), ...(refuses ? { refuses } : {}) })
  let ofport = 10
  /** A VNIC in a port of the network, with an interface on a hypervisor. @returns its id */
  const plug = async (network: { id: string }, where: number): Promise<VnicId> => {
    const port = await call('create_port', {}, { network_id: network.id })
    const id = (await call('create_vnic', {})).id as VnicId
    ofport += 1
    const to = { vnicId: id, hypervisor: hypervisorId(where), bridge: 'br-int', interface: `i${ofport}`, ofport }
    await controller.journal.write((draft) => draft.change({ kind: 'binding', id, to }))
    await controller.operations.plug(PROJECT, id, port.id as PortId, null)
    return id
  }
  const realised = (id: VnicId) => controller.operations.realised(PROJECT, id, 5_000)
  return {
    ...cloud,
    connect,
    plug,
    realised,
    status: (id: VnicId) => controller.operations.showVnic(PROJECT, id).status,
  }
}

/** Until it is so; the test's own time-out ends what never comes. */
async function until(met: () => boolean): Promise<void> {
  while (!met()) await sleep(5)
}

t.test('B07: active only after every connected switch concerned has confirmed; others do not bounce it', async (t) => {
  const { connect, call, plug, realised, status } = await cloudOf(t, 2)
  const [here, peer] = [await connect(0), await connect(1)]
  const network = await call('create_network', { engine: 'vxlan' })
  const first = await plug(network, 1)
  t.equal((await realised(first)).status, 'active')
  peer.pause()
  const second = await plug(network, 0)
  await until(() => here.flows.size > 0)
  t.equal(status(second), 'building', 'its own switch has it, the peer has not confirmed')
  t.equal(status(first), 'active', 'not bounced by another')
  peer.resume()
  t.equal((await realised(second)).status, 'active')
})

t.test('B08: the same binding and the same plug again send nothing', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 1)
  const here = await connect(0)
  const id = await plug(await call('create_network', {}), 0)
  await realised(id)
  const sent = here.flowMods.length
  t.ok(sent > 0)
  const { port_id } = controller.operations.showVnic(PROJECT, id)
  await controller.operations.plug(PROJECT, id, port_id as PortId, null)
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
  const { backlog } = controller.operations.showHypervisor(hypervisorId(0))
  t.ok(backlog >= 1 && backlog <= 21, `a backlog of ${backlog} objects`)
  slow.resume()
  for (const id of waiting) t.equal((await realised(id)).status, 'active')
  t.equal(controller.operations.showHypervisor(hypervisorId(0)).backlog, 0)
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
  t.equal((await realised(another)).status, 'active', 'others are not held up')
  t.equal(status(good), 'active')
  bad = undefined
  await until(() => status(vnic) === 'active')
  t.pass('tried again, and taken')
})

t.test('B30: a switch that comes back, or a controller, sends nothing where all is as it was', async (t) => {
  const { controller, store, connect, call, plug, realised } = await cloudOf(t, 1)
  const here = await connect(0)
  await realised(await plug(await call('create_network', {}), 0))
  const wanted = here.lines()
  t.ok(wanted.length > 3)
  controller.close()
  const again = await cloudOf(t, 0, { store })
  const back = await again.connect(0)
  for (const [key, flow] of here.flows) back.flows.set(key, flow)
  await until(() => again.controller.fleet.get(hypervisorId(0))?.ready === true)
  t.strictSame(back.lines(), wanted)
  t.strictSame(back.flowMods, [])
})

t.test('B11: a segment is free again only after its switch has confirmed', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 1, { vlans: [5, 5] })
  const here = await connect(0)
  const network = await call('create_network', {})
  const vnic = await plug(network, 0)
  const { port_id } = await realised(vnic)
  t.strictSame(controller.graph.segments.get('vlan/physnet1/5')?.holders, [hypervisorId(0)])
  here.pause()
  await controller.operations.destroyVnic(PROJECT, vnic, null)
  await controller.operations.destroyPort(PROJECT, port_id as PortId, null)
  await call('destroy_network', {}, { network_id: network.id })
  await t.rejects(call('create_network', {}), { code: 'segments-exhausted' })
  here.resume()
  await until(() => controller.graph.segments.get('vlan/physnet1/5')?.holders.length === 0)
  await t.resolves(call('create_network', {}))
  t.equal(here.flows.size, 0)
})

t.test('unplug waits for the switch, says so while it waits, and ends when the switch goes', async (t) => {
  const { controller, connect, call, plug, realised, status } = await cloudOf(t, 1)
  const here = await connect(0)
  const vnic = await plug(await call('create_network', {}), 0)
  await realised(vnic)
  here.pause()
  const settling = await controller.operations.unplug(PROJECT, vnic, null)
  t.equal(settling.view.status, 'unplugging')
  t.equal(await settling.settled(50), false)
  const repeated = await controller.operations.unplug(PROJECT, vnic, null)
  const settled = repeated.settled(5_000)
  here.resume()
  t.equal(await settled, true)
  t.equal(status(vnic), 'unplugged')
})
