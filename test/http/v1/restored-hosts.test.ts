/** The routes for hosts that are not touched, and for rules that are held. `test/hypervisors` tests what stands behind them. */
import t from 'tap'
import { apiOn } from '../../support/api.ts'
import { hypervisor } from '../../support/nodes.ts'

t.test('B112, B115: a hypervisor is adopted, and its held rules are listed and released', async (t) => {
  const { call, join } = await apiOn(t, {
    tokens: { member: { project: 'red', role: 'member' }, admin: { project: '*', role: 'admin' } },
  })
  const admin = { authorization: 'Bearer admin' }
  await join(hypervisor(1))
  const path = `/hypervisors/${hypervisor(1).id}`
  for (const [method, route] of [
    ['POST', `${path}/adopt`],
    ['GET', `${path}/held`],
    ['DELETE', `${path}/held`],
  ] as const) {
    t.match(await call(method, route, undefined, { authorization: 'Bearer member' }), { status: 403 })
    const unknown = route.replace(path, '/hypervisors/none')
    t.match(await call(method, unknown, undefined, admin), { status: 404, body: { code: 'not-found' } })
  }
  t.match(await call('POST', `${path}/adopt`, undefined, admin), {
    status: 503,
    body: { code: 'unavailable', detail: /is not connected: adopt it when it is/ },
  })
  t.match(await call('POST', `${path}/adopt`, { all: true }, admin), { status: 400, body: { code: 'bad-request' } })
  t.match(await call('POST', `${path}/adopt`, {}, admin), { status: 503 })
  t.strictSame((await call('GET', `${path}/held`, undefined, admin)).body, { held: [], total: 0 })
  t.match(await call('DELETE', `${path}/held`, undefined, admin), {
    status: 404,
    body: { detail: /no rules are held/ },
  })
})
