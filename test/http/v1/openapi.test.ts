import t from 'tap'
import { apiOn } from '../../support/api.ts'

interface Operation {
  readonly operationId: string
  readonly security?: readonly unknown[]
  readonly parameters?: ReadonlyArray<{ readonly name: string; readonly in: string }>
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, unknown>>
}

/** operationId -> method and path. Exactly the operations of the contract. */
const OPERATIONS = {
  root: 'get /v1',
  openapi: 'get /v1/openapi.json',
  health: 'get /healthz',
  readiness: 'get /readyz',
  metrics: 'get /metrics',
  list_vnics: 'get /v1/projects/{project}/vnics',
  create_vnic: 'post /v1/projects/{project}/vnics',
  show_vnic: 'get /v1/projects/{project}/vnics/{vnic_id}',
  update_vnic: 'patch /v1/projects/{project}/vnics/{vnic_id}',
  destroy_vnic: 'delete /v1/projects/{project}/vnics/{vnic_id}',
  plug: 'put /v1/projects/{project}/vnics/{vnic_id}/port',
  unplug: 'delete /v1/projects/{project}/vnics/{vnic_id}/port',
  migrate: 'post /v1/projects/{project}/vnics/{vnic_id}/migration',
  call_off_migration: 'delete /v1/projects/{project}/vnics/{vnic_id}/migration',
  list_ports: 'get /v1/projects/{project}/ports',
  show_port: 'get /v1/projects/{project}/ports/{port_id}',
  update_port: 'patch /v1/projects/{project}/ports/{port_id}',
  destroy_port: 'delete /v1/projects/{project}/ports/{port_id}',
  create_network: 'post /v1/projects/{project}/networks',
  list_networks: 'get /v1/projects/{project}/networks',
  show_network: 'get /v1/projects/{project}/networks/{network_id}',
  destroy_network: 'delete /v1/projects/{project}/networks/{network_id}',
  create_port: 'post /v1/projects/{project}/networks/{network_id}/ports',
  create_port_on_its_own: 'post /v1/projects/{project}/ports',
  list_network_ports: 'get /v1/projects/{project}/networks/{network_id}/ports',
  events: 'get /v1/projects/{project}/events',
  list_extensions: 'get /v1/extensions',
  show_extension: 'get /v1/extensions/{alias}',
  list_hypervisors: 'get /v1/hypervisors',
  show_hypervisor: 'get /v1/hypervisors/{hypervisor_id}',
  remove_hypervisor: 'delete /v1/hypervisors/{hypervisor_id}',
  list_flows: 'get /v1/hypervisors/{hypervisor_id}/flows',
  adopt_hypervisor: 'post /v1/hypervisors/{hypervisor_id}/adopt',
  list_held_rules: 'get /v1/hypervisors/{hypervisor_id}/held',
  release_held_rules: 'delete /v1/hypervisors/{hypervisor_id}/held',
}

t.test('the OpenAPI document has every operation, from the schemas that validate', async (t) => {
  const { call } = await apiOn(t)
  const { body } = await call('GET', '//v1/openapi.json')
  t.equal(body.openapi, '3.1.0')
  const found: Record<string, string> = {}
  for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, Operation>>)) {
    for (const [method, operation] of Object.entries(methods)) {
      found[operation.operationId] = `${method} ${path}`
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name)
      t.strictSame(inPath.sort(), [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(), path)
      t.ok(Object.keys(operation.responses).length >= 2, `${operation.operationId} describes its answers`)
      const hasBody = method === 'put' || method === 'patch' || method === 'post'
      if (hasBody && operation.operationId !== 'adopt_hypervisor') t.ok(operation.requestBody, operation.operationId)
    }
  }
  t.strictSame(found, OPERATIONS)
  const refs = [...JSON.stringify(body).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref)
  t.strictSame(refs, [], 'schemas are inline')
})

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}
type Content = { readonly content: { readonly 'application/json': { readonly schema: Schema } } }

/** Fields of requests that have no description. */
const wordless = ({ properties = {}, items, anyOf = [] }: Schema, at = ''): string[] => [
  ...Object.entries(properties).flatMap(([name, schema]) => [
    ...(schema.description === undefined ? [`${at}.${name}`] : []),
    ...wordless(schema, `${at}.${name}`),
  ]),
  ...(items ? wordless(items, `${at}[]`) : []),
  ...anyOf.flatMap((each) => wordless(each, at)),
]

t.test('every request field of networks and ports has a description, and every shown field has a schema', async (t) => {
  const floating = [{ prefix: { first: 0xcb007100, length: 24 }, vlan: 50, gateway: null }]
  const { call } = await apiOn(t, { floating })
  const paths = (await call('GET', '//v1/openapi.json')).body.paths as Record<string, Record<string, Operation>>
  const [networks, ports] = ['/v1/projects/{project}/networks', '/v1/projects/{project}/networks/{network_id}/ports']
  const port = '/v1/projects/{project}/ports/{port_id}'
  for (const [path, method] of [
    [networks, 'post'],
    [ports, 'post'],
    ['/v1/projects/{project}/ports', 'post'],
    [port, 'patch'],
  ] as const) {
    const { requestBody } = paths[path]?.[method] ?? {}
    t.strictSame(wordless((requestBody as Content).content['application/json'].schema), [], `${method} ${path}`)
  }
  const shownBy = (path: string) => {
    const { responses = {} } = paths[path]?.post ?? {}
    return Object.keys((responses['201'] as Content).content['application/json'].schema.properties ?? {})
  }
  const missing = (body: object, path: string) => Object.keys(body).filter((name) => !shownBy(path).includes(name))
  for (const wish of [{}, { engine: 'nat-ipv4', address_prefix: '203.0.113.0/26' }]) {
    const network = await call('POST', '/projects/red/networks', wish)
    t.equal(network.status, 201)
    t.strictSame(missing(network.body, networks), [])
    const made = await call('POST', `/projects/red/networks/${network.body.id}/ports`, {})
    t.strictSame(missing(made.body, ports), [])
  }
  const alone = { engine: 'remote-l2', remote_ip: '192.0.2.1', tunnel_type: 'vxlan', tunnel_key: 9 }
  t.strictSame(missing((await call('POST', '/projects/red/ports', alone)).body, ports), [])
})

t.test('it says which headers there are', async (t) => {
  const { call } = await apiOn(t)
  const paths = (await call('GET', '//v1/openapi.json')).body.paths as Record<string, Record<string, Operation>>
  const headers = (path: string, method: string) =>
    (paths[path]?.[method]?.parameters ?? []).filter((each) => each.in === 'header').map(({ name }) => name)
  t.strictSame(headers('/v1/projects/{project}/vnics/{vnic_id}/port', 'put').sort(), ['if-match', 'prefer'])
  t.strictSame(headers('/v1/projects/{project}/events', 'get'), ['last-event-id'])
  t.strictSame(headers('/v1/projects/{project}/networks/{network_id}', 'delete'), ['if-match'])
})

t.test('GET /v1 and /metrics', async (t) => {
  const { call } = await apiOn(t)
  t.match((await call('GET', '')).body, {
    versions: ['v1'],
    engines: ['vlan', 'vxlan'],
    links: { openapi: '/v1/openapi.json' },
  })
  await call('POST', '/projects/red/vnics', {})
  const { body, headers } = await call('GET', '//metrics')
  t.match(headers['content-type'], /^text\/plain/)
  t.match(body.text, /^plugboard_vnics\{status="unplugged"\} 1$/m)
  t.match(
    body.text,
    /^plugboard_http_request_duration_seconds_count\{method="POST",route="\/v1\/projects\/:project\/vnics",status="201"\} 1$/m,
  )
})
