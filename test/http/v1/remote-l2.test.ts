/** Ports that are their own layer-2 tunnel and ports that bridge a network, in the API. */
import t from 'tap'
import { DEFAULT_POLICY } from '../../../src/core/resources/policy.ts'
import { apiOn } from '../../support/api.ts'
import { seeHypervisor } from '../../support/seen.ts'

const WIRE = { engine: 'remote-l2', remote_ip: '203.0.113.5', tunnel_type: 'vxlan', tunnel_key: 7 }
const RED = '/projects/red'

t.test(
  'a standalone port: created, shown, a VNIC plugged in; its tunnel belongs to it until it is destroyed',
  async (t) => {
    const { call } = await apiOn(t)
    const made = await call('POST', `${RED}/ports`, { ...WIRE, remote_ip: '203.0.113.5' })
    t.match(made, { status: 201, body: { ...WIRE, network_id: null, status: 'down', admin_state_up: true } })
    const path = `${RED}/ports/${made.body.id}`
    t.strictSame((await call('GET', path)).body, made.body)
    const taken = { status: 409, body: { code: 'segment-in-use', field: 'tunnel_key' } }
    t.match(await call('POST', `${RED}/ports`, WIRE), taken)
    t.match(await call('POST', '/projects/blue/ports', WIRE), taken)
    t.equal(
      (await call('POST', `${RED}/ports`, { ...WIRE, remote_ip: '203.0.113.6' })).status,
      201,
      'another remote end',
    )
    t.equal((await call('POST', `${RED}/ports`, { ...WIRE, tunnel_type: 'gre' })).status, 201, 'another type')
    const vnic = (await call('POST', `${RED}/vnics`, {})).body.id
    t.match(await call('PUT', `${RED}/vnics/${vnic}/port`, { port_id: made.body.id }), { status: 202 })
    t.match(await call('DELETE', path), { status: 409, body: { code: 'port-in-use' } })
    await call('DELETE', `${RED}/vnics/${vnic}/port`)
    t.equal((await call('DELETE', path)).status, 204)
    t.equal((await call('POST', `${RED}/ports`, WIRE)).status, 201)
  },
)

t.test('a VNI is a network’s or of tunnels to remote ends, never both', async (t) => {
  const { call } = await apiOn(t)
  const network = (vni: number) => call('POST', `${RED}/networks`, { engine: 'vxlan', segment: { vni } })
  t.equal((await network(9)).status, 201)
  t.match(await call('POST', `${RED}/ports`, { ...WIRE, tunnel_key: 9 }), {
    status: 409,
    body: { code: 'segment-in-use', field: 'tunnel_key', detail: /key 9 of vxlan is taken: a network has it/ },
  })
  t.equal((await call('POST', `${RED}/ports`, { ...WIRE, tunnel_key: 4096 })).status, 201)
  t.match(await network(4096), { status: 409, body: { code: 'segment-in-use', field: 'segment' } })
  const chosen = await call('POST', `${RED}/networks`, { engine: 'vxlan' })
  t.match(chosen.body, { segment: { vni: 4097 } }, 'allocation skips it')
})

t.test('a port that bridges a network: where it is, that no VNIC fits, and that one of two is used', async (t) => {
  const { call, controller } = await apiOn(t)
  const network = (await call('POST', `${RED}/networks`, {})).body.id
  const path = `${RED}/networks/${network}/ports`
  const { engine: _, ...site } = WIRE
  t.match(await call('POST', path, site), { status: 400, body: { code: 'unsupported', detail: /plugboard-encap-ip/ } })
  for (const n of [0, 1]) await seeHypervisor(controller, n)
  t.match(await call('POST', path, { ...site, hypervisor: 'hv9' }), { status: 404, body: { field: 'hypervisor' } })
  const made = await call('POST', path, { ...site, tunnel_key: 8 })
  t.match(made.body, { engine: 'remote-l2', network_id: network, hypervisor: 'hv0', status: 'waiting' })
  t.match(await call('POST', path, { remote_ip: '203.0.113.5' }), { status: 400, body: { field: 'tunnel_type' } })
  const vnic = (await call('POST', `${RED}/vnics`, {})).body.id
  t.match(await call('PUT', `${RED}/vnics/${vnic}/port`, { port_id: made.body.id }), { body: { code: 'unsupported' } })

  const second = await call('POST', path, { ...site, hypervisor: 'hv1' })
  const show = async ({ body }: { body: Record<string, unknown> }) =>
    (await call('GET', `${RED}/ports/${body.id}`)).body
  t.match(await show(second), { status: 'waiting', hypervisor: 'hv1' }, 'the lower key is used')
  t.match(await show(made), { status: 'error', status_detail: `port ${second.body.id} bridges the network already` })
  t.match(await call('PATCH', `${RED}/ports/${second.body.id}`, { admin_state_up: false }), { status: 200 })
  t.match(await show(made), { status: 'waiting' })
  t.equal((await call('DELETE', `${RED}/ports/${second.body.id}`)).status, 204)
  t.equal((await call('DELETE', `${RED}/networks/${network}`)).status, 409)
  t.equal((await call('DELETE', `${RED}/ports/${made.body.id}`)).status, 204)
  t.equal((await call('DELETE', `${RED}/networks/${network}`)).status, 204)
})

t.test('ports of Ethernet networks may ask for frames to unknown addresses', async (t) => {
  const { call } = await apiOn(t)
  const network = (await call('POST', `${RED}/networks`, { engine: 'geneve' })).body.id
  const made = await call('POST', `${RED}/networks/${network}/ports`, { unknown_unicast: 'flood' })
  t.match(made, { status: 201, body: { unknown_unicast: 'flood', engine: 'geneve' } })
  const path = `${RED}/ports/${made.body.id}`
  t.match(await call('PATCH', path, { unknown_unicast: 'drop' }), {
    status: 200,
    body: { unknown_unicast: 'drop', revision: 2 },
  })
  t.match(await call('PATCH', path, { unknown_unicast: 'drop' }), { body: { revision: 2 } })
  t.match(await call('PATCH', path, { unknown_unicast: 'maybe' }), { status: 400, body: { field: 'unknown_unicast' } })
  const wire = await call('POST', `${RED}/ports`, WIRE)
  t.match(await call('PATCH', `${RED}/ports/${wire.body.id}`, { unknown_unicast: 'flood' }), {
    status: 400,
    body: { code: 'bad-request', field: 'unknown_unicast' },
  })
})

t.test('addresses that a port is known to have: canonical, and no other port’s of the network', async (t) => {
  const { call } = await apiOn(t)
  const network = (await call('POST', `${RED}/networks`, {})).body.id
  const make = (ip_addresses: unknown) => call('POST', `${RED}/networks/${network}/ports`, { ip_addresses })
  const made = await make(['10.0.0.5', 'FD00:0::5', '10.0.0.5'])
  t.match(made, { status: 201, body: { ip_addresses: ['10.0.0.5', 'fd00::5'] } })
  t.match(await make(['fd00::0:5']), { status: 409, body: { code: 'address-in-use', field: 'ip_addresses' } })
  for (const bad of ['10.0.0.256', '224.0.0.1', 'ff02::1', '10.0.0.0/24', '::', 'host']) {
    t.match(await make([bad]), { status: 400, body: { code: 'bad-request', field: 'ip_addresses' } }, bad)
  }
  t.match(await make('10.0.0.6'), { status: 400, body: { field: 'ip_addresses' } })
  const path = `${RED}/ports/${made.body.id}`
  t.match(await call('PATCH', path, { ip_addresses: ['10.0.0.6'] }), {
    body: { ip_addresses: ['10.0.0.6'], revision: 2 },
  })
  t.equal((await make(['10.0.0.5'])).status, 201)
})

t.test('port security: pairs are checked and shown in their canonical form, off takes role admin', async (t) => {
  const { call } = await apiOn(t, {
    tokens: { a: { project: '*', role: 'admin' }, m: { project: 'red', role: 'member' } },
  })
  const as = (token: string) => ({ authorization: `Bearer ${token}` })
  const network = async (project: string, shared: boolean) =>
    (await call('POST', `/projects/${project}/networks`, { shared }, as('a'))).body.id
  const own = `${RED}/networks/${await network('red', false)}/ports`
  const pair = { mac_address: '00-00-5E-00-01-07', ip_prefix: '10.0.0.77/24' }
  const made = await call('POST', own, { allowed_address_pairs: [pair] }, as('m'))
  t.match(made.body, {
    port_security: true,
    allowed_address_pairs: [{ mac_address: '00:00:5e:00:01:07', ip_prefix: '10.0.0.0/24' }],
  })
  const bad = [
    { ip_prefix: '10.0.0.0/33' },
    { ip_prefix: 'x' },
    { mac_address: '01:00:00:00:00:01', ip_prefix: '::1' },
    {},
  ]
  for (const each of bad) {
    const answer = await call('POST', own, { allowed_address_pairs: [each] }, as('m'))
    t.match(
      answer,
      { status: 400, body: { code: 'bad-request', field: /^allowed_address_pairs/ } },
      JSON.stringify(each),
    )
  }
  const path = `${RED}/ports/${made.body.id}`
  t.match(await call('PATCH', path, { port_security: false }, as('m')), {
    status: 403,
    body: { field: 'port_security' },
  })
  t.match(await call('PATCH', path, { port_security: true }, as('m')), { status: 200 }, 'the value that it already has')
  t.match(await call('PATCH', path, { port_security: false }, as('a')), { status: 200, body: { port_security: false } })
  t.match(await call('PATCH', path, { name: 'x' }, as('m')), { body: { port_security: false } })
  const shared = `${RED}/networks/${await network('blue', true)}/ports`
  t.match(await call('POST', shared, { allowed_address_pairs: [pair] }, as('m')), { status: 403 })
  t.equal((await call('POST', shared, { allowed_address_pairs: [] }, as('m'))).status, 201)
})

t.test('a POST repeated in other words is the same', async (t) => {
  const { call } = await apiOn(t)
  const network = (await call('POST', `${RED}/networks`, {})).body.id
  const id = '11111111-1111-4111-8111-111111111111'
  const make = (more: object) => call('POST', `${RED}/networks/${network}/ports`, { id, ...more })
  t.equal((await make({ ip_addresses: ['FD00::1'] })).status, 201)
  t.equal((await make({ ip_addresses: ['fd00:0::1'], port_security: true, unknown_unicast: 'drop' })).status, 200)
  t.match(await make({ ip_addresses: ['fd00::2'] }), { status: 409, body: { code: 'id-conflict' } })
  const wire = { ...WIRE, id: id.replace('1', '2'), remote_ip: '2001:DB8::5' }
  t.equal((await call('POST', `${RED}/ports`, wire)).status, 201)
  t.equal((await call('POST', `${RED}/ports`, { ...wire, remote_ip: '2001:db8:0::5' })).status, 200)
  t.match(await call('POST', `${RED}/ports`, { ...wire, tunnel_key: 8 }), {
    status: 409,
    body: { code: 'id-conflict' },
  })
})

t.test('a hypervisor that is removed holds no segment of the remote sites that it had', async (t) => {
  const { call, controller } = await apiOn(t)
  await seeHypervisor(controller, 0)
  const network = (await call('POST', `${RED}/networks`, { engine: 'vxlan', segment: { vni: 6000 } })).body.id
  const { engine: _, ...site } = WIRE
  const port = (await call('POST', `${RED}/networks/${network}/ports`, site)).body.id
  t.equal((await call('DELETE', '/hypervisors/hv0')).status, 204)
  t.equal((await call('DELETE', `${RED}/ports/${port}`)).status, 204)
  t.equal((await call('DELETE', `${RED}/networks/${network}`)).status, 204)
  t.equal((await call('POST', `${RED}/networks`, { engine: 'vxlan', segment: { vni: 6000 } })).status, 201)
  t.equal((await call('POST', `${RED}/ports`, WIRE)).status, 201)
})

t.test(
  'in a network of another project, only an admin sets addresses; the number of remote sites is limited',
  async (t) => {
    const { call, controller } = await apiOn(t, {
      tokens: { a: { project: '*', role: 'admin' }, m: { project: 'red', role: 'member' } },
      policy: { ...DEFAULT_POLICY, roles: {} },
    })
    const as = (token: string) => ({ authorization: `Bearer ${token}` })
    const shared = (await call('POST', '/projects/blue/networks', { shared: true }, as('a'))).body.id
    const wish = { ip_addresses: ['10.0.0.1'] }
    t.match(await call('POST', `${RED}/networks/${shared}/ports`, wish, as('m')), {
      status: 403,
      body: { code: 'forbidden', field: 'ip_addresses' },
    })
    t.equal((await call('POST', `${RED}/networks/${shared}/ports`, wish, as('a'))).status, 201)
    await seeHypervisor(controller, 0)
    const own = (await call('POST', `${RED}/networks`, {}, as('m'))).body.id
    const { engine: _, ...site } = WIRE
    const make = (key: number) => call('POST', `${RED}/networks/${own}/ports`, { ...site, tunnel_key: key }, as('m'))
    for (let key = 1; key <= 16; key += 1) t.equal((await make(key)).status, 201)
    t.match(await make(17), { status: 400, body: { code: 'unsupported' } })
    t.match(await call('POST', `${RED}/networks/${own}/ports`, { ...site, remote_ip: '2001:db8::1' }, as('m')), {
      status: 400,
    })
  },
)

t.test('a flat network: one per physical network', async (t) => {
  const { call } = await apiOn(t)
  const make = (segment?: object) => call('POST', `${RED}/networks`, { engine: 'flat', ...(segment && { segment }) })
  const first = await make()
  t.match(first, { status: 201, body: { segment: { physical_network: 'physnet1' }, mtu: 1500 } })
  t.match(await make(), { status: 409, body: { code: 'segments-exhausted' } })
  t.match(await make({ physical_network: 'physnet1' }), { status: 409, body: { code: 'segment-in-use' } })
  t.match(await make({ physical_network: 'physnet2' }), { status: 400, body: { field: 'segment.physical_network' } })
  t.equal((await call('DELETE', `${RED}/networks/${first.body.id}`)).status, 204)
  t.equal((await make({ physical_network: 'physnet1' })).status, 201)
})
