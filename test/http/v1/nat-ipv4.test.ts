/** NATed IPv4 networks in the API: allowed prefixes, and the addresses that ports get. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { readFloating } from '../../../src/config/floating.ts'
import { type ApiOptions, apiOn } from '../../support/api.ts'
import { seeHypervisor, seeInterface } from '../../support/seen.ts'

const RED = '/projects/red'
const page = readFileSync(join(import.meta.dirname, '../../../docs/nat.md'), 'utf8')
const floating = readFloating([
  { prefix: '203.0.113.0/24', vlan: 50, gateway_ip: '203.0.113.1' },
  { prefix: '198.51.100.0/25' },
])

async function api(teardown: Parameters<typeof apiOn>[0], options: ApiOptions = {}) {
  const made = await apiOn(teardown, { floating, ...options })
  const { call } = made
  const network = (fields: object, headers: Record<string, string> = {}, project = RED) =>
    call('POST', `${project}/networks`, { engine: 'nat-ipv4', ...fields }, headers)
  const port = (id: unknown, fields: object = {}) => call('POST', `${RED}/networks/${id}/ports`, fields)
  const addressOf = async (id: unknown) => String((await port(id)).body.floating_address)
  return { ...made, network, port, addressOf }
}

t.test('a network shows its prefixes, a port its two addresses', async (t) => {
  const { call, network, port } = await api(t)
  const made = await network({ address_prefix: '203.0.113.64/26', dns: ['9.9.9.9'] })
  t.match(made, {
    status: 201,
    body: {
      engine: 'nat-ipv4',
      address_prefix: '203.0.113.64/26',
      private_prefix: '100.64.0.0/16',
      dns: ['9.9.9.9'],
      mtu: 1500,
      segment: { physical_network: 'physnet1', vlan_id: 50, prefix: '203.0.113.0/24', gateway_ip: '203.0.113.1' },
    },
  })
  const first = await port(made.body.id)
  t.match(first, { status: 201, body: { floating_address: '203.0.113.65', private_address: '100.64.0.2' } })
  t.strictSame((await call('GET', `${RED}/ports/${first.body.id}`)).body, first.body)
  const chosen = { floating_address: '203.0.113.126' }
  t.match(await port(made.body.id, chosen), { status: 201, body: { ...chosen, private_address: '100.64.0.63' } })
  t.match(await call('PATCH', `${RED}/ports/${first.body.id}`, { floating_address: '203.0.113.70' }), {
    status: 400,
    body: { code: 'bad-request', field: 'floating_address', detail: /keeps 203\.0\.113\.65: make another port/ },
  })
  t.match(await call('PATCH', `${RED}/ports/${first.body.id}`, { name: 'x' }), { status: 200, body: { name: 'x' } })
  const extension = await call('GET', '/extensions/nat-ipv4')
  t.match(extension.body, { alias: 'nat-ipv4', engines: ['nat-ipv4'] })
})

t.test('a repeated request is the same network, and the same port with the address that it has', async (t) => {
  const { network, port } = await api(t)
  const id = 'aaaaaaaa-0000-4000-8000-000000000001'
  const body = { id, address_prefix: '203.0.113.64/26' }
  t.equal((await network(body)).status, 201)
  t.equal((await network(body)).status, 200)
  t.match(await network({ ...body, address_prefix: '203.0.113.128/26' }), {
    status: 409,
    body: { code: 'id-conflict' },
  })
  const wish = { id: 'aaaaaaaa-0000-4000-8000-000000000002' }
  t.match(await port(id, wish), { status: 201, body: { floating_address: '203.0.113.65' } })
  t.match(await port(id, wish), { status: 200, body: { floating_address: '203.0.113.65' } })
})

t.test('a prefix must be within the pools of the operator, and must not overlap other prefixes', async (t) => {
  const { network } = await api(t)
  t.match(await network({ address_prefix: '192.0.2.0/24' }), {
    status: 403,
    body: {
      code: 'forbidden',
      field: 'address_prefix',
      detail: /choose within 203\.0\.113\.0\/24 of physnet1, 198\.51\.100\.0\/25 of physnet1$/,
    },
  })
  t.match(await network({ address_prefix: '203.0.112.0/23' }), { status: 403 }, 'larger than it')
  t.equal((await network({ address_prefix: '203.0.113.64/26' })).status, 201)
  for (const address_prefix of ['203.0.113.64/26', '203.0.113.0/24', '203.0.113.96/28']) {
    t.match(await network({ address_prefix }, {}, '/projects/blue'), {
      status: 409,
      body: { code: 'prefix-overlap', field: 'address_prefix', detail: /overlaps 203\.0\.113\.64\/26/ },
    })
  }
  t.equal((await network({ address_prefix: '203.0.113.128/26' }, {}, '/projects/blue')).status, 201)
  t.match(await network({ address_prefix: '198.51.100.0/25' }), { status: 201 }, 'all of it, in no VLAN')
})

t.test('an invalid prefix or address is a 400 that names its field', async (t) => {
  const { network, port } = await api(t)
  const bad = (field: string, detail?: RegExp) => ({ status: 400, body: { field, ...(detail && { detail }) } })
  t.match(await network({}), bad('address_prefix', /takes "address_prefix"/))
  for (const text of [
    '203.0.113.0',
    '203.0.113.1/24',
    '203.0.113.0/33',
    '203.0.113.0/31',
    '224.0.0.0/24',
    'fd00::/64',
    'x',
  ])
    t.match(await network({ address_prefix: text }), bad('address_prefix', /is no prefix for hosts/), text)
  const address_prefix = '203.0.113.64/26'
  t.match(
    await network({ address_prefix, private_prefix: '10.0.0.0/31' }),
    bad('private_prefix', /length of 30 at most/),
  )
  t.match(await network({ address_prefix, private_prefix: '10.0.0.1/8' }), bad('private_prefix', /is no prefix/))
  t.match(await network({ address_prefix, private_prefix: '203.0.0.0/16' }), bad('private_prefix', /overlaps/))
  t.match(await network({ address_prefix, dns: ['ns.example'] }), bad('dns', /is no unicast address of IPv4/))
  t.match(await network({ address_prefix, engine: 'vlan' }), bad('address_prefix'), 'a network of another engine')
  const { id } = (await network({ address_prefix, private_prefix: '10.0.0.0/25' })).body
  const floating_address = (text: string) => port(id, { floating_address: text })
  t.match(await floating_address('x'), bad('floating_address', /is no IPv4 address/))
  t.match(
    await floating_address('203.0.113.1'),
    bad('floating_address', /choose one of 203\.0\.113\.65 to 203\.0\.113\.126/),
  )
  t.match(await floating_address('203.0.113.64'), bad('floating_address'), 'of the network')
  t.match(await floating_address('203.0.113.127'), bad('floating_address'), 'of its broadcast')
})

t.test('a private prefix of the same size or smaller is used completely', async (t) => {
  const { network, port } = await api(t)
  const whole = (await network({ address_prefix: '203.0.113.0/24', private_prefix: '10.0.0.0/24' })).body
  const [first, last] = [await port(whole.id, {}), await port(whole.id, { floating_address: '203.0.113.254' })]
  t.match(first.body, { floating_address: '203.0.113.2', private_address: '10.0.0.3' })
  t.match(last.body, { floating_address: '203.0.113.254', private_address: '10.0.0.2' })
})

t.test('private addresses that are used up are a 409', async (t) => {
  const { network, port } = await api(t)
  const { id } = (await network({ address_prefix: '203.0.113.64/28', private_prefix: '10.0.0.0/29' })).body
  const given = []
  for (let count = 0; count < 5; count++) given.push((await port(id, {})).body.private_address)
  t.same(given, ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6'])
  t.match(await port(id, {}), { status: 409, body: { code: 'addresses-exhausted', detail: /larger private_prefix/ } })
})

t.test(
  'router, network and broadcast addresses are not given; if none is left, 409; freed addresses are reused last',
  async (t) => {
    const { call, network, port, addressOf } = await api(t)
    const { id } = (await network({ address_prefix: '203.0.113.0/29' })).body
    const all = [
      await addressOf(id),
      await addressOf(id),
      await addressOf(id),
      await addressOf(id),
      await addressOf(id),
    ]
    t.same(
      all,
      [2, 3, 4, 5, 6].map((n) => `203.0.113.${n}`),
      '.0, .1 and .7 are not given',
    )
    t.match(await port(id), {
      status: 409,
      body: { code: 'addresses-exhausted', detail: /no address of 203\.0\.113\.0\/29 is free/ },
    })
    t.match(await port(id, { floating_address: '203.0.113.4' }), {
      status: 409,
      body: { code: 'address-in-use', field: 'floating_address', detail: /203\.0\.113\.4 is taken: a port has it/ },
    })
    const ports = (await call('GET', `${RED}/networks/${id}/ports`)).body.ports as Array<{ id: string }>
    for (const at of [3, 1]) t.equal((await call('DELETE', `${RED}/ports/${ports[at]?.id}`)).status, 204)
    t.same(
      [await addressOf(id), await addressOf(id)],
      ['203.0.113.5', '203.0.113.3'],
      'the address that was freed first comes first',
    )
    t.equal((await port(id)).status, 409)
  },
)

t.test('B11 an address is not given away while a hypervisor may hold rules for it', async (t) => {
  const { call, controller, network, port } = await api(t)
  const { id } = (await network({ address_prefix: '203.0.113.8/30' })).body
  const [first] = [await port(id), await port(id)]
  const vnic = (await call('POST', `${RED}/vnics`, {})).body
  await seeHypervisor(controller, 0)
  await call('PUT', `${RED}/vnics/${vnic.id}/port`, { port_id: first?.body.id })
  await seeInterface(controller, String(vnic.id), 0)
  await call('DELETE', `${RED}/vnics/${vnic.id}`)
  t.equal((await call('DELETE', `${RED}/ports/${first?.body.id}`)).status, 204)
  t.match(await port(id), { status: 409, body: { code: 'addresses-exhausted' } })
  t.match(await port(id, { floating_address: '203.0.113.9' }), {
    status: 409,
    body: { code: 'address-in-use', detail: /hypervisors may still hold rules for it/ },
  })
  await call('DELETE', '/hypervisors/hv0')
  t.match(await port(id), { status: 201, body: { floating_address: '203.0.113.9' } })
})

t.test('the segment that carries floating addresses is the operator’s', async (t) => {
  const { call } = await api(t)
  const taken = {
    status: 409,
    body: { code: 'segment-in-use', field: 'segment', detail: /carries floating addresses/ },
  }
  const vlan = { segment: { physical_network: 'physnet1', vlan_id: 50 } }
  t.match(await call('POST', `${RED}/networks`, vlan), taken)
  t.match(await call('POST', `${RED}/networks`, { engine: 'flat', segment: { physical_network: 'physnet1' } }), taken)
  t.match(await call('POST', `${RED}/networks`, { engine: 'flat' }), {
    status: 409,
    body: { code: 'segments-exhausted' },
  })
  t.equal(
    (await call('POST', `${RED}/networks`, { segment: { physical_network: 'physnet1', vlan_id: 51 } })).status,
    201,
  )
})

t.test('a network whose prefix is no longer configured reports that', async (t) => {
  const first = await api(t)
  const { id } = (await first.network({ address_prefix: '203.0.113.64/26' })).body
  const again = async (floating: ApiOptions['floating']) => {
    const { call } = await api(t, { store: first.store, ...(floating && { floating }) })
    return (await call('GET', `${RED}/networks/${id}`)).body
  }
  t.match(await again(floating), { status: 'active' })
  for (const pools of [
    [],
    [{ prefix: '203.0.113.0/24', vlan: 51, gateway_ip: '203.0.113.1' }],
    [{ prefix: '203.0.113.0/24', vlan: 50, gateway_ip: '203.0.113.2' }],
  ]) {
    t.match(await again(readFloating(pools)), {
      status: 'error',
      status_detail:
        /203\.0\.113\.64\/26 of 203\.0\.113\.0\/24 on physnet1, VLAN 50, router 203\.0\.113\.1: the configuration does not/,
    })
  }
})

t.test('there is no Ethernet to bridge to a remote site', async (t) => {
  const { network, port } = await api(t)
  const { id } = (await network({ address_prefix: '203.0.113.64/26' })).body
  const site = { remote_ip: '192.0.2.99', tunnel_type: 'vxlan', tunnel_key: 7 }
  t.match(await port(id, site), { status: 400, body: { code: 'unsupported', detail: /cannot be bridged/ } })
})

t.test('without pools of floating addresses there are no NATed networks', async (t) => {
  const { network } = await api(t, { floating: [] })
  t.match(await network({ address_prefix: '203.0.113.0/24' }), {
    status: 403,
    body: { detail: /this Plugboard has none until its configuration lists some as "floating" of a physical network$/ },
  })
})

t.test('the example of docs/nat.md', async (t) => {
  const block = /^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? ''
  const config = parse(block) as { physical_networks: { physnet1: { floating: unknown } } }
  const { call } = await api(t, { floating: readFloating(config.physical_networks.physnet1.floating) })
  const examples = [...page.matchAll(/^post (\S+) '([^']*)'\n```\n\n```json\n(.*?)^```/gms)]
  t.equal(examples.length, 3)
  for (const [, path = '', body = '', answer = ''] of examples)
    t.match(await call('POST', `${RED}/${path}`, body), { status: 201, body: JSON.parse(answer) }, path)
})
