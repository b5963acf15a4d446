/** `PATCH …/vnics/{id}`: its name, and the hypervisor that it is pinned to. */
import t from 'tap'
import { busyProjectOn, RED } from '../../support/project.ts'

const ANOTHER = '0e4d0000-0000-4000-8000-000000000001'

t.test('B120: a VNIC is pinned when it is made, when it is plugged, and later; null unpins it', async (t) => {
  const { call, vnic, port, bind } = await busyProjectOn(t, 2, 2)
  const made = await vnic({ requested_hypervisor: 'hv0' })
  const path = `${RED}/vnics/${made}`
  t.match((await call('GET', path)).body, { requested_hypervisor: 'hv0', refused_claims: [], revision: 1 })
  const plug = (fields: object) => call('PUT', `${path}/port`, { port_id: its, ...fields })
  const its = await port()
  t.match(await plug({}), { status: 202, body: { requested_hypervisor: 'hv0', revision: 2 } })
  t.match((await call('GET', path)).body.status_detail, /hypervisor hv0, which it is pinned to, does not have/)
  t.match(await plug({}), { body: { revision: 2 } }, 'the same again')
  t.match(await plug({ requested_hypervisor: 'hv1' }), { body: { requested_hypervisor: 'hv1', revision: 3 } })
  t.match(await plug({ requested_hypervisor: 'hv1' }), { body: { revision: 3 } }, 'the same again')
  await bind(made, 1)
  t.match(await call('PATCH', path, { requested_hypervisor: null }), {
    status: 200,
    headers: { etag: '"4"' },
    body: { requested_hypervisor: null, revision: 4, binding: { hypervisor: 'hv1' } },
  })
  t.match(await call('PATCH', path, { requested_hypervisor: 'hv1' }), { status: 200, body: { revision: 5 } })
})

t.test('B120: a VNIC that is pinned elsewhere loses its rules, and the answer waits for that', async (t) => {
  const { call, vnic, port, plug, bind, switches } = await busyProjectOn(t, 2, 2)
  const made = await vnic()
  await bind(made, 0)
  t.match(await plug(made, await port()), { status: 200, body: { status: 'active' } })
  t.match(await call('PATCH', `${RED}/vnics/${made}`, { requested_hypervisor: 'hv1' }), {
    status: 200,
    body: {
      requested_hypervisor: 'hv1',
      binding: null,
      status: 'waiting',
      refused_claims: [{ hypervisor: 'hv0', interface: 'tap0' }],
    },
  })
  t.equal(switches[0]?.flows.size, 0)
  t.match(await call('PATCH', `${RED}/vnics/${made}`, { requested_hypervisor: null }), {
    body: { binding: { hypervisor: 'hv0' }, refused_claims: [] },
  })
})

t.test('B120: a VNIC with a chosen id and a pin does not go to an interface that was there before', async (t) => {
  const { call, bind } = await busyProjectOn(t, 2, 2)
  await bind(ANOTHER, 0)
  const body = { id: ANOTHER, requested_hypervisor: 'hv1' }
  t.match(await call('POST', `${RED}/vnics`, body), { status: 201, body: { binding: null } })
  t.match(await call('POST', `${RED}/vnics`, body), { status: 200, body: { binding: null, revision: 1 } })
  const other = { ...body, requested_hypervisor: 'hv0' }
  t.match(await call('POST', `${RED}/vnics`, other), { status: 409, body: { code: 'id-conflict' } })
})

t.test('changes of VNICs that are refused, and what they leave', async (t) => {
  const { call, vnic } = await busyProjectOn(t, 1, 1)
  const path = `${RED}/vnics/${await vnic()}`
  const nobody = { status: 404, body: { code: 'not-found', field: 'requested_hypervisor' } }
  t.match(await call('PATCH', path, { requested_hypervisor: 'hv9' }), nobody)
  t.match(await call('POST', `${RED}/vnics`, { requested_hypervisor: 'hv9' }), nobody)
  t.match(await call('PATCH', path, { requested_hypervisor: '' }), { status: 400, body: { code: 'bad-request' } })
  t.match(await call('PATCH', path, { mac_address: '02:00:00:00:00:01' }), { status: 400 })
  t.match(await call('PATCH', path, { name: 'a' }, { 'if-match': '"7"' }), { status: 412 })
  t.match(await call('PATCH', '/projects/blue/vnics/none', { name: 'a' }), { status: 404 })
  t.match(await call('PATCH', path, {}), { status: 200, body: { revision: 1 } })
  t.match(await call('PATCH', path, { name: '' }), { status: 200, body: { revision: 1 } })
  t.match(await call('PATCH', path, { name: 'eth0' }), { status: 200, body: { name: 'eth0', revision: 2 } })
})

t.test('B121: a migration leads to its target from a pin, which is then the pin', async (t) => {
  const { call, vnic, port, plug, bind } = await busyProjectOn(t, 3, 3)
  const made = await vnic({ requested_hypervisor: 'hv0' })
  const path = `${RED}/vnics/${made}`
  await bind(made, 0)
  t.match(await plug(made, await port()), { status: 200 })
  t.match(await call('POST', `${path}/migration`, { hypervisor: 'hv1', activate: true }), { status: 202 })
  t.match((await call('GET', path)).body, { requested_hypervisor: 'hv0', migration: { hypervisor: 'hv1' } })
  await bind(made, 1)
  t.match((await call('GET', path)).body, { requested_hypervisor: 'hv1', migration: null, revision: 3 })
})
