/** What one caller or project may have, do and see. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { DEFAULT_POLICY } from '../../../src/core/resources/policy.ts'
import { apiOn } from '../../support/api.ts'
import { follow } from '../../support/events.ts'
import { seeHypervisor, seeInterface } from '../../support/seen.ts'

const tokens = {
  admin: { project: '*', role: 'admin' },
  all: { project: '*', role: 'reader' },
  red: { project: 'red', role: 'member' },
  reads: { project: 'red', role: 'reader' },
  blue: { project: 'blue', role: 'member' },
  redAdmin: { project: 'red', role: 'admin' },
} as const
const as = (token: keyof typeof tokens) => ({ authorization: `Bearer ${token}` })
const RED = '/projects/red'
const WAITS = { prefer: 'wait=60' }

t.test('B131: a token has so many streams, others have theirs, and metrics count them', async (t) => {
  const { app, call } = await apiOn(t, { tokens, limits: { max_streams_per_token: 2, max_streams: 3 } })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const open = (token: keyof typeof tokens, project: string) =>
    follow(`${address}/v1/projects/${project}/events`, undefined, as(token))
  const streams = [await open('reads', 'red'), await open('reads', 'red')]
  const third = await fetch(`${address}/v1/projects/red/events`, { headers: as('reads') })
  t.equal(third.status, 429)
  t.equal(third.headers.get('retry-after'), '1')
  t.match(await third.json(), { code: 'rate-limited', detail: /2 streams of events/ })
  streams.push(await open('blue', 'blue'))
  t.equal((await fetch(`${address}/v1/projects/red/events`, { headers: as('red') })).status, 503)
  const { text } = (await call('GET', '//metrics', undefined, as('all'))).body
  t.match(text, /^plugboard_event_streams 3$/m)
  t.match(text, /^plugboard_http_refused_total\{reason="streams"\} 2$/m)
  for (const stream of streams) {
    t.equal(stream.response.headers.get('x-content-type-options'), 'nosniff')
    stream.stop()
    await stream.ended
  }
})

t.test('B132: with too many held answers, further ones come at once, as 202, and nothing is lost', async (t) => {
  const { call } = await apiOn(t, { tokens, limits: { max_held_per_token: 1 } })
  const plugged = async (token: 'red' | 'blue') => {
    const path = `/projects/${token}`
    const network = (await call('POST', `${path}/networks`, {}, as(token))).body.id
    const { id } = (await call('POST', `${path}/networks/${network}/ports`, {}, as(token))).body
    const vnic = (await call('POST', `${path}/vnics`, {}, as(token))).body.id
    const put = `${path}/vnics/${vnic}/port`
    return { put, held: call('PUT', put, { port_id: id }, { ...as(token), ...WAITS }) }
  }
  const first = await plugged('red')
  const second = await (await plugged('red')).held
  t.match(second, { status: 202, body: { status: 'waiting' } })
  t.notOk('preference-applied' in second.headers)
  const other = await plugged('blue')
  const held = async () =>
    /^plugboard_http_held (\d+)$/m.exec(String((await call('GET', '//metrics', undefined, as('all'))).body.text))?.[1]
  while ((await held()) !== '2') await sleep(5)
  t.equal((await call('DELETE', first.put, undefined, as('red'))).status, 204)
  t.match(await first.held, { status: 202, headers: { 'preference-applied': 'wait=60' } })
  t.equal((await call('DELETE', other.put, undefined, as('blue'))).status, 204)
  await other.held
  t.equal(await held(), '0')
})

t.test('B133: a token that is too fast is told when to go on, and others are served', async (t) => {
  const { call } = await apiOn(t, { tokens, limits: { max_requests_per_second: 1 } })
  const many = await Promise.all(Array.from({ length: 20 }, () => call('GET', `${RED}/vnics`, undefined, as('reads'))))
  t.equal(many[0]?.status, 200)
  const refused = many.filter(({ status }) => status === 429)
  t.ok(refused.length > 0)
  t.match(refused[0], { body: { code: 'rate-limited' }, headers: { 'retry-after': '1' } })
  t.equal((await call('GET', `${RED}/vnics`, undefined, as('red'))).status, 200)
})

t.test('B137: a project has quotas; a repeated request is no new object', async (t) => {
  const quotas = { networks: 2, ports: 3, vnics: 1 }
  const { call } = await apiOn(t, { tokens, policy: { ...DEFAULT_POLICY, quotas } })
  const make = (project: 'red' | 'blue', what: string, body: object = {}) =>
    call('POST', `/projects/${project}/${what}`, body, as(project))
  const over = (has: number, what: string) => ({
    status: 409,
    body: { code: 'quota-exceeded', detail: new RegExp(`project red has ${has} ${what}, and may have ${has}`) },
  })
  const id = '11111111-1111-4111-8111-111111111111'
  const network = (await make('red', 'networks')).body.id
  const second = await make('red', 'networks', { id })
  t.match(await make('red', 'networks'), over(2, 'networks'))
  t.match(await make('red', 'networks', { id }), { status: 200, body: second.body })
  t.equal((await make('blue', 'networks')).status, 201)
  for (let n = 0; n < 3; n++) t.equal((await make('red', `networks/${network}/ports`)).status, 201)
  t.match(await make('red', `networks/${id}/ports`), over(3, 'ports'))
  t.equal((await make('red', 'vnics')).status, 201)
  t.match(await make('red', 'vnics'), over(1, 'VNICs'))
  t.equal((await call('DELETE', `${RED}/networks/${id}`, undefined, as('red'))).status, 204)
  t.equal((await make('red', 'networks')).status, 201)
  const many = await Promise.all(Array.from({ length: 5 }, () => make('blue', 'vnics')))
  t.equal(many.filter(({ status }) => status === 201).length, 1, 'also when they come together')
})

t.test('B137: segments that a project has left count until hypervisors have no rules for them', async (t) => {
  const policy = { ...DEFAULT_POLICY, quotas: { networks: 2, ports: 10, vnics: 10 } }
  const { call, controller } = await apiOn(t, { policy })
  await seeHypervisor(controller, 0)
  const vnic = String((await call('POST', `${RED}/vnics`, {})).body.id)
  await seeInterface(controller, vnic, 0)
  const leave = async () => {
    const network = (await call('POST', `${RED}/networks`, {})).body.id
    const port = (await call('POST', `${RED}/networks/${network}/ports`, {})).body.id
    t.equal((await call('PUT', `${RED}/vnics/${vnic}/port`, { port_id: port })).status, 202)
    for (const path of [`vnics/${vnic}/port`, `ports/${port}`, `networks/${network}`]) {
      t.equal((await call('DELETE', `${RED}/${path}`)).status, 204, path)
    }
  }
  await leave()
  await leave()
  t.match(await call('POST', `${RED}/networks`, {}), {
    status: 409,
    body: { code: 'quota-exceeded', detail: /has 0 networks and may have 2, .* segments of 2 that it has destroyed/ },
  })
  t.equal((await call('POST', '/projects/blue/networks', {})).status, 201, 'this is no concern of others')
  t.equal((await call('DELETE', '/hypervisors/hv0')).status, 204)
  t.equal((await call('POST', `${RED}/networks`, {})).status, 201)
})

t.test(
  'B138: networks of flat and tunnels to remote sites are made by admins, unless the configuration says otherwise',
  async (t) => {
    const { call } = await apiOn(t, { tokens })
    const wire = { remote_ip: '203.0.113.5', tunnel_type: 'vxlan', tunnel_key: 7 }
    const flat = (token: keyof typeof tokens) => call('POST', `${RED}/networks`, { engine: 'flat' }, as(token))
    const alone = (token: keyof typeof tokens) =>
      call('POST', `${RED}/ports`, { engine: 'remote-l2', ...wire }, as(token))
    const refused = { status: 403, body: { code: 'forbidden', field: 'engine', detail: /takes role admin/ } }
    t.match(await flat('red'), refused)
    t.match(await alone('red'), refused)
    const vlan = (await call('POST', `${RED}/networks`, {}, as('red'))).body.id
    t.match(await call('POST', `${RED}/networks/${vlan}/ports`, wire, as('red')), refused)
    const made = await flat('redAdmin')
    t.equal(made.status, 201)
    t.equal((await alone('admin')).status, 201)
    t.equal((await call('POST', `${RED}/networks/${made.body.id}/ports`, {}, as('red'))).status, 201, 'members use it')
    const roles = { flat: 'member', vlan: 'admin' } as const
    const other = await apiOn(t, { tokens, policy: { ...DEFAULT_POLICY, roles } })
    const make = (engine: string) => other.call('POST', `${RED}/networks`, { engine }, as('red'))
    t.equal((await make('flat')).status, 201)
    t.match(await make('vlan'), refused)
    t.equal((await make('vxlan')).status, 201)
  },
)

t.test('B138: metrics are about all projects, so they take a token of all, unless they are public', async (t) => {
  const { call } = await apiOn(t, { tokens })
  t.equal((await call('GET', '//metrics')).status, 401)
  t.match(await call('GET', '//metrics', undefined, as('redAdmin')), { status: 403, body: { code: 'forbidden' } })
  t.equal((await call('GET', '//metrics', undefined, as('all'))).status, 200)
  const open = await apiOn(t, { tokens, hasPublicMetrics: true })
  t.equal((await open.call('GET', '//metrics')).status, 200)
  const local = await apiOn(t)
  t.equal((await local.call('GET', '//metrics')).status, 200, 'without tokens everybody is an admin')
})

t.test('B138: a conflict names no object of another project', async (t) => {
  const { call } = await apiOn(t, { tokens })
  const shared = (await call('POST', '/projects/ops/networks', { shared: true }, as('admin'))).body.id
  const mac = { mac_address: '02:00:00:00:00:07' }
  const plug = async (project: 'red' | 'blue') => {
    const path = `/projects/${project}`
    const port = (await call('POST', `${path}/networks/${shared}/ports`, {}, as(project))).body.id
    const vnic = String((await call('POST', `${path}/vnics`, mac, as(project))).body.id)
    return { vnic, answer: await call('PUT', `${path}/vnics/${vnic}/port`, { port_id: port }, as(project)) }
  }
  const first = await plug('red')
  const foreign = (await plug('blue')).answer
  t.match(foreign, { status: 409, body: { code: 'mac-in-use', detail: /a VNIC of another project/ } })
  t.notMatch(foreign.body.detail, first.vnic)
  t.match((await plug('red')).answer.body.detail, new RegExp(`VNIC ${first.vnic}`), 'one of its own is named')
  const address = { ip_addresses: ['10.0.0.5'] }
  const take = (project: string) => call('POST', `/projects/${project}/networks/${shared}/ports`, address, as('admin'))
  const holder = String((await take('red')).body.id)
  t.match((await take('red')).body.detail, new RegExp(`port ${holder}`))
  t.match(await take('blue'), { status: 409, body: { code: 'address-in-use', detail: /a port of another project/ } })
})

t.test('B139: a body is JSON in UTF-8, and nothing is changed into other text', async (t) => {
  const { app, call } = await apiOn(t)
  const post = async (payload: Buffer, type = 'application/json') => {
    const answer = await app.inject({
      method: 'POST',
      url: `/v1${RED}/vnics`,
      payload,
      headers: { 'content-type': type },
    })
    return { status: answer.statusCode, body: answer.json() as Record<string, unknown> }
  }
  const named = (...octets: readonly number[]) =>
    Buffer.concat([Buffer.from('{"name":"'), Buffer.from(octets), Buffer.from('"}')])
  const wrong = { status: 400, body: { code: 'bad-request', detail: /UTF-8/ } }
  for (const octets of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
    t.match(await post(named(...octets)), wrong, octets.join(' '))
  }
  t.match(await post(Buffer.from('{"name":"grün"}', 'latin1'), 'application/json; charset=iso-8859-1'), {
    status: 400,
    body: { detail: /charset "iso-8859-1"/ },
  })
  t.match(await post(Buffer.from('{"name":"a"}', 'utf16le'), 'application/json;charset="utf-16le"'), wrong)
  for (const type of ['application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'application/json']) {
    t.match(await post(Buffer.from('{"name":"grün 🌱"}'), type), { status: 201, body: { name: 'grün 🌱' } }, type)
  }
  t.equal((await call('GET', `${RED}/vnics`)).status, 200)
})

t.test('B139: without tokens, a request must name a host that no web page can have', async (t) => {
  const { call } = await apiOn(t)
  const status = async (host: string, of = call) => (await of('GET', `${RED}/vnics`, undefined, { host })).status
  for (const host of ['localhost', 'LOCALHOST:9797', '127.0.0.1:9797', '[::1]:9797', '10.0.0.7']) {
    t.equal(await status(host), 200, host)
  }
  for (const host of ['evil.example', 'evil.example:9797', '127.0.0.1.evil.example', 'localhost.evil.example']) {
    t.equal(await status(host), 403, host)
  }
  t.match(await call('POST', `${RED}/vnics`, {}, { host: 'evil.example' }), {
    status: 403,
    body: { code: 'forbidden', detail: /host "evil\.example"/ },
  })
  t.strictSame((await call('GET', `${RED}/vnics`)).body.vnics, [])
  const named = await apiOn(t, { hosts: { names: ['cloud.example', '10.0.0.1'], listen: '0.0.0.0' } })
  t.equal(await status('cloud.example:80', named.call), 200)
  t.equal(await status('10.0.0.1', named.call), 200)
  t.equal(await status('localhost', named.call), 403)
  const guarded = await apiOn(t, { tokens })
  t.equal((await guarded.call('GET', `${RED}/vnics`, undefined, { ...as('red'), host: 'any.example' })).status, 200)
})

t.test('B139: every answer has a request id and the headers for browsers', async (t) => {
  const { call } = await apiOn(t, { tokens })
  const answers = [
    await call('GET', '//healthz'),
    await call('GET', '//nothing'),
    await call('GET', '/projects/%E0%A4%A/vnics'),
    await call('GET', `${RED}/vnics`),
    await call('GET', `${RED}/vnics`, undefined, as('red')),
    await call('POST', `${RED}/vnics`, '{', as('red')),
  ]
  t.same(
    answers.map(({ status }) => status),
    [200, 404, 400, 401, 200, 400],
  )
  for (const { headers, status } of answers) {
    t.match(headers['x-request-id'], /^[0-9a-f-]{36}$/, `${status}`)
    t.match(headers, {
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
  }
})
