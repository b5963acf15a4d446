/** `rate_limit` of ports of every engine, in POST and PATCH; the errors of wrong limits. */
import t from 'tap'
import { apiOn } from '../../support/api.ts'
import { projectOn } from '../../support/project.ts'

const WIRE = { engine: 'remote-l2', remote_ip: '203.0.113.5', tunnel_type: 'vxlan', tunnel_key: 7 }
const ID = '11111111-1111-4111-8111-111111111111'
const LIMIT = { ingress_kbps: 1000, egress_kbps: null, burst_kbit: null }

t.test('a port has a limit from its POST or a PATCH until it is null', async (t) => {
  const { call } = await apiOn(t)
  const network = (await call('POST', '/projects/red/networks', {})).body.id
  const ports = `/projects/red/networks/${network}/ports`
  const plain = (await call('POST', ports, {})).body
  t.equal(plain.rate_limit, null)
  const one = `/projects/red/ports/${plain.id}`
  const limited = await call('PATCH', one, { rate_limit: { ingress_kbps: 1000 } })
  t.match(limited, { status: 200, body: { rate_limit: LIMIT, revision: 2 } })
  t.match(
    (await call('PATCH', one, { rate_limit: LIMIT })).body,
    { rate_limit: LIMIT, revision: 2 },
    'as the API has shown it',
  )
  t.match((await call('PATCH', one, { name: 'slow' })).body, { rate_limit: LIMIT }, 'if left out, it stays')
  const other = { ingress_kbps: null, egress_kbps: 5, burst_kbit: 16 }
  t.match((await call('PATCH', one, { rate_limit: other })).body, { rate_limit: other }, 'it replaces the whole limit')
  t.equal((await call('PATCH', one, { rate_limit: null })).body.rate_limit, null)
  t.equal((await call('PATCH', one, { rate_limit: {} })).body.rate_limit, null)

  const wish = { id: ID, rate_limit: { ingress_kbps: 1000 } }
  t.match(await call('POST', ports, wish), { status: 201, body: { rate_limit: LIMIT } })
  t.match(await call('POST', ports, { id: ID, rate_limit: LIMIT }), { status: 200 }, 'the same limit in another form')
  t.match(await call('POST', ports, { id: ID }), { status: 409, body: { code: 'id-conflict' } })
  const standalone = await call('POST', '/projects/red/ports', { ...WIRE, rate_limit: LIMIT })
  t.match(standalone, { status: 201, body: { rate_limit: LIMIT } })
})

t.test('a wrong limit is refused with the reason, and nothing is created', async (t) => {
  const { call, host } = await projectOn(t)
  await host(0)
  const network = (await call('POST', '/projects/red/networks', { engine: 'vxlan' })).body.id
  const ports = `/projects/red/networks/${network}/ports`
  const one = `/projects/red/ports/${(await call('POST', ports, {})).body.id}`
  const { engine: _, ...wire } = WIRE
  const site = `/projects/red/ports/${(await call('POST', ports, wire)).body.id}`
  const wrong = { ...WIRE, tunnel_key: 8 }
  for (const [path, rate_limit, code] of [
    [one, 1000, 'bad-request'],
    [one, { ingress_kbps: 0 }, 'bad-request'],
    [one, { ingress_kbps: 1.5 }, 'bad-request'],
    [one, { ingress_kbps: 1e9 }, 'bad-request'],
    [one, { ingress_kbps: 1000, burst_kbit: 15 }, 'bad-request'],
    [one, { ingress_kbps: 1000, colour: 'blue' }, 'bad-request'],
    [one, { burst_kbit: 100 }, 'bad-request'],
    [site, { ingress_kbps: 1000 }, 'unsupported'],
  ] as const) {
    const answer = await call('PATCH', path, { rate_limit })
    t.match(answer, { status: 400, body: { code, field: /^rate_limit/ } }, JSON.stringify(rate_limit))
  }
  t.match(await call('PATCH', site, { rate_limit: null }), { status: 200 })
  t.match(await call('POST', ports, { ...wrong, engine: undefined, rate_limit: { ingress_kbps: 1000 } }), {
    status: 400,
    body: { code: 'unsupported', field: 'rate_limit' },
  })
})

t.test('operators see the meters of a limit beside its rules', async (t) => {
  const project = await projectOn(t)
  const { call } = project
  await project.host(0)
  const [port, vnic] = [await project.port(undefined, { rate_limit: LIMIT }), await project.vnic()]
  await project.bind(vnic, 0, 12)
  await call('PUT', `/projects/red/vnics/${vnic}/port`, { port_id: port })
  const { body } = await call('GET', `/hypervisors/hv0/flows?port_id=${port}`)
  t.strictSame(body.meters, ['meter=49 kbps burst bands= type=drop rate=1000 burst_size=400'])
  const lines = (body.flows as Array<{ flow: string; why: string }>).filter(({ flow }) => flow.includes('meter:49'))
  t.equal(lines.length, 1)
  t.match(lines[0], { flow: /table=60.*actions=clone\(meter:49,output:12\)$/, why: /, 1000 kbit\/s at most$/ })
})
