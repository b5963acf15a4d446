/** Every field that takes an address, a prefix or a MAC address, with every form that looks like one. */
import t, { type Test } from 'tap'
import { type Answer, apiOn } from '../../support/api.ts'
import { hypervisor } from '../../support/nodes.ts'
import {
  IPV4_FORMS,
  IPV6_FORMS,
  IPV6_WITH_DOTS,
  MAC_FORMS,
  NO_ADDRESS,
  NO_MAC,
  NO_PREFIX,
} from '../../support/text-forms.ts'

type Api = Awaited<ReturnType<typeof apiOn>>

const RED = '/projects/red'
const IPV4 = { prefix: '10.0.0.0/24' }
const IPV6 = { prefix: 'fd00:7::/64', mode: 'slaac' }
const POOL = { prefix: '203.0.113.0/24' }
const FLOATING = [{ prefix: { first: 0xcb007100, length: 24 }, vlan: null, gateway: null }] as const
const WIRE = { engine: 'remote-l2', tunnel_type: 'vxlan' }

const [FOUR, SIX] = [Object.keys(IPV4_FORMS), Object.keys(IPV6_FORMS)]
const vxlan = (fields: object) => ({ engine: 'vxlan', ...fields })
const nat = (fields: object) => ({ engine: 'nat-ipv4', address_prefix: '203.0.113.0/28', ...fields })

/** Fields for one address: the path of the request, its body, and the field that an error names. */
type Case = readonly [path: string, body: (text: string) => object, field: string, wrong: readonly string[]]

const ADDRESS_FIELDS = (network: string): readonly Case[] => [
  ['networks', (text) => vxlan({ ipv4: { ...IPV4, dns: [text] } }), 'ipv4.dns', [...SIX, ...IPV6_WITH_DOTS]],
  [
    'networks',
    (text) => vxlan({ ipv4: { ...IPV4, gateway_ip: text } }),
    'ipv4.gateway_ip',
    [...SIX, ...IPV6_WITH_DOTS],
  ],
  [
    'networks',
    (text) => vxlan({ ipv4: { ...IPV4, routes: [{ destination: '10.9.0.0/16', next_hop: text }] } }),
    'ipv4.routes',
    [...SIX, ...IPV6_WITH_DOTS],
  ],
  [
    'networks',
    (text) => vxlan({ ipv4: { ...IPV4, pool: [{ start: text, end: '10.0.0.9' }] } }),
    'ipv4.pool',
    [...SIX, ...IPV6_WITH_DOTS],
  ],
  [
    'networks',
    (text) => vxlan({ ipv4: { ...IPV4, pool: [{ start: '10.0.0.2', end: text }] } }),
    'ipv4.pool',
    [...SIX, ...IPV6_WITH_DOTS],
  ],
  ['networks', (text) => vxlan({ ipv6: { ...IPV6, dns: [text] } }), 'ipv6.dns', FOUR],
  ['networks', (text) => nat({ dns: [text] }), 'dns', [...SIX, ...IPV6_WITH_DOTS]],
  [`networks/${network}/ports`, (text) => ({ ip_addresses: [text] }), 'ip_addresses', []],
  ['ports', (text) => ({ ...WIRE, tunnel_key: 5, remote_ip: text }), 'remote_ip', ['fe80::5', '::1', '::']],
]

const PREFIX_FIELDS = (network: string): readonly Case[] => [
  ['networks', (text) => vxlan({ ipv4: { prefix: text } }), 'ipv4.prefix', ['fd00:7::/64', '10.0.0.5/24']],
  [
    'networks',
    (text) => vxlan({ ipv4: { ...IPV4, routes: [{ destination: text, next_hop: '10.0.0.9' }] } }),
    'ipv4.routes',
    ['fd00:7::/64', '10.0.0.5/24'],
  ],
  ['networks', (text) => vxlan({ ipv6: { ...IPV6, prefix: text } }), 'ipv6.prefix', ['10.0.0.0/24', 'fd00:7::5/64']],
  ['networks', (text) => nat({ address_prefix: text }), 'address_prefix', ['fd00:7::/64', '203.0.113.5/28']],
  ['networks', (text) => nat({ private_prefix: text }), 'private_prefix', ['fd00:7::/64', '10.0.0.5/24']],
  [
    `networks/${network}/ports`,
    (text) => ({ allowed_address_pairs: [{ ip_prefix: text }] }),
    'allowed_address_pairs',
    ['::ffff:10.0.0.0/120', '::ffff:10.0.0.5'],
  ],
]

async function plain(api: Api): Promise<string> {
  await api.join(hypervisor(1))
  return String((await api.call('POST', `${RED}/networks`, vxlan({}))).body.id)
}

const said = (text: string) =>
  JSON.stringify(text)
    .slice(0, 60)
    .replaceAll(/[^ -~]/gu, '?')

/** Asserts that each text is a 400 that names the field and is short enough to read. */
async function refuses(t: Test, { call }: Api, [path, body, field, wrong]: Case, texts: readonly string[]) {
  for (const text of [...wrong, ...texts]) {
    const { status, body: problem }: Answer = await call('POST', `${RED}/${path}`, body(text))
    t.same([status, problem.code, problem.field], [400, 'bad-request', field], `${field}: ${said(text)}`)
    t.ok(String(problem.detail).length < 400, `${field}: what is wrong with ${said(text)} is said in short`)
  }
}

t.test('a field for an address takes one address, and each other form is a 400 that names the field', async (t) => {
  const api = await apiOn(t, { floating: FLOATING })
  for (const each of ADDRESS_FIELDS(await plain(api))) await refuses(t, api, each, NO_ADDRESS)
})

t.test('a field for a prefix takes one prefix', async (t) => {
  const api = await apiOn(t, { floating: FLOATING })
  for (const each of PREFIX_FIELDS(await plain(api))) await refuses(t, api, each, NO_PREFIX)
})

t.test('a floating address is one IPv4 address', async (t) => {
  const api = await apiOn(t, { floating: FLOATING })
  const { body } = await api.call('POST', `${RED}/networks`, nat({ address_prefix: POOL.prefix }))
  const path = `networks/${body.id}/ports`
  const wrong = [...SIX, ...IPV6_WITH_DOTS, '203.0.113.05', '::ffff:203.0.113.5']
  await refuses(t, api, [path, (text) => ({ floating_address: text }), 'floating_address', wrong], NO_ADDRESS)
})

t.test('a MAC address is six pairs of hexadecimal digits', async (t) => {
  const api = await apiOn(t)
  const network = await plain(api)
  await refuses(t, api, ['vnics', (text) => ({ mac_address: text }), 'mac_address', []], NO_MAC)
  const pair = (text: string) => ({ allowed_address_pairs: [{ mac_address: text, ip_prefix: '10.0.0.5' }] })
  await refuses(t, api, [`networks/${network}/ports`, pair, 'allowed_address_pairs', []], NO_MAC)
  for (const [text, canonical] of Object.entries(MAC_FORMS)) {
    t.match(await api.call('POST', `${RED}/vnics`, { mac_address: text }), { body: { mac_address: canonical } }, text)
  }
})

t.test('right forms are stored in one canonical form, and what is taken works', async (t) => {
  const api = await apiOn(t, { floating: FLOATING })
  await api.join(hypervisor(1))
  let last = 70
  /** Makes a port in the network and plugs a VNIC that has an interface: its rules can be compiled. */
  const works = async (network: unknown, fields: object, words: string) => {
    const port = await api.call('POST', `${RED}/networks/${network}/ports`, fields)
    t.equal(port.status, 201, `${words}: ${JSON.stringify(port.body)}`)
    const vnic = await api.call('POST', `${RED}/vnics`, {})
    await api.bind(String(vnic.body.id), 1, ++last)
    t.ok((await api.call('PUT', `${RED}/vnics/${vnic.body.id}/port`, { port_id: port.body.id })).status < 300, words)
    const flows = await api.call('GET', `/hypervisors/hv1/flows?port_id=${port.body.id}`)
    t.ok((flows.body.flows as unknown[]).length > 3, `${words}: it has rules`)
    t.match(await api.call('GET', `${RED}/ports/${port.body.id}`), { status: 200 })
    return port.body
  }
  const network = async (fields: object) => (await api.call('POST', `${RED}/networks`, fields)).body

  for (const [text, canonical] of Object.entries(IPV4_FORMS)) {
    const ipv4 = {
      ...IPV4,
      gateway_ip: '10.0.0.1',
      dns: [text],
      routes: [{ destination: '10.9.0.0/16', next_hop: text }],
      pool: [{ start: text, end: '10.0.0.9' }],
    }
    const made = await network(vxlan({ ipv4 }))
    const route = { destination: '10.9.0.0/16', next_hop: canonical }
    t.match(made.ipv4, { dns: [canonical], routes: [route], pool: [{ start: canonical }] }, text)
    t.same((await works(made.id, {}, text)).ip_addresses, ['10.0.0.6'], 'the next hop is given to nobody')
    const gateway = await network(vxlan({ ipv4: { ...IPV4, gateway_ip: text } }))
    t.match(gateway.ipv4, { gateway_ip: canonical })
    await works(gateway.id, {}, `gateway ${text}`)
    const open = await network(vxlan({}))
    const pairs = [{ ip_prefix: text }, { ip_prefix: `${text}/8` }]
    const port = await works(open.id, { ip_addresses: [text], allowed_address_pairs: pairs }, `pairs of ${text}`)
    t.match(port, {
      ip_addresses: [canonical],
      allowed_address_pairs: [{ ip_prefix: canonical }, { ip_prefix: '10.0.0.0/8' }],
    })
  }
  for (const [text, canonical] of Object.entries(IPV6_FORMS)) {
    const prefix = `${text.replace(/5$/, '0')}/64`
    const made = await network(vxlan({ ipv6: { ...IPV6, prefix, dns: [text] } }))
    t.match(made.ipv6, { prefix: 'fd00:7::/64', dns: [canonical] }, text)
    await works(made.id, {}, text)
    const open = await network(vxlan({}))
    const pairs = [{ ip_prefix: text }, { ip_prefix: `${text}/32` }]
    const port = await works(open.id, { ip_addresses: [text], allowed_address_pairs: pairs }, `pairs of ${text}`)
    t.match(port, {
      ip_addresses: [canonical],
      allowed_address_pairs: [{ ip_prefix: canonical }, { ip_prefix: 'fd00:7::/32' }],
    })
    const again = await api.call('POST', `${RED}/networks/${open.id}/ports`, { ip_addresses: [canonical] })
    t.match(again, { status: 409, body: { code: 'address-in-use' } }, `${text} is ${canonical}`)
  }
  for (const [index, text] of [...FOUR, ...SIX].entries()) {
    const wire = await api.call('POST', `${RED}/ports`, { ...WIRE, tunnel_key: index, remote_ip: text })
    t.match(wire, { status: 201, body: { remote_ip: { ...IPV4_FORMS, ...IPV6_FORMS }[text] } }, text)
  }
  const natted = await network(nat({ dns: FOUR, private_prefix: '10.0.0.0/24' }))
  t.match(await works(natted.id, { floating_address: '203.0.113.5' }, 'nat-ipv4'), { floating_address: '203.0.113.5' })
})
