/** The core operations over HTTP, on a controller without switches. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { VnicId } from '../../../topology/ids.ts'
import { apiOn } from '../../support/api.ts'
import { seeHypervisor, seeInterface } from '../../support/seen.ts'

const RED = '/projects/red'

/** A network with one port, and a VNIC. */
async function furnished(api: Awaited<ReturnType<typeof apiOn>>) {
  const { call } = api
  const network = String((await call('POST', `${RED}/networks`, { name: 'n' })).body.id)
  const port = String((await call('POST', `${RED}/networks/${network}/ports`, { name: 'p' })).body.id)
  const vnic = String((await call('POST', `${RED}/vnics`, { vm_id: 'vm-1' })).body.id)
  return { network, port, vnic }
}

t.test('a VNIC, a network and a port have the fields of the contract', async (t) => {
  const api = await apiOn(t)
  const { network, port, vnic } = await furnished(api)
  const keys = async (path: string) => Object.keys((await api.call('GET', path)).body).sort()
  t.strictSame(await keys(`${RED}/vnics/${vnic}`), [
    'binding',
    'created_at',
    'guard_drops',
    'id',
    'kind',
    'mac_address',
    'migration',
    'name',
    'port_id',
    'project',
    'refused_claims',
    'requested_hypervisor',
    'revision',
    'status',
    'vm_id',
  ])
  t.strictSame(await keys(`${RED}/ports/${port}`), [
    'admin_state_up',
    'allowed_address_pairs',
    'created_at',
    'engine',
    'id',
    'ip_addresses',
    'name',
    'network_id',
    'port_security',
    'project',
    'rate_limit',
    'revision',
    'status',
    'trunk',
    'trunk_port_id',
    'trunk_vlan_id',
    'unknown_unicast',
    'vnic_id',
  ])
  t.strictSame(await keys(`${RED}/networks/${network}`), [
    'created_at',
    'engine',
    'id',
    'ipv4',
    'ipv6',
    'mtu',
    'name',
    'project',
    'revision',
    'segment',
    'shared',
    'status',
  ])
  t.match((await api.call('GET', `${RED}/networks/${network}`)).body, {
    engine: 'vlan',
    segment: { physical_network: 'physnet1', vlan_id: 100 },
    mtu: 1500,
    shared: false,
    status: 'active',
    created_at: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
  })
})

t.test('plug: 202 while waiting, repeatable, and its conflicts', async (t) => {
  const api = await apiOn(t)
  const { call } = api
  const { network, port, vnic } = await furnished(api)
  const path = `${RED}/vnics/${vnic}/port`
  const plugged = await call('PUT', path, { port_id: port })
  t.match(plugged, { status: 202, body: { port_id: port, status: 'waiting', revision: 2, binding: null } })
  t.match(await call('PUT', path, { port_id: port }), { status: 202, body: { revision: 2 } }, 'again')
  t.match((await call('GET', `${RED}/ports/${port}`)).body, { vnic_id: vnic, status: 'waiting' })
  const second = String((await call('POST', `${RED}/networks/${network}/ports`, {})).body.id)
  t.match(await call('PUT', path, { port_id: second }), { status: 409, body: { code: 'vnic-plugged' } })
  const other = String((await call('POST', `${RED}/vnics`, {})).body.id)
  const theirs = `${RED}/vnics/${other}/port`
  t.match(await call('PUT', theirs, { port_id: port }), { status: 409, body: { code: 'port-in-use' } })
  t.match(await call('PUT', theirs, { port_id: other }), { status: 404, body: { code: 'not-found', field: 'port_id' } })
  t.match(await call('PUT', theirs, { port_id: second }, { 'if-match': '"9"' }), { status: 412 })
  t.match(await call('DELETE', `${RED}/ports/${port}`), { status: 409, body: { code: 'port-in-use' } })
  t.match(await call('DELETE', `${RED}/networks/${network}`), { status: 409, body: { code: 'network-in-use' } })
  t.equal((await call('DELETE', path)).status, 204)
  t.equal((await call('DELETE', path)).status, 204, 'also if nothing was plugged')
  t.match((await call('GET', `${RED}/vnics/${vnic}`)).body, { status: 'unplugged', port_id: null })
})

t.test('B14 over HTTP: the same MAC address twice in a network', async (t) => {
  const { call } = await apiOn(t)
  const network = (await call('POST', `${RED}/networks`, {})).body.id
  const plug = async () => {
    const port = (await call('POST', `${RED}/networks/${network}/ports`, {})).body.id
    const vnic = (await call('POST', `${RED}/vnics`, { mac_address: '02-00-00-00-00-AA' })).body
    t.equal(vnic.mac_address, '02:00:00:00:00:aa')
    return call('PUT', `${RED}/vnics/${vnic.id}/port`, { port_id: port })
  }
  t.equal((await plug()).status, 202)
  t.match(await plug(), { status: 409, body: { code: 'mac-in-use' } })
})

t.test('destroying a plugged VNIC unplugs it; lists of one VM', async (t) => {
  const api = await apiOn(t)
  const { call } = api
  const { port, vnic } = await furnished(api)
  await call('POST', `${RED}/vnics`, { vm_id: 'vm-2' })
  t.match((await call('GET', `${RED}/vnics?vm_id=vm-1`)).body, { vnics: [{ id: vnic }], next: null })
  await call('PUT', `${RED}/vnics/${vnic}/port`, { port_id: port })
  t.equal((await call('DELETE', `${RED}/vnics/${vnic}`)).status, 204)
  t.match((await call('GET', `${RED}/ports/${port}`)).body, { vnic_id: null, status: 'down' })
  t.equal((await call('DELETE', `${RED}/vnics/${vnic}`)).status, 404)
})

t.test(
  'Prefer: wait holds the answer, is confirmed in a header, and ends with its time or the controller',
  async (t) => {
    const api = await apiOn(t)
    const { call, controller } = api
    const { port, vnic } = await furnished(api)
    const path = `${RED}/vnics/${vnic}/port`
    const ignored = await call('PUT', path, { port_id: port }, { prefer: 'wait=soon' })
    t.equal(ignored.headers['preference-applied'], undefined)
    const brief = await call('PUT', path, { port_id: port }, { prefer: 'respond-async, Wait=1' })
    t.match(brief, { status: 202, headers: { 'preference-applied': 'wait=1' }, body: { status: 'waiting' } })
    const long = call('PUT', path, { port_id: port }, { prefer: 'wait=600' })
    await sleep(50)
    controller.stop()
    t.match(await long, { status: 202, headers: { 'preference-applied': 'wait=60' } }, 'at shutdown')
  },
)

t.test('a held plug ends when the VNIC is unplugged', async (t) => {
  const api = await apiOn(t)
  const { call, controller } = api
  const { port, vnic } = await furnished(api)
  const path = `${RED}/vnics/${vnic}/port`
  const held = call('PUT', path, { port_id: port }, { prefer: 'wait=30' })
  while (controller.graph.vnics.get(vnic as VnicId)?.portId !== port) await sleep(5)
  await call('DELETE', path)
  t.match(await held, { status: 202, body: { status: 'unplugged', port_id: null } })
})

t.test('a shared network is for every project, and only its own destroys it', async (t) => {
  const { call } = await apiOn(t)
  const { id } = (await call('POST', `${RED}/networks`, { shared: true })).body
  t.match((await call('GET', '/projects/blue/networks')).body, { networks: [{ id, shared: true }] })
  const port = await call('POST', `/projects/blue/networks/${id}/ports`, {})
  t.match(port, { status: 201, body: { project: 'blue', network_id: id } })
  t.match((await call('GET', `${RED}/networks/${id}/ports`)).body, { ports: [] }, 'each port belongs to its project')
  t.match(await call('DELETE', `/projects/blue/networks/${id}`), { status: 403, body: { code: 'forbidden' } })
  t.match(await call('DELETE', `${RED}/networks/${id}`), { status: 409, body: { code: 'network-in-use' } })
})

t.test('hypervisors, their rules, and taking one out of service (B39)', async (t) => {
  const api = await apiOn(t)
  const { call, controller } = api
  const { port, vnic } = await furnished(api)
  await seeHypervisor(controller, 0)
  await seeInterface(controller, vnic, 0)
  t.match(await call('PUT', `${RED}/vnics/${vnic}/port`, { port_id: port }), {
    body: { status: 'waiting', binding: { ofport: 5 } },
  })
  t.match((await call('GET', '/hypervisors')).body, {
    hypervisors: [{ id: 'hv0', openflow_connected: false, rules: 19 }],
    next: null,
  })
  const flows = await call('GET', `/hypervisors/hv0/flows?vnic_id=${vnic}`)
  t.match(flows.body, { flows: [{ flow: /in_port=5/, why: /VNIC/ }] })
  t.match(await call('GET', `/hypervisors/hv0/flows?vnic_id=${vnic}&port_id=${port}`), { status: 400 })
  t.match(await call('GET', `/hypervisors/hv0/flows?port_id=${vnic}`), { status: 404, body: { field: 'port_id' } })
  t.match(await call('GET', '/hypervisors/hv0/flows?actual=true'), { status: 503 }, 'it is not connected')
  t.equal((await call('DELETE', '/hypervisors/hv0')).status, 204)
  t.match((await call('GET', `${RED}/vnics/${vnic}`)).body, { status: 'waiting', binding: null })
  t.equal((await call('DELETE', '/hypervisors/hv0')).status, 404)
})

t.test('extensions say which engines offer them, and what they do', async (t) => {
  const { call } = await apiOn(t)
  t.match((await call('GET', '/extensions')).body, {
    extensions: [{ alias: 'ethernet-vnic' }, { alias: 'logical-network' }],
  })
  t.match((await call('GET', '/extensions/logical-network')).body, {
    engines: ['vlan', 'vxlan'],
    operations: [{ operation: 'create_network', method: 'POST', path: '/v1/projects/{project}/networks' }],
  })
})
