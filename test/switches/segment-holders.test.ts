import t from 'tap'
import type { HypervisorId, NetworkId } from '../../topology/ids.ts'
import { controllerOn, PROJECT } from '../support/controller.ts'

type Cloud = Awaited<ReturnType<typeof controllerOn>>
const vlanOf = ({ controller }: Cloud, { id }: { id: string }) =>
  controller.graph.networks.get(id as NetworkId)?.segment.vlan_id
const destroy = ({ controller }: Cloud, { id }: { id: string }) =>
  controller.operations.networks.destroy(PROJECT, id as NetworkId, null)

t.test('B10: a VLAN id is unique in its physical network, a VNI everywhere', async (t) => {
  const cloud = await controllerOn()
  const segment = { physical_network: 'physnet1', vlan_id: 101 }
  await cloud.call('create_network', { segment })
  await t.rejects(cloud.call('create_network', { segment }), { code: 'segment-in-use', field: 'segment' })
  await cloud.call('create_network', { engine: 'vxlan', segment: { vni: 5000 } })
  await t.rejects(cloud.call('create_network', { engine: 'vxlan', segment: { vni: 5000 } }), { code: 'segment-in-use' })
  const chosen = await Promise.all([1, 2, 3].map(() => cloud.call('create_network', {})))
  t.strictSame(
    chosen.map((network) => vlanOf(cloud, network)),
    [100, 102, 103],
    'taken segments are skipped',
  )
})

t.test('B11: a freed segment is reused last, the one freed longest ago first', async (t) => {
  const cloud = await controllerOn({ vlans: [1, 4] })
  const [a, b, c] = [
    await cloud.call('create_network', {}),
    await cloud.call('create_network', {}),
    await cloud.call('create_network', {}),
  ]
  await destroy(cloud, b)
  await destroy(cloud, a)
  const next = [1, 2, 3].map(() => cloud.call('create_network', {}))
  t.strictSame(
    (await Promise.all(next)).map((network) => vlanOf(cloud, network)),
    [4, 2, 1],
  )
  t.equal(vlanOf(cloud, c), 3)
})

t.test('B11: a freed segment stays taken while a hypervisor may hold rules for it', async (t) => {
  const cloud = await controllerOn({ vlans: [1, 1] })
  const network = await cloud.call('create_network', {})
  const { controller } = cloud
  const id = 'vlan/physnet1/1'
  const held = controller.graph.segments.get(id)
  t.equal(held?.owner, controller.graph.networks.get(network.id as NetworkId)?.key)
  const holder = 'hv9' as HypervisorId
  await controller.journal.write((draft) => {
    if (held) draft.change({ kind: 'segment', id, to: { ...held, holders: [holder] } })
    draft.change({
      kind: 'hypervisor',
      id: holder,
      to: {
        id: holder,
        key: draft.nextKey(),
        hostname: '',
        datapathId: null,
        ovsVersion: '',
        bridgeMappings: {},
        encapIp: null,
        fabric: {},
        faults: {},
        uplinks: {},
        successor: null,
        address: null,
        hadVnic: true,
        claimsStored: true,
        keepsDecisions: false,
      },
    })
  })
  await destroy(cloud, network)
  await t.rejects(cloud.call('create_network', {}), { code: 'segments-exhausted' })
  const asked = { segment: { physical_network: 'physnet1', vlan_id: 1 } }
  await t.rejects(cloud.call('create_network', asked), {
    code: 'segment-in-use',
    message: /hypervisors may still hold/,
  })
  const again = await controllerOn({ store: cloud.store, vlans: [1, 1] })
  await t.rejects(again.call('create_network', {}), { code: 'segments-exhausted' }, 'also after a restart')
  await again.controller.operations.hypervisors.remove(holder)
  t.equal(vlanOf(again, await again.call('create_network', {})), 1, 'removed by an operator: free')
})

t.test('B12: segments run out: a clear error, and no partial objects', async (t) => {
  const cloud = await controllerOn({ vlans: [7, 8] })
  await cloud.call('create_network', {})
  await cloud.call('create_network', {})
  const before = cloud.store.entries.size
  await t.rejects(cloud.call('create_network', {}), {
    code: 'segments-exhausted',
    status: 409,
    message: /vlan\/physnet1 \(7-8\)/,
  })
  t.equal(cloud.store.entries.size, before)
  t.equal(cloud.controller.graph.networks.size, 2)
})

t.test('B14: one MAC address in two networks is fine, twice in one is refused at plug', async (t) => {
  const cloud = await controllerOn()
  const [one, two] = [await cloud.call('create_network', {}), await cloud.call('create_network', {})]
  const plugInto = async (network: { id: string }) => {
    const port = await cloud.call('create_port', {}, { network_id: network.id })
    const vnic = await cloud.call('create_vnic', { mac_address: '02:00:00:00:00:aa' })
    return cloud.controller.operations.vnics.plug('red' as never, vnic.id as never, port.id as never, null)
  }
  await plugInto(one)
  await plugInto(two)
  await t.rejects(plugInto(one), { code: 'mac-in-use', status: 409 })
})
