/** Networks that hand out addresses: the fields of their requests, and the addresses of their ports. */
import t from 'tap'
import { type Answer, apiOn } from '../../support/api.ts'
import { MemoryStore } from '../../support/memory-store.ts'

const RED = '/projects/red'
const IPV4 = { prefix: '10.0.0.0/29', gateway_ip: '10.0.0.1' }
type Api = Awaited<ReturnType<typeof apiOn>>

const refusal = ({ status, body }: Answer) => [status, body.code, body.field]

async function networkOf({ call }: Api, fields: object): Promise<string> {
  const { status, body } = await call('POST', `${RED}/networks`, { engine: 'vxlan', ...fields })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return String(body.id)
}

const portIn = ({ call }: Api, network: string, fields: object = {}) =>
  call('POST', `${RED}/networks/${network}/ports`, fields)

const addressesOf = ({ body }: Answer) => body.ip_addresses

t.test('a network shows its settings with defaults; null means none', async (t) => {
  const api = await apiOn(t)
  const plain = await api.call('POST', `${RED}/networks`, {})
  t.match(plain, { status: 201, body: { ipv4: null, ipv6: null } })
  const body = {
    id: '00000000-0000-4000-8000-000000000001',
    engine: 'geneve',
    ipv4: {
      prefix: '10.0.0.0/24',
      dns: ['192.0.2.53'],
      routes: [{ destination: '10.1.0.0/16', next_hop: '10.0.0.9' }],
    },
    ipv6: { prefix: 'FD00:0::/64', mode: 'slaac' },
  }
  const made = await api.call('POST', `${RED}/networks`, body)
  t.match(made, {
    status: 201,
    body: {
      ipv4: { ...body.ipv4, gateway_ip: null, pool: [{ start: '10.0.0.1', end: '10.0.0.254' }] },
      ipv6: { prefix: 'fd00::/64', mode: 'slaac', dns: [] },
    },
  })
  const again = {
    ...body,
    ipv6: { ...body.ipv6, prefix: 'fd00::/64', dns: [] },
    ipv4: { ...body.ipv4, gateway_ip: null },
  }
  t.equal((await api.call('POST', `${RED}/networks`, again)).status, 200, 'the same values in another form')
  const other = { ...body, ipv6: null }
  t.match(await api.call('POST', `${RED}/networks`, other), { status: 409, body: { code: 'id-conflict' } })
})

const via = (next_hop: string) => ({ destination: '10.1.0.0/16', next_hop })

t.test('invalid values are refused with the name of the field', async (t) => {
  const api = await apiOn(t, { outside: [] })
  for (const [fields, field] of [
    [{ ipv4: { prefix: '10.0.0.5/24' } }, 'ipv4.prefix'],
    [{ ipv4: { prefix: '10.0.0.0/31' } }, 'ipv4.prefix'],
    [{ ipv4: { prefix: '10.0.0.0' } }, 'ipv4.prefix'],
    [{ ipv4: { prefix: '224.0.0.0/24' } }, 'ipv4.prefix'],
    [{ ipv4: { prefix: 'fd00::/64' } }, 'ipv4.prefix'],
    [{ ipv4: { ...IPV4, gateway_ip: '10.0.1.1' } }, 'ipv4.gateway_ip'],
    [{ ipv4: { ...IPV4, gateway_ip: '10.0.0.0' } }, 'ipv4.gateway_ip'],
    [{ ipv4: { ...IPV4, gateway_ip: '10.0.0.7' } }, 'ipv4.gateway_ip'],
    [{ ipv4: { ...IPV4, dns: ['dns.example'] } }, 'ipv4.dns'],
    [{ ipv4: { ...IPV4, pool: [{ start: '10.0.0.5', end: '10.0.0.2' }] } }, 'ipv4.pool'],
    [{ ipv4: { ...IPV4, routes: [{ destination: '10.1.0.0/16', next_hop: '10.2.0.1' }] } }, 'ipv4.routes'],
    [{ ipv4: { ...IPV4, routes: [{ destination: '0.0.0.0/0', next_hop: '10.0.0.2' }] } }, 'ipv4.routes'],
    [{ ipv4: { ...IPV4, routes: ['10.0.0.2', '10.0.0.3'].map(via) } }, 'ipv4.routes'],
    [{ ipv6: { prefix: 'fd00::/56', mode: 'slaac' } }, 'ipv6.prefix'],
    [{ ipv6: { prefix: 'fe80::/64', mode: 'slaac' } }, 'ipv6.prefix'],
    [{ ipv6: { prefix: 'fe90::/64', mode: 'slaac' } }, 'ipv6.prefix'],
    [{ ipv6: { prefix: '::/64', mode: 'slaac' } }, 'ipv6.prefix'],
    [{ ipv6: { prefix: 'fd00::/64', mode: 'slaac', dns: ['10.0.0.1'] } }, 'ipv6.dns'],
  ] as const) {
    const answer = await api.call('POST', `${RED}/networks`, { engine: 'vxlan', ...fields })
    t.same(refusal(answer), [400, 'bad-request', field], JSON.stringify(fields))
  }
  t.equal((await api.call('POST', `${RED}/networks`, { ipv6: { prefix: 'fd00::/64', mode: 'stateful' } })).status, 400)
  const byRoute = { prefix: IPV4.prefix, routes: [{ destination: '0.0.0.0/0', next_hop: '10.0.0.2' }] }
  t.equal((await api.call('POST', `${RED}/networks`, { ipv4: byRoute })).status, 201, 'a default route, and no gateway')
})

t.test('each port has one of the pool, until it is used up; freed ones are the last to be used again', async (t) => {
  const api = await apiOn(t)
  const network = await networkOf(api, { ipv4: IPV4 })
  const ports: Answer[] = []
  for (let n = 0; n < 5; n++) ports.push(await portIn(api, network))
  t.same(ports.map(addressesOf), [['10.0.0.2'], ['10.0.0.3'], ['10.0.0.4'], ['10.0.0.5'], ['10.0.0.6']])
  t.same(refusal(await portIn(api, network)), [409, 'addresses-exhausted', 'ip_addresses'])
  for (const n of [3, 1]) await api.call('DELETE', `${RED}/ports/${ports[n]?.body.id}`)
  t.same(addressesOf(await portIn(api, network)), ['10.0.0.5'], 'the address that was freed first')
  t.same(addressesOf(await portIn(api, network)), ['10.0.0.3'])

  const other = await networkOf(api, { ipv4: IPV4 })
  const first = await portIn(api, other)
  await api.call('DELETE', `${RED}/ports/${first.body.id}`)
  t.same(addressesOf(await portIn(api, other)), ['10.0.0.3'], 'a never used address comes before a freed one')
})

t.test('a chosen address is used or refused', async (t) => {
  const api = await apiOn(t)
  const network = await networkOf(api, {
    ipv4: { ...IPV4, dns: ['10.0.0.2'], pool: [{ start: '10.0.0.2', end: '10.0.0.4' }] },
    ipv6: { prefix: 'fd00::/64', mode: 'slaac' },
  })
  const chosen = (address: string, fields: object = {}) => portIn(api, network, { ip_addresses: [address], ...fields })
  t.same(addressesOf(await chosen('10.0.0.6')), ['10.0.0.6'], 'outside of the pool')
  t.same(addressesOf(await portIn(api, network)), ['10.0.0.3'], 'a DNS server is given to nobody')
  t.same(refusal(await chosen('10.0.0.6')), [409, 'address-in-use', 'ip_addresses'])
  for (const wrong of ['10.0.0.0', '10.0.0.7', '10.0.0.1', '10.0.1.2', 'fd00::ff:fe00:1', '0.0.0.0'])
    t.same(refusal(await chosen(wrong)), [400, 'bad-request', 'ip_addresses'], wrong)
  const wish = { id: '00000000-0000-4000-8000-000000000002' }
  const made = await portIn(api, network, wish)
  t.same(addressesOf(made), ['10.0.0.4'])
  t.match(await portIn(api, network, wish), { status: 200, body: { ip_addresses: ['10.0.0.4'] } }, 'repeated')
  t.same(
    (await portIn(api, network, { ...wish, ip_addresses: [] })).status,
    409,
    'a request without addresses is another request',
  )
  const both = { id: '00000000-0000-4000-8000-000000000003', ip_addresses: ['fd01::5'] }
  t.equal((await portIn(api, network, both)).status, 201)
  t.same(refusal(await chosen('fd01::5')), [409, 'address-in-use', 'ip_addresses'])
  await api.call('PATCH', `${RED}/ports/${both.id}`, { ip_addresses: [] })
  t.equal((await chosen('fd01::5')).status, 201)
  t.match(
    await portIn(api, network, both),
    { status: 200, body: { ip_addresses: [] } },
    'a repeated request shows the current port',
  )

  const path = `${RED}/ports/${wish.id}`
  t.match(await api.call('PATCH', path, { ip_addresses: ['10.0.0.5'] }), { body: { ip_addresses: ['10.0.0.5'] } })
  t.same(addressesOf(await portIn(api, network)), ['10.0.0.4'], 'the address that it gave up is free')
  t.same(refusal(await api.call('PATCH', path, { ip_addresses: ['10.0.0.4'] })), [
    409,
    'address-in-use',
    'ip_addresses',
  ])
  t.match(await api.call('GET', path), { body: { ip_addresses: ['10.0.0.5'] } }, 'nothing has changed')
  t.match(await api.call('PATCH', path, { ip_addresses: [] }), { status: 200, body: { ip_addresses: [] } })
  t.same(addressesOf(await chosen('10.0.0.5')), ['10.0.0.5'])
  t.same(addressesOf(await portIn(api, network, { ip_addresses: [] })), [], 'no address, if the request says so')
})

t.test('in a network of another project an address is given, and only an admin chooses or takes it away', async (t) => {
  const tokens = { a: { project: 'blue', role: 'member' }, admin: { project: '*', role: 'admin' } } as const
  const api = await apiOn(t, { tokens })
  const as = (token: string) => ({ authorization: `Bearer ${token}` })
  const shared = await api.call('POST', `${RED}/networks`, { shared: true, ipv4: IPV4 }, as('admin'))
  const path = `/projects/blue/networks/${shared.body.id}/ports`
  const made = await api.call('POST', path, {}, as('a'))
  t.match(made, { status: 201, body: { ip_addresses: ['10.0.0.2'] } })
  t.same(refusal(await api.call('POST', path, { ip_addresses: ['10.0.0.3'] }, as('a'))), [
    403,
    'forbidden',
    'ip_addresses',
  ])
  const patch = (token: string) =>
    api.call('PATCH', `/projects/blue/ports/${made.body.id}`, { ip_addresses: [] }, as(token))
  t.same(refusal(await patch('a')), [403, 'forbidden', 'ip_addresses'])
  t.equal((await patch('admin')).status, 200)
})

/** The number of addresses in the store. */
const remembered = (store: MemoryStore): number =>
  [...store.entries.keys()].filter((key) => key.startsWith('address/')).length

t.test('all addresses are known after a restart, and forgotten with the network', async (t) => {
  const store = new MemoryStore()
  const network = await (async () => {
    const api = await apiOn(t, { store })
    const id = await networkOf(api, { ipv4: IPV4 })
    const [first] = [await portIn(api, id), await portIn(api, id)]
    await api.call('DELETE', `${RED}/ports/${first?.body.id}`)
    return id
  })()
  const api = await apiOn(t, { store })
  for (const address of ['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.2'])
    t.same(addressesOf(await portIn(api, network)), [address])
  const { ports } = (await api.call('GET', `${RED}/ports`)).body as { ports: Array<{ id: string }> }
  for (const { id } of ports) await api.call('DELETE', `${RED}/ports/${id}`)
  t.equal(remembered(store), 5)
  t.equal((await api.call('DELETE', `${RED}/networks/${network}`)).status, 204)
  t.equal(remembered(store), 0)
})

t.test('the many former addresses of a network are forgotten in parts, and only when it is destroyed', async (t) => {
  const store = new MemoryStore()
  const api = await apiOn(t, { store })
  const network = await networkOf(api, { ipv4: { prefix: '10.0.0.0/16' } })
  const path = `${RED}/networks/${network}`
  const ids: unknown[] = []
  for (let n = 0; n < 450; n++) ids.push((await portIn(api, network)).body.id)
  for (const id of ids.slice(1)) await api.call('DELETE', `${RED}/ports/${id}`)
  t.same((await api.call('DELETE', path)).body.code, 'network-in-use')
  t.equal((await api.call('DELETE', path, undefined, { 'if-match': '"9"' })).status, 412)
  t.equal(remembered(store), 450)
  await api.call('DELETE', `${RED}/ports/${ids[0]}`)
  t.equal((await api.call('DELETE', path)).status, 204)
  t.equal(remembered(store), 0)
})

t.test('a network of an engine that hands out nothing has no such field', async (t) => {
  const api = await apiOn(t)
  const body = { engine: 'nat-ipv4', address_prefix: '203.0.113.0/24', ipv4: IPV4 }
  t.same(refusal(await api.call('POST', `${RED}/networks`, body)), [400, 'unsupported', 'ipv4'])
})
