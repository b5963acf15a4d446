/** Every field that takes an address, a prefix, a MAC address, a name or a number, with every form that looks like one. */
import t, { type Test } from 'tap'
import { type Answer, apiOn } from '../../support/api.ts'
import { hypervisor } from '../../support/nodes.ts'
import {
  disguised,
  IPV4_FORMS,
  IPV6_FORMS,
  IPV6_WITH_DOTS,
  MAC_FORMS,
  NO_ADDRESS,
  NO_MAC,
  NO_NUMBER,
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

/** Where a request has a number, with the body around it as JSON text. */
const NUMBER_FIELDS: ReadonlyArray<readonly [path: string, body: (json: string) => string]> = [
  ['networks', (json) => `{"segment": {"vlan_id": ${json}}}`],
  ['networks', (json) => `{"engine": "vxlan", "segment": {"vni": ${json}}}`],
  ['ports', (json) => `{"engine": "remote-l2", "remote_ip": "192.0.2.9", "tunnel_type": "gre", "tunnel_key": ${json}}`],
  ['networks/ID/ports', (json) => `{"rate_limit": {"ingress_kbps": ${json}, "egress_kbps": 5}}`],
  ['networks/ID/ports', (json) => `{"rate_limit": {"ingress_kbps": 9, "burst_kbit": ${json}}}`],
  [
    'networks/ID/ports',
    (json) => `{"trunk": [{"vlan_id": ${json}, "port_id": "00000000-0000-4000-8000-00000000000a"}]}`,
  ],
]

t.test('a number is a JSON number, whole and in its range', async (t) => {
  const api = await apiOn(t)
  const id = await plain(api)
  await api.call('POST', `${RED}/networks/${id}/ports`, { id: '00000000-0000-4000-8000-00000000000a' })
  for (const [path, body] of NUMBER_FIELDS) {
    for (const json of NO_NUMBER) {
      if (json === 'null' && path.includes('ID') && !body(json).includes('trunk')) continue
      const answer = await api.call('POST', `${RED}/${path.replace('ID', id)}`, body(json))
      t.same([answer.status, answer.body.code], [400, 'bad-request'], body(json))
    }
  }
  for (const text of [
    '0',
    '-1',
    '1e3',
    '0x10',
    '1.0',
    '+5',
    '%205',
    '5%20',
    '5%00',
    '\u0665',
    '99999999999999999999',
    '',
    '1&limit=2',
  ])
    t.equal((await api.call('GET', `${RED}/vnics?limit=${encodeURI(text)}`)).status, 400, `limit=${text}`)
})

const ODD_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '..', '.', '-', 'NaN', 'null'] as const

t.test('names that objects of JavaScript have are names like any other', async (t) => {
  const api = await apiOn(t, { floating: FLOATING })
  await api.join(hypervisor(1))
  for (const name of ODD_NAMES) {
    const path = `/projects/${encodeURIComponent(name)}`
    if (!name.startsWith('.')) {
      t.match(await api.call('GET', `${path}/vnics`), { status: 200, body: { vnics: [] } }, name)
      const made = await api.call('POST', `${path}/vnics`, { name, vm_id: name })
      t.match(made, { status: 201, body: { project: name, vm_id: name, name } })
      t.match(await api.call('GET', `${path}/vnics?vm_id=${name}`), { body: { vnics: [{ id: made.body.id }] } })
      const moved = await api.call('POST', `${path}/vnics/${made.body.id}/migration`, { hypervisor: name })
      t.equal(moved.status, 404, 'no such hypervisor')
    }
    for (const engine of ['vlan', 'flat', 'nat-ipv4']) {
      const body = {
        engine,
        segment: { physical_network: name },
        ...(engine === 'nat-ipv4' && { address_prefix: POOL.prefix }),
      }
      const { status } = await api.call('POST', `${RED}/networks`, body)
      t.ok(status === 400 || status === 403, `${engine} on ${name}: ${status}`)
    }
    for (const body of [{ engine: name }, { segment: { [name]: 5 } }, { ipv4: { ...IPV4, [name]: 1 } }]) {
      const answer = await api.call('POST', `${RED}/networks`, JSON.stringify(body).replace('{}', `{"${name}":5}`))
      t.equal(answer.status, 400, JSON.stringify(body))
    }
    for (const what of [
      'hypervisors',
      'extensions',
      'projects/red/vnics',
      'projects/red/ports',
      'projects/red/networks',
    ])
      t.ok(
        [404, 400].includes((await api.call('GET', `/${what}/${encodeURIComponent(name)}`)).status),
        `${what}/${name}`,
      )
    t.equal((await api.call('POST', `${RED}/ports`, { ...WIRE, tunnel_key: 7, remote_ip: name })).status, 400)
  }
})

t.test('a name for people is any text of 255 characters, and comes back as it was', async (t) => {
  const api = await apiOn(t)
  for (const name of [
    ...disguised('red').filter(({ length }) => length < 255),
    '\ud800',
    '\u202e',
    '\u2028',
    "'; --",
  ]) {
    const made = await api.call('POST', `${RED}/vnics`, { name })
    t.match(made, { status: 201, body: { name } }, said(name))
    t.equal((await api.call('GET', `${RED}/vnics/${made.body.id}`)).body.name, name)
  }
  t.equal((await api.call('POST', `${RED}/vnics`, { name: 'r'.repeat(256) })).status, 400)
})

t.test('parameters and headers of any form are no failure of the server', async (t) => {
  const api = await apiOn(t)
  const id = await plain(api)
  const texts = [...disguised('5'), ...NO_ADDRESS].filter(({ length }) => length < 2000)
  for (const text of texts) {
    const odd = encodeURIComponent(text.toWellFormed())
    for (const path of [
      `${RED}/vnics?vm_id=${odd}`,
      `${RED}/vnics?marker=${odd}`,
      `${RED}/vnics?limit=${odd}`,
      `${RED}/vnics/${odd}`,
      `${RED}/networks/${odd}/ports`,
      `/hypervisors/${odd}`,
      `/hypervisors/hv1/flows?vnic_id=${odd}`,
      `/hypervisors/hv1/flows?actual=${odd}`,
      `/extensions/${odd}`,
    ])
      t.ok((await api.call('GET', path)).status < 500, path.slice(0, 80))
  }
  const headers = texts.map((text) => text.replaceAll(/[^\x20-\x7e]/g, '')).filter(Boolean)
  for (const text of [...headers, '9'.repeat(400), '"9"', 'wait=1e9', 'wait=-1', 'wait=', 'wait=0x1', '"', 'W/"1"']) {
    const vnic = await api.call('POST', `${RED}/vnics`, {})
    for (const header of ['if-match', 'prefer', 'x-request-id']) {
      const { status } = await api.call('DELETE', `${RED}/vnics/${vnic.body.id}`, undefined, { [header]: text })
      t.ok(status < 500, `${header}: ${said(text)}: ${status}`)
    }
  }
  t.equal((await api.call('GET', `${RED}/networks/${id}`)).status, 200, 'and it lives')
})
