/** The common form of the API: problems, unknown fields, sizes, lists, revisions, repeated requests. */
import t from 'tap'
import { ERRORS } from '../../../src/core/errors.ts'
import { apiOn } from '../../support/api.ts'
import { diskFull } from '../../support/memory-store.ts'

const WIRE = { engine: 'remote-l2', remote_ip: '203.0.113.5', tunnel_type: 'vxlan', tunnel_key: 7 }
const ID = '11111111-1111-4111-8111-111111111111'

t.test('every error is a problem with a code of the list, a sentence, and the field', async (t) => {
  const { call } = await apiOn(t)
  const wrong: ReadonlyArray<readonly [Parameters<typeof call>, number, string, string?]> = [
    [['GET', '/projects/red/vnics/nonsense'], 404, 'not-found'],
    [['GET', '/projects/red/nothing'], 404, 'not-found'],
    [['POST', '/projects/red/nets', {}], 404, 'not-found'],
    [['POST', '/projects/red/ports', {}], 400, 'bad-request', 'engine'],
    [['POST', '/projects/red/ports', { engine: 'vlan' }], 400, 'unsupported', 'engine'],
    [['POST', '/projects/red/ports', { engine: 'token-ring' }], 400, 'unknown-engine', 'engine'],
    [['POST', '/projects/red/ports', { ...WIRE, tunnel_key: undefined }], 400, 'bad-request', 'tunnel_key'],
    [['POST', '/projects/red/ports', { ...WIRE, remote_ip: '224.0.0.1' }], 400, 'bad-request', 'remote_ip'],
    [['POST', '/projects/red/ports', { ...WIRE, tunnel_type: 'stt' }], 400, 'bad-request', 'tunnel_type'],
    [['POST', '/projects/red/ports', { ...WIRE, tunnel_key: 2 ** 24 }], 400, 'bad-request', 'tunnel_key'],
    [['POST', '/projects/red/ports', { ...WIRE, colour: 'blue' }], 400, 'bad-request', 'colour'],
    [['GET', '/projects/r%20d/vnics'], 400, 'bad-request', 'project'],
    [['GET', `/projects/${'r'.repeat(200)}/vnics`], 400, 'bad-request', 'project'],
    [['GET', '/projects/%E0%A4%A/vnics'], 400, 'bad-request'],
    [['POST', '/projects/red/vnics', '{"name":'], 400, 'bad-request'],
    [['POST', '/projects/red/vnics', '[]'], 400, 'bad-request'],
    [['POST', '/projects/red/vnics', 'null'], 400, 'bad-request'],
    [['POST', '/projects/red/vnics', ''], 400, 'bad-request'],
    [['POST', '/projects/red/vnics'], 400, 'bad-request'],
    [['POST', '/projects/red/vnics', 'name=x', { 'content-type': 'text/plain' }], 400, 'bad-request'],
    [['POST', '/projects/red/vnics', { colour: 'blue' }], 400, 'bad-request', 'colour'],
    [['POST', '/projects/red/vnics', { id: ID.toUpperCase().replace('1', 'A') }], 400, 'bad-request', 'id'],
    [['POST', '/projects/red/vnics', { vm_id: 'a b' }], 400, 'bad-request', 'vm_id'],
    [['POST', '/projects/red/vnics', { name: 7 }], 400, 'bad-request', 'name'],
    [['POST', '/projects/red/vnics', { mac_address: '01:00:00:00:00:01' }], 400, 'bad-request', 'mac_address'],
    [['POST', '/projects/red/vnics', { mac_address: '02:00:00:00:01' }], 400, 'bad-request', 'mac_address'],
    [['POST', '/projects/red/vnics', { kind: 'wooden' }], 400, 'bad-request', 'kind'],
    [['POST', '/projects/red/vnics', `{"name":"${'x'.repeat(300 * 1024)}"}`], 413, 'too-large'],
    [['POST', '/projects/red/networks', { engine: 'token-ring' }], 400, 'unknown-engine', 'engine'],
    [['POST', '/projects/red/networks', { segment: { vlan_id: 5000 } }], 400, 'bad-request', 'segment.vlan_id'],
    [
      ['POST', '/projects/red/networks', { engine: 'vxlan', segment: { vlan_id: 5 } }],
      400,
      'bad-request',
      'segment.vlan_id',
    ],
    [['PUT', `/projects/red/vnics/${ID}/port`, {}], 400, 'bad-request', 'port_id'],
    [['PUT', `/projects/red/vnics/${ID}/port`, { port_id: 'x' }], 400, 'bad-request', 'port_id'],
    [['GET', '/projects/red/vnics?limit=0'], 400, 'bad-request', 'limit'],
    [['GET', '/projects/red/vnics?limit=1001'], 400, 'bad-request', 'limit'],
    [['GET', '/projects/red/vnics?limit=some'], 400, 'bad-request', 'limit'],
    [['GET', '/projects/red/vnics?marker=-1'], 400, 'bad-request', 'marker'],
    [['GET', '/projects/red/vnics?colour=blue'], 400, 'bad-request', 'colour'],
    [['GET', '/hypervisors/hv9'], 404, 'not-found'],
    [['GET', '/extensions/nothing'], 404, 'not-found'],
  ]
  for (const [args, status, code, field] of wrong) {
    const answer = await call(...args)
    const name = `${args[0]} ${args[1]} ${JSON.stringify(args[2] ?? '').slice(0, 40)}`
    t.match(answer, { status, body: { code, status, type: `urn:plugboard:error:${code}` } }, name)
    t.match(answer.headers['content-type'], /^application\/problem\+json/, name)
    t.ok(code in ERRORS && String(answer.body.detail).length > 10, String(answer.body.detail))
    t.equal(answer.body.field, field, name)
  }
})

t.test('B38: if the store cannot commit, requests get 503, and /readyz reports it until it can', async (t) => {
  const { call, store } = await apiOn(t)
  t.equal((await call('GET', '//readyz')).status, 200)
  store.failure = diskFull()
  t.match(await call('POST', '/projects/red/vnics', {}), { status: 503, body: { code: 'unavailable' } })
  t.match(await call('GET', '//readyz'), {
    status: 503,
    body: { code: 'unavailable', detail: /store: .*No space left on device/ },
  })
  t.equal((await call('GET', '//healthz')).status, 200)
  store.failure = null
  t.equal((await call('POST', '/projects/red/vnics', {})).status, 201)
  t.equal((await call('GET', '//readyz')).status, 200)
})

t.test('lists come in pages, in the order of creation, whatever is deleted meanwhile', async (t) => {
  const { call } = await apiOn(t)
  const made: string[] = []
  for (let n = 0; n < 7; n++) made.push(String((await call('POST', '/projects/red/vnics', { name: `v${n}` })).body.id))
  const first = await call('GET', '/projects/red/vnics?limit=3')
  t.match(first.body, { vnics: made.slice(0, 3).map((id) => ({ id })) })
  t.equal((await call('DELETE', `/projects/red/vnics/${made[2]}`)).status, 204)
  const second = await call('GET', `/projects/red/vnics?limit=3&marker=${first.body.next}`)
  t.match(second.body, { vnics: made.slice(3, 6).map((id) => ({ id })) })
  const third = await call('GET', `/projects/red/vnics?limit=3&marker=${second.body.next}`)
  t.match(third.body, { vnics: made.slice(6).map((id) => ({ id })), next: null })
  t.match((await call('GET', '/projects/never-seen/vnics')).body, { vnics: [], next: null })
})

t.test('revisions: ETag and If-Match', async (t) => {
  const { call } = await apiOn(t)
  const network = (await call('POST', '/projects/red/networks', {})).body.id
  const { id, revision } = (await call('POST', `/projects/red/networks/${network}/ports`, {})).body
  const path = `/projects/red/ports/${id}`
  const shown = await call('GET', path)
  t.equal(shown.headers.etag, `"${revision}"`)
  const again = await call('GET', path, undefined, { 'if-none-match': String(shown.headers.etag) })
  t.equal(again.status, 200, 'the status does not change the revision')
  const patched = await call('PATCH', path, { name: 'a' }, { 'if-match': String(shown.headers.etag) })
  t.match(patched, { status: 200, body: { name: 'a', revision: 2 }, headers: { etag: '"2"' } })
  t.match(await call('PATCH', path, { name: 'b' }, { 'if-match': '"1"' }), {
    status: 412,
    body: { code: 'revision-mismatch' },
  })
  t.match(await call('PATCH', path, { name: 'b' }, { 'if-match': 'W/"2"' }), { status: 412 }, 'weak tags never match')
  t.match(await call('PATCH', path, { name: 'b' }, { 'if-match': '"x"' }), {
    status: 412,
    body: { detail: /not what If-Match names/ },
  })
  t.match(await call('PATCH', path, { name: 'b' }, { 'if-match': '2' }), { status: 400, body: { field: 'if-match' } })
  t.match(await call('PATCH', path, { name: 'b' }, { 'if-match': '"7", "2"' }), { status: 200, body: { revision: 3 } })
  t.match(await call('PATCH', path, {}), { status: 200, body: { revision: 3 } }, 'an empty update changes nothing')
  t.equal((await call('DELETE', path, undefined, { 'if-match': '"2"' })).status, 412)
  t.equal((await call('DELETE', path, undefined, { 'if-match': '*' })).status, 204)
  t.equal((await call('DELETE', path)).status, 404, 'a second time')
})

t.test('a POST with an id can be repeated; with another body it is a conflict', async (t) => {
  const { call } = await apiOn(t)
  const body = { id: ID, name: 'n' }
  const made = await call('POST', '/projects/red/vnics', body)
  t.match(made, { status: 201, headers: { location: `/v1/projects/red/vnics/${ID}` } })
  t.match(await call('POST', '/projects/red/vnics', body), { status: 200, body: made.body })
  t.match(
    await call('POST', '/projects/red/vnics', { ...body, kind: 'ethernet', vm_id: null }),
    { status: 200 },
    'with explicit defaults',
  )
  t.match(await call('POST', '/projects/red/vnics', { id: ID, name: 'other' }), {
    status: 409,
    body: { code: 'id-conflict', field: 'id' },
  })
  t.match(await call('POST', '/projects/blue/vnics', body), { status: 409, body: { code: 'id-conflict' } })
  const network = { id: ID.replaceAll('1', '2'), engine: 'vlan' }
  const first = await call('POST', '/projects/red/networks', network)
  t.equal(first.status, 201)
  t.match(await call('POST', '/projects/red/networks', { id: network.id }), { status: 200, body: first.body })
})

t.test('HEAD, request ids, and an empty body with a content type', async (t) => {
  const { call } = await apiOn(t)
  t.equal((await call('HEAD', '/projects/red/vnics')).status, 200)
  const answer = await call('GET', '', undefined, { 'x-request-id': 'mine-1' })
  t.equal(answer.headers['x-request-id'], 'mine-1')
  t.match((await call('GET', '')).headers['x-request-id'], /^[0-9a-f-]{36}$/)
  const { id } = (await call('POST', '/projects/red/vnics', {})).body
  const bare = await call('DELETE', `/projects/red/vnics/${id}`, undefined, { 'content-type': 'application/json' })
  t.equal(bare.status, 204)
})
