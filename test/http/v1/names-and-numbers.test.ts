/** Numbers, names, query parameters and headers, with every form that looks like one. */
import t from 'tap'
import { apiOn } from '../../support/api.ts'
import { hypervisor } from '../../support/nodes.ts'
import { disguised, NO_ADDRESS, NO_NUMBER } from '../../support/text-forms.ts'

type Api = Awaited<ReturnType<typeof apiOn>>

const RED = '/projects/red'
const IPV4 = { prefix: '10.0.0.0/24' }
const FLOATING = [{ prefix: { first: 0xcb007100, length: 24 }, vlan: null, gateway: null }] as const
const WIRE = { engine: 'remote-l2', tunnel_type: 'vxlan' }

async function plain({ join, call }: Api): Promise<string> {
  await join(hypervisor(1))
  return String((await call('POST', `${RED}/networks`, { engine: 'vxlan' })).body.id)
}

const said = (text: string) =>
  JSON.stringify(text)
    .slice(0, 60)
    .replaceAll(/[^ -~]/gu, '?')

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
        ...(engine === 'nat-ipv4' && { address_prefix: '203.0.113.0/24' }),
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
