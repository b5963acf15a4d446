/** The audit log: who has written what, from where, and the revisions before and after. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import pino from 'pino'
import t, { type Test } from 'tap'
import { apiOn } from '../support/api.ts'
import { until } from '../support/switches.ts'

const tokens = {
  writes: { project: 'red', role: 'member', name: 'nova' },
  reads: { project: 'red', role: 'reader' },
} as const
const bearer = (token: string, more: object = {}) => ({ authorization: `Bearer ${token}`, ...more })

type Entry = Readonly<Record<string, unknown>>

async function audited(t: Test) {
  const lines: Entry[] = []
  const audit = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as Entry) })
  const cloud = await apiOn(t, { tokens, audit })
  const { call } = cloud
  const post = async (path: string, body: object = {}) =>
    (await call('POST', `/projects/red/${path}`, body, bearer('writes'))).body as { id: string }
  return { ...cloud, lines, post }
}

t.test('B147: each write is recorded: who, what, from where, and the revisions', async (t) => {
  const { call, lines, post } = await audited(t)
  const network = await post('networks')
  const port = await post(`networks/${network.id}/ports`)
  const vnic = await post('vnics')
  t.match(lines, [
    { msg: 'audit', who: 'nova', project: 'red', role: 'member', method: 'POST', url: '/v1/projects/red/networks' },
    { changes: [{ kind: 'port', id: port.id, before: null, after: 1 }] },
    { changes: [{ kind: 'vnic', id: vnic.id, before: null, after: 1 }] },
  ])
  t.match(lines[0], { from: '127.0.0.1', changes: [{ kind: 'network', id: network.id, before: null, after: 1 }] })
  lines.length = 0
  const headers = bearer('writes', { 'x-request-id': 'r1' })
  await call('PATCH', `/projects/red/ports/${port.id}`, { name: 'uplink' }, headers)
  await call('PUT', `/projects/red/vnics/${vnic.id}/port`, { port_id: port.id }, headers)
  await call('DELETE', `/projects/red/vnics/${vnic.id}/port`, undefined, headers)
  await call('DELETE', `/projects/red/vnics/${vnic.id}`, undefined, headers)
  t.match(lines, [
    { reqId: 'r1', method: 'PATCH', changes: [{ kind: 'port', before: 1, after: 2 }] },
    { method: 'PUT', changes: [{ kind: 'vnic', before: 1, after: 2 }] },
    { method: 'DELETE', changes: [{ kind: 'vnic', before: 2, after: 3 }] },
    { method: 'DELETE', changes: [{ kind: 'vnic', before: 3, after: null }] },
  ])
  for (const line of lines) t.notOk('status' in line, 'a commit is recorded before its answer')
})

t.test('B147: a request that writes nothing is recorded with its status; reads are not', async (t) => {
  const { call, lines, post } = await audited(t)
  const network = await post('networks')
  await post(`networks/${network.id}/ports`)
  lines.length = 0
  await call('GET', '/projects/red/networks', undefined, bearer('reads'))
  await call('DELETE', `/projects/red/networks/${network.id}`, undefined, bearer('writes'))
  await call('POST', '/projects/red/networks', { color: 'red' }, bearer('writes'))
  await call('POST', '/projects/red/networks', { id: network.id }, bearer('writes'))
  await call('DELETE', `/projects/red/networks/${network.id}`, undefined, bearer('reads'))
  await call('DELETE', `/projects/blue/networks/${network.id}`, undefined, bearer('writes'))
  await call('DELETE', `/projects/red/networks/${network.id}`, undefined, bearer('unknown'))
  await call('DELETE', `/projects/red/networks/${network.id}`)
  t.equal(lines.length, 5, 'callers without a token are not recorded')
  t.match(lines.splice(3), [
    { who: /^token [0-9a-f]{12}$/, role: 'reader', status: 403 },
    { who: 'nova', project: 'red', url: /blue/, status: 404 },
  ])
  t.match(lines, [
    { who: 'nova', method: 'DELETE', status: 409 },
    { method: 'POST', status: 400 },
    { method: 'POST', status: 200 },
  ])
  for (const line of lines) t.notOk('changes' in line)
})

t.test('B147: a caller that hangs up at once does not escape', async (t) => {
  const { app, lines } = await audited(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const head = 'POST /v1/projects/red/networks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer writes\r\n'
  socket.write(`${head}content-type: application/json\r\ncontent-length: 2\r\n\r\n{}`, () => socket.destroy())
  await until(() => lines.length === 1)
  t.match(lines, [{ who: 'nova', from: /^(::ffff:)?127\.0\.0\.1$/, changes: [{ kind: 'network', after: 1 }] }])
})

t.test('B147: writes that share a commit are recorded for their own callers', async (t) => {
  const { call, lines } = await audited(t)
  const names = Array.from({ length: 20 }, (_, at) => `r${at}`)
  const made = await Promise.all(
    names.map((name) => call('POST', '/projects/red/networks', { name }, bearer('writes', { 'x-request-id': name }))),
  )
  const expected = made.map(({ body }, at) => `r${at} ${(body as { id: string }).id}`).sort()
  const found = lines.map(({ reqId, changes }) => `${reqId} ${(changes as Array<{ id: string }>).map(({ id }) => id)}`)
  t.strictSame(found.sort(), expected)
})
