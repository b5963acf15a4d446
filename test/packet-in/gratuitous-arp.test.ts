/** Announcements of a VNIC at a new place: they are sent from there once its rules are confirmed, with the tag of its network. */
import t from 'tap'
import { FROM_FABRIC, TO_UPLINK } from '../../flows/pipeline/registers.ts'
import { printActions } from '../../src/openflow/index.ts'
import type { PortId, VnicId } from '../../topology/ids.ts'
import { PROJECT } from '../support/controller.ts'
import { hypervisorId } from '../support/nodes.ts'
import { stopClock } from '../support/stopped-clock.ts'
import { cloudOf, until } from '../support/switches.ts'

/**
 * The number of announcements: with the rules, when the old place has lost its own, and while Open vSwitch may learn from old
 * counts.
 */
const TOLD = 29

/** A time in which all repeated announcements are due. */
const REPEATS_MS = 1_000

const hex = (octets: Uint8Array | undefined): string => Buffer.from(octets ?? []).toString('hex')

t.test('a VNIC that moves is announced from where it is now', async (t) => {
  const clock = stopClock(t)
  const { controller, call, connect, plug, bind, status } = await cloudOf(t, 2)
  const [h0, h1] = [await connect(0), await connect(1)]
  const network = await call('create_network', { engine: 'vlan' })
  const id = await plug(network, 0)
  await until(() => status(id) === 'active' && h0.packetOuts.length > 0)
  const move = async (where: number) => {
    await bind(id, where)
    await until(() => status(id) === 'active')
  }
  await move(1)
  await until(() => h1.packetOuts.length === 2)
  clock.tick(REPEATS_MS)
  await until(() => h1.packetOuts.length === TOLD)
  const [told, ...again] = h1.packetOuts
  for (const { data, actions } of again) t.same({ data, actions }, { data: told?.data, actions: told?.actions })
  t.equal(h0.packetOuts.length, 1, 'not from its old place; and only once if it had no place before')
  t.equal(told?.flows, h1.flows.size, 'when all its rules are confirmed')

  const mac = String(controller.operations.vnics.show(PROJECT, id).mac_address).replaceAll(':', '')
  // RFC 903: a reverse ARP request of a host for itself.
  t.equal(hex(told?.data), `ffffffffffff${mac}80350001080006040003${mac}00000000${mac}00000000`.padEnd(120, '0'))
  t.match(told?.match, [{ field: 'in_port', value: 0xfffffffd }])
  const networkKey = controller.graph.networks.get(network.id as never)?.key
  t.match(
    printActions(told?.actions ?? []),
    new RegExp(
      `^set_field:0x${networkKey?.toString(16)}->metadata,.*->reg0,set_field:0x${TO_UPLINK}->reg1,resubmit\\(,60\\)$`,
    ),
    'through table egress, which adds the tag',
  )
  t.notMatch(printActions(told?.actions ?? []), FROM_FABRIC.field)

  h1.disconnect()
  await until(() => status(id) === 'waiting')
  const back = await connect(1)
  await until(() => status(id) === 'active')
  t.same(back.packetOuts, [], 'a switch that reconnects with its rules announces nothing')
})

t.test('a VNIC with a trunk is announced in each of its networks on a physical network', async (t) => {
  const clock = stopClock(t)
  const { controller, call, connect, plug, bind, status } = await cloudOf(t, 2)
  const [, h1] = [await connect(0), await connect(1)]
  const [home, away, far] = [
    await call('create_network', { engine: 'vlan' }),
    await call('create_network', { engine: 'vlan' }),
    await call('create_network', { engine: 'vxlan' }),
  ]
  const id = await plug(home, 0)
  const subs = [away, far].map((network) => call('create_port', {}, { network_id: network.id }))
  const trunk = (await Promise.all(subs)).map((port, n) => ({ vlan_id: 7 + n, port_id: port.id }))
  const port = controller.graph.vnics.get(id)?.portId as PortId
  await controller.operations.ports.update(PROJECT, port, { trunk }, null, { project: '*', role: 'admin' })
  await until(() => status(id) === 'active')
  await bind(id, 1)
  await until(() => h1.packetOuts.length === 4)
  clock.tick(REPEATS_MS)
  await until(() => h1.packetOuts.length === 2 * TOLD)
  const told = h1.packetOuts.map(({ actions }) => printActions(actions))
  for (const network of [home, away]) {
    const key = controller.graph.networks.get(network.id as never)?.key.toString(16)
    t.equal(told.filter((actions) => actions.startsWith(`set_field:0x${key}->metadata`)).length, TOLD)
  }
})

t.test('a VNIC that moves while its switch is away is announced when the switch is back', async (t) => {
  const clock = stopClock(t)
  const { call, connect, plug, bind, status } = await cloudOf(t, 2)
  await connect(0)
  const network = await call('create_network', { engine: 'vlan' })
  const id = await plug(network, 0)
  await until(() => status(id) === 'active')
  await bind(id, 1)
  const h1 = await connect(1)
  await until(() => status(id) === 'active' && h1.packetOuts.length === 1)
  clock.tick(REPEATS_MS)
  await until(() => h1.packetOuts.length === TOLD - 1)
})

t.test('a VNIC that leaves its old place before it reaches the target counts as moved', async (t) => {
  const clock = stopClock(t)
  const { controller, call, connect, plug, bind, unbind, status } = await cloudOf(t, 2)
  const [h0, h1] = [await connect(0), await connect(1)]
  const id = await plug(await call('create_network', { engine: 'vlan' }), 0)
  await until(() => status(id) === 'active' && h0.packetOuts.length === 1)
  await controller.operations.vnics.migrate(PROJECT, id, { to: hypervisorId(1), activate: false }, null)
  await unbind(id)
  await until(() => status(id) === 'waiting')
  await bind(id, 1)
  await until(() => h1.packetOuts.length === 1)
  clock.tick(REPEATS_MS)
  await until(() => h1.packetOuts.length === TOLD - 1)
  t.equal(status(id), 'active')
})

t.test('a VNIC that moves again before its last announcement is announced only from its last place', async (t) => {
  const clock = stopClock(t)
  const { call, connect, plug, bind, status } = await cloudOf(t, 2)
  const [h0, h1] = [await connect(0), await connect(1)]
  const id = await plug(await call('create_network', { engine: 'vlan' }), 0)
  await until(() => status(id) === 'active' && h0.packetOuts.length === 1)
  const move = (where: number) => bind(id, where)
  await move(1)
  await until(() => h1.packetOuts.length > 0)
  await move(0)
  await until(() => h0.packetOuts.length === 3)
  const last = h1.packetOuts.length
  clock.tick(REPEATS_MS)
  await until(() => h0.packetOuts.length === 1 + TOLD)
  t.equal(h1.packetOuts.length, last)
})

t.test('known addresses are announced in ARP; overlays and ports that are down announce nothing', async (t) => {
  const { controller, call, connect, bind, status } = await cloudOf(t, 1)
  const h0 = await connect(0)
  let ofport = 10
  const enter = async (engine: string, fields: Record<string, unknown>) => {
    const network = await call('create_network', { engine })
    const port = await call('create_port', fields, { network_id: network.id })
    const id = (await call('create_vnic', {})).id as VnicId
    await bind(id, 0, ++ofport)
    await controller.operations.vnics.plug(PROJECT, id, port.id as never, null)
    await until(() => status(id) === 'active')
    return { id, port: port.id as never }
  }
  await enter('vxlan', { ip_addresses: ['192.0.2.1'] })
  const { id, port } = await enter('vlan', { ip_addresses: ['192.0.2.7', '2001:db8::7'] })
  await until(() => h0.packetOuts.length === 2)
  const mac = String(controller.operations.vnics.show(PROJECT, id).mac_address).replaceAll(':', '')
  const arp = `ffffffffffff${mac}08060001080006040001${mac}c0000207000000000000c0000207`
  t.equal(hex(h0.packetOuts[1]?.data), arp.padEnd(120, '0'), 'RFC 5227')

  const admin = { project: '*', role: 'admin' } as const
  const set = async (up: boolean) => {
    const patch = { admin_state_up: up }
    const settling = await controller.operations.ports.update(PROJECT, port, patch, null, admin)
    t.ok(await settling.settled(5_000))
  }
  await set(false)
  t.equal(h0.packetOuts.length, 2)
  await set(true)
  await until(() => h0.packetOuts.length === 4)
})
