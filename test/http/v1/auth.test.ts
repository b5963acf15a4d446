import t from 'tap'
import { apiOn } from '../../support/api.ts'

const tokens = {
  reads: { project: 'red', role: 'reader' },
  writes: { project: 'red', role: 'member' },
  rules: { project: '*', role: 'admin' },
  writesAll: { project: '*', role: 'member' },
} as const
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

t.test('the rights of the roles', async (t) => {
  const { call } = await apiOn(t, { tokens })
  const make = (project: string, token?: string) =>
    call('POST', `/projects/${project}/networks`, {}, token === undefined ? {} : bearer(token))
  t.match(await make('red'), {
    status: 401,
    body: { code: 'unauthenticated' },
    headers: { 'www-authenticate': /^Bearer/ },
  })
  t.match(await make('red', 'wrong'), { status: 401 })
  t.match(await call('GET', '/projects/red/vnics', undefined, { authorization: 'Basic cmVhZHM6' }), { status: 401 })
  t.match(await make('red', 'reads'), { status: 403, body: { code: 'forbidden' } })
  t.match(await make('blue', 'writes'), { status: 404, body: { code: 'not-found' } }, "another project's")
  t.match(await make('blue', 'reads'), { status: 404 }, 'not 403: for this token it does not exist')
  t.match(await make('red', 'writes'), { status: 201 })
  t.match(await make('blue', 'writesAll'), { status: 201 })
  t.equal((await call('GET', '/projects/red/vnics', undefined, bearer('reads'))).status, 200)
  t.equal((await call('GET', '/hypervisors', undefined, bearer('writesAll'))).status, 403)
  t.equal((await call('GET', '/hypervisors', undefined, bearer('rules'))).status, 200)
  t.equal((await call('GET', '/extensions')).status, 401)
  t.equal((await call('GET', '/extensions', undefined, bearer('reads'))).status, 200)
})

t.test('a request is authenticated before its body is checked', async (t) => {
  const { call } = await apiOn(t, { tokens })
  t.equal((await call('POST', '/projects/red/networks', '{"no json')).status, 401)
  t.equal((await call('POST', '/projects/red/networks', '{"no json', bearer('reads'))).status, 403)
  t.equal((await call('POST', '/projects/red/networks', '{"no json', bearer('writes'))).status, 400)
})

t.test('a segment, or sharing, takes role admin', async (t) => {
  const { call } = await apiOn(t, { tokens })
  const body = { segment: { vlan_id: 200 } }
  t.match(await call('POST', '/projects/red/networks', body, bearer('writes')), {
    status: 403,
    body: { field: 'segment' },
  })
  t.match(await call('POST', '/projects/red/networks', { shared: true }, bearer('writes')), {
    status: 403,
    body: { field: 'shared' },
  })
  t.match(await call('POST', '/projects/red/networks', body, bearer('rules')), {
    status: 201,
    body: { segment: { vlan_id: 200 } },
  })
})

t.test('objects of another project are not found on any path', async (t) => {
  const { call } = await apiOn(t, { tokens })
  const network = (await call('POST', '/projects/blue/networks', {}, bearer('rules'))).body.id
  const port = (await call('POST', `/projects/blue/networks/${network}/ports`, {}, bearer('rules'))).body.id
  const vnic = (await call('POST', '/projects/red/vnics', {}, bearer('writes'))).body.id
  for (const path of [`networks/${network}`, `ports/${port}`, `networks/${network}/ports`]) {
    t.match(await call('GET', `/projects/red/${path}`, undefined, bearer('writes')), { status: 404 }, path)
  }
  t.match(await call('POST', `/projects/red/networks/${network}/ports`, {}, bearer('writes')), { status: 404 })
  const plug = await call('PUT', `/projects/red/vnics/${vnic}/port`, { port_id: port }, bearer('writes'))
  t.match(plug, { status: 404, body: { field: 'port_id' } })
})

t.test('routes that need no token', async (t) => {
  const { call } = await apiOn(t, { tokens })
  for (const path of ['//healthz', '//readyz', '//v1', '//v1/openapi.json']) {
    t.equal((await call('GET', path)).status, 200, path)
  }
})
