/** The API contains exactly what the loaded engines offer, and lists these engines. */
import t from 'tap'
import { apiOn } from '../../support/api.ts'
import { oddEngine } from '../../support/odd-engine.ts'

const RED = '/projects/red'

/** Operations that only some engines have, shortened, such as `post /v1/projects/{project}/ports`. */
async function operationsOf({ call }: Awaited<ReturnType<typeof apiOn>>): Promise<string[]> {
  const paths = (await call('GET', '//v1/openapi.json')).body.paths as Record<string, object>
  return Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path.replace('/v1', '')}`))
    .filter((operation) => /networks|post .*(vnics|ports)$/.test(operation))
    .map((operation) => operation.replace('/projects/{project}', '').replace('/{network_id}', '/{}'))
    .sort()
}

const NETWORKS = [
  'delete /networks/{}',
  'get /networks',
  'get /networks/{}',
  'get /networks/{}/ports',
  'post /networks',
  'post /networks/{}/ports',
]

t.test('the OpenAPI document has just the operations of the loaded engines', async (t) => {
  const odd = oddEngine()
  t.same(await operationsOf(await apiOn(t, { builtIn: ['vlan'] })), [...NETWORKS, 'post /vnics'])
  t.same(await operationsOf(await apiOn(t, { builtIn: ['vlan', 'remote-l2'] })), [
    ...NETWORKS,
    'post /ports',
    'post /vnics',
  ])
  t.same(await operationsOf(await apiOn(t, { builtIn: ['remote-l2'] })), ['post /ports', 'post /vnics'])
  t.same(await operationsOf(await apiOn(t, { builtIn: [], outside: [odd] })), ['post /ports', 'post /vnics'])
  t.same(await operationsOf(await apiOn(t, { builtIn: ['geneve'], outside: [odd] })), [
    ...NETWORKS,
    'post /ports',
    'post /vnics',
  ])
})

t.test('a body has just the fields of the loaded engines', async (t) => {
  const fieldsOf = async (builtIn: string[], path: string) => {
    const { call } = await apiOn(t, { builtIn, outside: [oddEngine()] })
    const paths = (await call('GET', '//v1/openapi.json')).body.paths as Record<string, { post: Body }>
    const schema = paths[`/v1/projects/{project}${path}`]?.post.requestBody.content['application/json'].schema
    return Object.keys(schema?.properties ?? {}).sort()
  }
  interface Body {
    requestBody: { content: { 'application/json': { schema: { properties: object } } } }
  }
  t.same(await fieldsOf(['vlan'], '/ports'), ['engine', 'id', 'name', 'rate_limit', 'trunk', 'tunnel_key'])
  t.same(await fieldsOf(['vlan'], '/vnics'), ['id', 'kind', 'mac_address', 'name', 'requested_hypervisor', 'vm_id'])
  t.same(await fieldsOf([], '/vnics'), ['id', 'kind', 'name', 'requested_hypervisor', 'vm_id'])
})

t.test('GET /v1/extensions lists each with the engines that offer it', async (t) => {
  const { call } = await apiOn(t, { builtIn: ['vlan', 'geneve', 'remote-l2'], outside: [oddEngine()] })
  const { extensions } = (await call('GET', '/extensions')).body as { extensions: Extension[] }
  interface Extension {
    alias: string
    engines: string[]
    operations: Array<{ operation: string; path: string }>
  }
  t.same(
    extensions.map(({ alias, engines }) => [alias, engines]),
    [
      ['ethernet-vnic', ['vlan', 'geneve', 'remote-l2']],
      ['logical-network', ['vlan', 'geneve']],
      ['remote-l2', ['remote-l2']],
      ['odd', ['odd']],
    ],
  )
  const { body } = await call('GET', '/extensions/odd')
  t.same(
    (body as unknown as Extension).operations.map(({ operation, path }) => [operation, path]),
    [
      ['create_vnic', '/v1/projects/{project}/vnics'],
      ['create_port', '/v1/projects/{project}/ports'],
    ],
  )
  t.match(await call('GET', '/extensions/vxlan'), { status: 404, body: { code: 'not-found' } })
})

t.test('a request for an engine that is not loaded lists the loaded engines, whatever else it contains', async (t) => {
  const { call } = await apiOn(t, { builtIn: ['vlan', 'remote-l2'], outside: [oddEngine()] })
  const unknown = (detail: RegExp) => ({ status: 400, body: { code: 'unknown-engine', field: 'engine', detail } })
  const networks = unknown(/^engine "geneve" is not loaded: take one of vlan$/)
  t.match(await call('POST', `${RED}/networks`, { engine: 'geneve' }), networks)
  t.match(await call('POST', `${RED}/networks`, { engine: 'geneve', segment: { vni: 5 } }), networks)
  t.match(
    await call('POST', `${RED}/networks`, { engine: 'nat-ipv4', address_prefix: '203.0.113.0/24' }),
    unknown(/^engine "nat-ipv4" is not loaded: take one of vlan$/),
  )
  t.match(
    await call('POST', `${RED}/ports`, { engine: 'line', circuit: 7 }),
    unknown(/^engine "line" is not loaded: take one of remote-l2, odd$/),
  )
  const unsupported = { status: 400, body: { code: 'unsupported', field: 'engine' } }
  t.match(await call('POST', `${RED}/ports`, { engine: 'vlan' }), unsupported)
  t.match(await call('POST', `${RED}/networks`, { engine: 'odd', segment: {} }), unsupported)
  t.match(await call('POST', `${RED}/networks`, { engine: 'vlan', segment: { vni: 5 } }), {
    status: 400,
    body: { code: 'bad-request', field: 'segment.vni' },
  })
  t.match(await call('POST', `${RED}/networks`, { engine: 7 }), { status: 400, body: { field: 'engine' } })
  t.match(await call('POST', `${RED}/networks`, 'engine'), { status: 400, body: { code: 'bad-request' } })
  t.match(await call('POST', `${RED}/vnics`, { kind: 'line' }), {
    status: 400,
    body: { field: 'kind', detail: /^no loaded engine takes VNICs of kind "line": take one of ethernet, odd$/ },
  })
  const without = await apiOn(t, { builtIn: ['vxlan'] })
  t.match(
    await without.call('POST', `${RED}/networks`, {}),
    unknown(/^engine "vlan" is not loaded: take one of vxlan$/),
  )
})

t.test('a field of two engines has the schema of either one', async (t) => {
  const odd = oddEngine({
    ports: { schema: { type: 'object', properties: { remote_ip: { type: 'integer' } } }, plan: thePlan },
  })
  const { call } = await apiOn(t, { builtIn: ['remote-l2'], outside: [odd] })
  t.match(await call('POST', `${RED}/ports`, { engine: 'odd', remote_ip: 7 }), { status: 201 })
  t.match(await call('POST', `${RED}/ports`, { engine: 'odd', remote_ip: '203.0.113.5' }), {
    status: 400,
    body: { field: 'remote_ip' },
  })
  const wire = { engine: 'remote-l2', tunnel_type: 'vxlan', tunnel_key: 7 }
  t.match(await call('POST', `${RED}/ports`, { ...wire, remote_ip: '203.0.113.5' }), { status: 201 })
  t.match(await call('POST', `${RED}/ports`, { ...wire, remote_ip: 7 }), { status: 400, body: { field: 'remote_ip' } })
})

const thePlan = () => ({ attributes: {}, hypervisor: null, segment: null })
