/** Live migration over HTTP, with fake switches: what is prepared, what the API shows, and how a migration ends. */
import t from 'tap'
import type { VnicView } from '../../../src/core/views.ts'
import type { Json } from '../../../src/store/store.ts'
import { apiOn } from '../../support/api.ts'
import { MemoryStore } from '../../support/memory-store.ts'
import { busyProjectOn, RED, WAIT } from '../../support/project.ts'
import { until } from '../../support/switches.ts'

type Test = Parameters<typeof apiOn>[0] & { match(found: unknown, wanted: object): boolean }

/** Four hypervisors, of which the last one is not connected. A VNIC is active on the first one, and another on the third. */
async function cloud(t: Test, engine = 'vxlan', store = new MemoryStore()) {
  const project = await busyProjectOn(t, 4, 3, { store })
  const { call, bind, plug } = project
  const network = await project.network({ engine })
  const enter = async (where: number, ofport: number) => {
    const [port, vnic] = [await project.port(network), await project.vnic()]
    await bind(vnic, where, ofport)
    t.match(await plug(vnic, port), { status: 200 })
    return { vnic, port, path: `${RED}/vnics/${vnic}` }
  }
  const [mover] = [await enter(0, 5), await enter(2, 6)]
  const show = async () => (await call('GET', mover.path)).body
  return { ...project, mover, show, path: `${mover.path}/migration` }
}

t.test('prepared: the target has the network and the peers send there before the interface exists', async (t) => {
  const { call, switches, path, mover, show, bind } = await cloud(t)
  const [, target, peer] = switches
  t.match(await show(), { migration: null, status: 'active', revision: 2 })
  t.equal(target?.flows.size, 0)
  const answer = await call('POST', path, { hypervisor: 'hv1' }, WAIT)
  t.match(answer, {
    status: 200,
    headers: { 'preference-applied': 'wait=5', etag: '"3"' },
    body: { id: mover.vnic, migration: { hypervisor: 'hv1', status: 'prepared' }, status: 'active', revision: 3 },
  })
  const lines = target?.lines().join('\n')
  t.match(lines, /tun_id=0x1000/, "the network's own rules")
  t.match(lines, /->tun_dst.*->reg1/, 'and rules for its members on other hypervisors')
  t.match(
    peer?.lines().join('\n'),
    /set_field:192.0.2.1->tun_dst,output:1002,set_field:192.0.2.2->tun_dst/,
    'a copy for both',
  )

  t.match(await call('POST', path, { hypervisor: 'hv1' }), { status: 200, body: { revision: 3 } }, 'the same again')
  t.match(await call('POST', path, { hypervisor: 'hv1' }, { 'if-match': '"1"' }), { status: 200 }, 'as a repeated plug')
  await bind(mover.vnic, 1)
  await until(async () => (await show()).status === 'active')
  t.match(await show(), { migration: null, binding: { hypervisor: 'hv1' }, revision: 3 }, 'the claim completes it')
  t.match(await call('DELETE', path), { status: 404, body: { code: 'not-found', detail: /is not migrating/ } })
  t.equal(switches[0]?.flows.size, 0, 'no rules remain at the old place')
})

t.test('a cancelled migration: 204 once the prepared rules are gone, then 404', async (t) => {
  const { call, switches, path, show } = await cloud(t)
  const before = switches.map((each) => each.lines())
  t.match(await call('POST', path, { hypervisor: 'hv1' }, WAIT), { status: 200 })
  t.not(switches[1]?.flows.size, 0)
  t.match(await call('DELETE', path, undefined, { 'if-match': '"1"' }), { status: 412 })
  t.equal((await call('DELETE', path)).status, 204)
  t.same(
    switches.map((each) => each.lines()),
    before,
  )
  t.match(await show(), { migration: null, status: 'active', revision: 4 })
  t.equal((await call('DELETE', path)).status, 404)
})

t.test('requests for a migration that are refused', async (t) => {
  const { call, path, mover } = await cloud(t)
  t.match(await call('POST', path, { hypervisor: 'hv9' }), {
    status: 404,
    body: { code: 'not-found', field: 'hypervisor', detail: 'there is no hypervisor hv9' },
  })
  t.match(await call('POST', path, { hypervisor: 'hv0' }), {
    status: 400,
    body: { code: 'bad-request', field: 'hypervisor', detail: /is on hypervisor hv0 already: name another one/ },
  })
  t.match(await call('POST', path, {}), { status: 400, body: { code: 'bad-request' } })
  t.match(await call('POST', path, { hypervisor: 'hv1', host: 'x' }), { status: 400 })
  t.match(await call('POST', path, { hypervisor: 'hv1' }, { 'if-match': '"1"' }), { status: 412 })
  t.match(await call('POST', `${RED}/vnics/none/migration`, { hypervisor: 'hv1' }), { status: 404 })
  t.match(await call('POST', path.replace('red', 'blue'), { hypervisor: 'hv1' }), { status: 404 })
  await call('DELETE', `${mover.path}/port`)
  t.match(await call('POST', path, { hypervisor: 'hv1' }), {
    status: 400,
    body: { code: 'bad-request', detail: /is in no port, so no rules can be prepared for it: plug it first/ },
  })
})

t.test('another target replaces the first one, and its problems are shown before the move', async (t) => {
  const { call, switches, path, show, host } = await cloud(t)
  await host(1, { encapIp: null })
  t.match(await call('POST', path, { hypervisor: 'hv1' }, WAIT), {
    status: 202,
    body: {
      status: 'active',
      migration: { hypervisor: 'hv1', status: 'error', status_detail: /has no address for tunnels/ },
    },
  })
  t.match((await call('GET', '/hypervisors/hv1')).body, { conditions: [{ code: 'no-encap-ip' }] })
  await host(1)
  await until(async () => ((await show()).migration as { status?: string })?.status === 'prepared')
  t.match(await call('POST', path, { hypervisor: 'hv3' }, WAIT), {
    status: 202,
    body: { migration: { hypervisor: 'hv3', status: 'error', status_detail: 'hypervisor hv3 is not connected' } },
  })
  await until(() => switches[1]?.flows.size === 0)
  t.equal((await call('DELETE', '/hypervisors/hv3')).status, 204)
  t.match(await show(), { migration: null, status: 'active' }, 'removing the target hypervisor ends the migration')
})

t.test('a target that refuses rules, and a slow target', async (t) => {
  const { call, switches, path } = await cloud(t, 'vlan')
  const [, target] = switches
  target?.pause()
  t.match(await call('POST', path, { hypervisor: 'hv1' }), {
    status: 202,
    body: { migration: { status: 'preparing' } },
  })
  const held = call('POST', path, { hypervisor: 'hv1' }, WAIT)
  target?.resume()
  t.match(await held, { status: 200, body: { migration: { status: 'prepared' } } })
  await call('DELETE', path)
  if (target) target.refuses = () => true
  t.match(await call('POST', path, { hypervisor: 'hv1' }, WAIT), {
    status: 202,
    body: { status: 'active', migration: { status: 'error', status_detail: /hypervisor hv1 refused a rule/ } },
  })
})

t.test('unplug, destruction and a third hypervisor also end a migration; other events do not', async (t) => {
  const { call, path, mover, show, bind } = await cloud(t, 'vlan')
  const prepare = () => call('POST', path, { hypervisor: 'hv1' }, WAIT)
  t.match(await prepare(), { status: 200 })
  await bind(mover.vnic, 0, 9)
  t.match(await show(), { migration: { status: 'prepared' } }, 'another port number at the current place')
  await bind(mover.vnic, 1, null)
  t.match(await show(), { migration: { hypervisor: 'hv1' } }, 'an interface at the target without a port number')
  await bind(mover.vnic, 0)
  t.match(await show(), { migration: null }, 'it has come back')
  t.match(await prepare(), { status: 200 })
  await bind(mover.vnic, 2, 7)
  t.match(await show(), { migration: null, binding: { hypervisor: 'hv2' } })
  t.match(await prepare(), { status: 200 })
  t.equal((await call('DELETE', `${mover.path}/port`)).status, 204)
  t.match(await show(), { migration: null, status: 'unplugged' })
  t.match(await call('PUT', `${mover.path}/port`, { port_id: mover.port }, WAIT), { status: 200 })
  t.match(await prepare(), { status: 200 })
  t.equal((await call('DELETE', mover.path)).status, 204)
  t.equal((await call('DELETE', path)).status, 404)
})

t.test('there is an event for each step, with the VNIC at that time', async (t) => {
  const { call, controller, path, mover, show, bind } = await cloud(t)
  const stop = new AbortController()
  const seen: Array<[string, unknown, unknown]> = []
  const reading = (async () => {
    for await (const event of controller.events.subscribe('red' as never, null, stop.signal)) {
      if (!('data' in event) || event.data.id !== mover.vnic) continue
      const { status, migration } = event.data as VnicView
      seen.push([event.type, status, migration?.status ?? null])
    }
  })()
  await call('POST', path, { hypervisor: 'hv1' }, WAIT)
  await call('DELETE', path)
  await call('POST', path, { hypervisor: 'hv1' }, WAIT)
  await bind(mover.vnic, 1)
  await until(async () => (await show()).status === 'active' && seen.at(-1)?.[1] === 'active')
  stop.abort()
  await reading
  t.same(seen, [
    ['vnic.updated', 'active', 'preparing'],
    ['vnic.status', 'active', 'preparing'],
    ['vnic.status', 'active', 'prepared'],
    ['vnic.updated', 'active', null],
    ['vnic.status', 'active', null],
    ['vnic.updated', 'active', 'preparing'],
    ['vnic.status', 'active', 'preparing'],
    ['vnic.status', 'active', 'prepared'],
    ['vnic.status', 'building', null],
    ['vnic.status', 'active', null],
  ])
})

t.test('a migration survives a restart of the controller, and a store without migrations opens', async (t) => {
  const store = new MemoryStore()
  const { call, path, mover } = await cloud(t, 'vxlan', store)
  t.match(await call('POST', path, { hypervisor: 'hv1' }, WAIT), { status: 200 })
  const again = await apiOn(t, { store })
  t.match((await again.call('GET', mover.path)).body, {
    migration: { hypervisor: 'hv1', status: 'error' },
    revision: 3,
  })
  const key = `vnic/${mover.vnic}`
  const { migratesTo, ...old } = ((await store.get(key))?.value ?? {}) as Record<string, Json>
  t.equal(migratesTo, 'hv1')
  await store.commit([{ put: key, value: old }])
  const older = await apiOn(t, { store })
  t.match((await older.call('GET', mover.path)).body, { migration: null })
})

t.test(
  'activation: 202 until the VNIC is active at the target, then 200; a body that says neither is refused',
  async (t) => {
    const { call, path, show, bind, mover } = await cloud(t)
    t.match(await call('POST', path, { activate: true }), {
      status: 404,
      body: { code: 'not-found', detail: /is not migrating: name the hypervisor that it goes to/ },
    })
    t.match(await call('POST', path, { activate: false }), { status: 400, body: { field: 'hypervisor' } })
    t.match(await call('POST', path, { hypervisor: 'hv1', activate: 'yes' }), {
      status: 400,
      body: { field: 'activate' },
    })
    t.match(await call('POST', path, { hypervisor: 'hv1' }, WAIT), {
      status: 200,
      body: { migration: { activate: false, interface: null }, revision: 3 },
    })
    t.match(await call('POST', path, { activate: true }, { 'if-match': '"2"' }), { status: 412 })
    t.match(await call('POST', path, { activate: true }, { 'if-match': '"3"' }), {
      status: 202,
      body: { migration: { hypervisor: 'hv1', status: 'prepared', activate: true }, revision: 4 },
    })
    t.match(await call('POST', path, { hypervisor: 'hv1' }), { body: { migration: { activate: true }, revision: 4 } })
    const held = call('POST', path, { hypervisor: 'hv1', activate: true }, WAIT)
    await bind(mover.vnic, 1)
    t.match(await held, { status: 200, body: { status: 'active', migration: null, binding: { hypervisor: 'hv1' } } })
    t.match(await call('POST', path, { hypervisor: 'hv1', activate: true }, WAIT), {
      status: 200,
      body: { revision: 4 },
    })
    t.match(await show(), { migration: null, revision: 4 })
  },
)

t.test('role reader may not change anything', async (t) => {
  const { call } = await apiOn(t, { tokens: { r: { project: 'red', role: 'reader' } } })
  const answer = await call('POST', `${RED}/vnics/x/migration`, { hypervisor: 'h' }, { authorization: 'Bearer r' })
  t.match(answer, { status: 403, body: { code: 'forbidden' } })
})
