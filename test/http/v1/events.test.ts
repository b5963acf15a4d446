/** The stream of events, over real sockets. */
import t from 'tap'
import { apiOn } from '../../support/api.ts'
import { follow } from '../../support/events.ts'

async function serving(t: Parameters<typeof apiOn>[0], options?: Parameters<typeof apiOn>[1]) {
  const api = await apiOn(t, options)
  const address = await api.app.listen({ port: 0, host: '127.0.0.1' })
  return { ...api, address, events: (project: string) => `${address}/v1/projects/${project}/events` }
}

t.test('events of a project as they happen, with ids that grow', async (t) => {
  const { call, events } = await serving(t)
  const stream = await follow(events('red'))
  t.match(stream.response.headers.get('content-type'), /^text\/event-stream/)
  await call('POST', '/projects/blue/vnics', { name: 'not mine' })
  const network = (await call('POST', '/projects/red/networks', {})).body.id
  const port = (await call('POST', `/projects/red/networks/${network}/ports`, {})).body.id
  const vnic = (await call('POST', '/projects/red/vnics', {})).body.id
  await call('PUT', `/projects/red/vnics/${vnic}/port`, { port_id: port })
  await call('DELETE', `/projects/red/vnics/${vnic}`)
  const seen = await stream.until(10)
  stream.stop()
  t.match(seen, [
    { event: 'network.created', data: { id: network } },
    { event: 'port.created', data: { id: port } },
    { event: 'vnic.created', data: { id: vnic, status: 'unplugged' } },
    { event: 'vnic.updated', data: { id: vnic, status: 'waiting', port_id: port, revision: 2 } },
    { event: 'port.updated', data: { id: port, status: 'waiting', vnic_id: vnic, revision: 2 } },
    { event: 'vnic.status', data: { id: vnic, status: 'waiting', port_id: port } },
    { event: 'port.status', data: { id: port, status: 'waiting' } },
    { event: 'vnic.deleted', data: { id: vnic, status: 'unplugged', port_id: null } },
    { event: 'port.updated', data: { id: port, status: 'down', vnic_id: null, revision: 3 } },
    { event: 'port.status', data: { id: port, status: 'down' } },
  ])
  t.ok(seen.every(({ id }, n) => n === 0 || id > (seen[n - 1]?.id ?? 0)))
})

t.test('Last-Event-ID resumes, over a restart too; out of the log it is a resync', async (t) => {
  const first = await serving(t)
  for (let n = 0; n < 4; n++) await first.call('POST', '/projects/red/vnics', { name: `v${n}` })
  const stream = await follow(first.events('red'), 0)
  const [, second] = await stream.until(4)
  stream.stop()
  const again = await serving(t, { store: first.store })
  const resumed = await follow(again.events('red'), second?.id ?? -1)
  t.match(await resumed.until(2), [{ data: { name: 'v2' } }, { data: { name: 'v3' } }])
  await again.call('POST', '/projects/red/vnics', { name: 'v4' })
  t.match((await resumed.until(3)).at(2), { event: 'vnic.created', data: { name: 'v4' } })
  resumed.stop()
  const lost = await follow(again.events('red'), 1_000_000)
  t.match(await lost.until(1), [{ event: 'resync' }])
  lost.stop()
  t.equal((await fetch(again.events('red'), { headers: { 'last-event-id': 'x' } })).status, 400)
})

t.test('events of a recreated id are in order, and a wait for a destroyed object ends at once', async (t) => {
  const { call, events } = await serving(t)
  const network = (await call('POST', '/projects/red/networks', {})).body.id
  const port = (await call('POST', `/projects/red/networks/${network}/ports`, {})).body.id
  const id = '33333333-3333-4333-8333-333333333333'
  await call('POST', '/projects/red/vnics', { id })
  const stream = await follow(events('red'))
  const held = call('PUT', `/projects/red/vnics/${id}/port`, { port_id: port }, { prefer: 'wait=60' })
  await stream.until(4)
  await call('DELETE', `/projects/red/vnics/${id}`)
  t.equal((await held).status, 404)
  await call('POST', '/projects/red/vnics', { id })
  const seen = await stream.until(8)
  stream.stop()
  t.strictSame(
    seen.filter(({ data }) => data.id === id).map(({ event }) => event),
    ['vnic.updated', 'vnic.status', 'vnic.deleted', 'vnic.created'],
  )
})

t.test('events that a crash prevented are sent after the restart', async (t) => {
  const { call, events, store } = await serving(t)
  const network = (await call('POST', '/projects/red/networks', {})).body.id
  const port = (await call('POST', `/projects/red/networks/${network}/ports`, {})).body.id
  const vnic = (await call('POST', '/projects/red/vnics', {})).body.id
  await call('PUT', `/projects/red/vnics/${vnic}/port`, { port_id: port })
  const stream = await follow(events('red'), 0)
  await stream.until(7)
  await call('DELETE', `/projects/red/vnics/${vnic}/port`)
  const { id: last = 0 } = (await stream.until(11)).findLast(({ event }) => event === 'port.updated') ?? {}
  stream.stop()
  // The events of the new statuses, after the commit of the operation, were never written to the disk.
  for (const key of [...store.entries.keys()])
    if (key > `event/${String(last).padStart(16, '0')}` && key.startsWith('event/')) store.entries.delete(key)
  const again = await serving(t, { store })
  const resumed = await follow(again.events('red'), last)
  t.match(await resumed.until(1), [{ event: 'vnic.status', data: { id: vnic, status: 'unplugged' } }])
  resumed.stop()
})

t.test('streams end when the controller stops', async (t) => {
  const { events, controller } = await serving(t)
  const stream = await follow(events('red'))
  controller.stop()
  await stream.ended
  t.pass('the stream ended by itself')
})

t.test('bytes that are no HTTP get a problem, and the server lives', async (t) => {
  const { address } = await serving(t)
  const { connect } = await import('node:net')
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  socket.write('what is this\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += chunk
  t.match(text, /^HTTP\/1.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"bad-request"/)
  t.equal((await fetch(`${address}/healthz`)).status, 200)
})
