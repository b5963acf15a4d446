/** Trunks over HTTP, with fake switches: allowed requests, the status of sub-ports, and the rules that a trunk changes. */
import t from 'tap'
import { METERS_PER_VNIC } from '../../../flows/pipeline/vnic-meter.ts'
import type { PortId } from '../../../topology/ids.ts'
import { apiOn } from '../../support/api.ts'
import { follow } from '../../support/events.ts'
import { MemoryStore } from '../../support/memory-store.ts'
import { busyProjectOn, RED } from '../../support/project.ts'
import { until } from '../../support/switches.ts'

type Test = Parameters<typeof apiOn>[0]

const NOBODY = '3f2a9c1e-0b6d-4c57-9d2e-5b8a7f1c0e44'

/** One hypervisor with a switch. */
async function cloud(t: Test, store = new MemoryStore()) {
  const project = await busyProjectOn(t, 1, 1, { store })
  const { switches, bind, showPort: show, patchPort: patch } = project
  const [target] = switches
  if (!target) throw new Error('no switch has connected')
  const carry = (id: string, ...subs: Array<[number, string]>) =>
    patch(id, { trunk: subs.map(([vlan_id, port_id]) => ({ vlan_id, port_id })) })
  return { ...project, target, bind: (id: string) => bind(id, 0), show, patch, carry }
}

t.test(
  'sub-ports are added and removed: both ports show it, with the status of the VNIC, and no rule of the parent changes',
  async (t) => {
    const { target, port, vnic, bind, plug, show, carry, call } = await cloud(t)
    const [parent, one, two] = [await port(), await port(), await port()]
    t.match(await show(parent), { trunk: [], trunk_port_id: null, trunk_vlan_id: null })
    t.match(await carry(parent, [200, two], [100, one]), {
      status: 200,
      body: {
        trunk: [
          { vlan_id: 100, port_id: one },
          { vlan_id: 200, port_id: two },
        ],
        revision: 2,
      },
    })
    t.match(await show(one), { trunk_port_id: parent, trunk_vlan_id: 100, vnic_id: null, status: 'down', revision: 2 })
    const id = await vnic()
    await bind(id)
    t.match(await plug(id, parent), { status: 200, body: { status: 'active' } })
    t.match(await show(two), { status: 'active', vnic_id: null })
    t.match(target.lines().join('\n'), /in_port=5,dl_vlan=100 actions=pop_vlan/)
    t.match(target.lines().join('\n'), /actions=push_vlan:0x8100,set_field:4296->vlan_vid,output:5,pop_vlan/)

    const three = await port()
    const before = target.lines()
    t.match(await carry(parent, [100, one], [201, two], [300, three]), { status: 200 })
    const gone = before.filter((line) => !target.lines().includes(line))
    t.ok(gone.length > 0)
    t.same(
      gone.filter((line) => !/dl_vlan=200|4296/.test(line)),
      [],
      'only the sub-port whose tag has changed',
    )
    await until(async () => (await show(three)).status === 'active')
    t.match(await show(two), { trunk_vlan_id: 201, revision: 3, status: 'active' })
    t.match(await show(one), { revision: 2 }, 'no event for this one')

    t.match(await carry(parent), { status: 200, body: { trunk: [] } })
    t.match(await show(one), { trunk_port_id: null, trunk_vlan_id: null, status: 'down' })
    t.notMatch(target.lines().join('\n'), /4\d\d\d->vlan_vid,output:5/, 'removed before the answer')
    t.match(await call('DELETE', `${RED}/ports/${one}`), { status: 204 })
  },
)

t.test('a port that is administratively down carries nothing; a sub-port has a state of its own', async (t) => {
  const { target, port, vnic, bind, plug, show, carry, patch } = await cloud(t)
  const [parent, sub] = [await port(), await port()]
  await carry(parent, [100, sub])
  const id = await vnic()
  await bind(id)
  await plug(id, parent)
  t.match(await patch(sub, { admin_state_up: false }), { status: 200, body: { status: 'down' } })
  t.match(target.lines().join('\n'), /in_port=5,dl_vlan=100 actions=drop/)
  t.match(await show(parent), { status: 'active' })
  await patch(sub, { admin_state_up: true })
  t.match(await patch(parent, { admin_state_up: false }), { status: 200, body: { status: 'down' } })
  t.match(await show(sub), { status: 'down', status_detail: /administratively down/ })
  t.notMatch(target.lines().join('\n'), /dl_vlan=100 /)
  t.notMatch(target.lines().join('\n'), /output:5\b/)
  await patch(parent, { admin_state_up: true })
  await until(async () => (await show(sub)).status === 'active')
})

t.test('the limit of a parent port is for all sub-ports, and is removed with all its meters', async (t) => {
  const { target, port, vnic, bind, plug, carry, patch, show } = await cloud(t)
  const [parent, sub] = [await port(), await port()]
  const id = await vnic()
  await bind(id)
  await plug(id, parent)
  await carry(parent, [100, sub])
  await until(async () => (await show(sub)).status === 'active')
  const before = target.lines()
  const metered = () => target.lines().filter((line) => /meter:2[01],/.test(line))
  t.match(await patch(parent, { rate_limit: { ingress_kbps: 1000, egress_kbps: 2000 } }), { status: 200 })
  const meters = () => [...target.meters.keys()].filter((id) => id >= METERS_PER_VNIC)
  t.strictSame(meters(), [20, 21])
  const words = metered().join('\n')
  t.equal(metered().length, 4)
  for (const way of [/in_port=5,vlan_tci=\S+ actions=meter:20,/, /in_port=5,dl_vlan=100 actions=meter:20,/]) {
    t.match(words, way, 'from the VM')
  }
  for (const way of [/clone\(meter:21,output:5\)/, /clone\(meter:21,push_vlan:\S+,output:5,pop_vlan\)/]) {
    t.match(words, way, 'to the VM')
  }
  t.match(await show(sub), { rate_limit: null, status: 'active' })
  await carry(parent)
  t.equal(metered().length, 2)
  await carry(parent, [100, sub])
  await until(async () => (await show(sub)).status === 'active')
  t.equal(metered().length, 4, 'a sub-port that is added later is limited, too')
  t.match(await patch(parent, { rate_limit: null }), { status: 200 })
  t.strictSame([target.lines(), meters()], [before, []])
})

t.test('sub-ports have the same events as the port with the VNIC', async (t) => {
  const { app, port, vnic, bind, plug, carry, call, patch } = await cloud(t)
  const names = new Map<unknown, string>()
  for (const name of ['parent', 'one', 'two']) names.set(await port(), name)
  const [parent = '', one = '', two = ''] = [...names.keys()].map(String)
  await carry(parent, [100, one], [200, two])
  const id = await vnic()
  const stream = await follow(`${await app.listen({ port: 0, host: '127.0.0.1' })}/v1${RED}/events`)
  t.teardown(() => stream.stop())
  const told = () =>
    stream.seen
      .filter(({ event }) => event === 'port.status')
      .map(({ data }) => `${names.get(data.id)} ${data.status}`)
      .sort()
  const all = (status: string) => [`one ${status}`, `parent ${status}`, `two ${status}`]
  const next = async (wanted: readonly string[]) => {
    await until(() => wanted.every((each) => told().includes(each)))
    t.strictSame(told(), wanted)
    stream.seen.length = 0
  }
  await call('PUT', `${RED}/vnics/${id}/port`, { port_id: parent })
  await next(all('waiting'))
  await bind(id)
  await plug(id, parent)
  await until(() => all('active').every((each) => told().includes(each)))
  t.strictSame(
    told().filter((each) => !each.endsWith('building')),
    all('active'),
  )
  stream.seen.length = 0
  await patch(one, { admin_state_up: false })
  await next(['one down'])
  await call('DELETE', `${RED}/vnics/${id}/port`)
  await next(['parent down', 'two down'])
})

t.test('ports that cannot be in a trunk', async (t) => {
  const { port, network, vnic, plug, carry, call, patch } = await cloud(t)
  const refused = async (answer: ReturnType<typeof carry>, status: number, code: string, detail: RegExp) =>
    t.match(await answer, { status, body: { code, field: 'trunk', detail } })
  const home = await network()
  const [parent, one, two, beside] = [await port(home), await port(), await port(), await port(home)]
  await refused(carry(parent, [100, NOBODY]), 404, 'not-found', /has no port/)
  const blue = await call('POST', '/projects/blue/networks', {})
  const theirs = await call('POST', `/projects/blue/networks/${blue.body.id}/ports`, {})
  await refused(carry(parent, [100, String(theirs.body.id)]), 404, 'not-found', /has no port/)
  await refused(carry(parent, [0, one]), 400, 'bad-request', /1 to 4094/)
  await refused(carry(parent, [4095, one]), 400, 'bad-request', /1 to 4094/)
  await refused(carry(parent, [100, one], [100, two]), 400, 'bad-request', /twice/)
  await refused(carry(parent, [100, one], [101, one]), 400, 'bad-request', /twice/)
  await refused(carry(parent, [100, parent]), 400, 'bad-request', /own trunk/)
  await refused(carry(parent, [100, beside]), 409, 'mac-in-use', /both in network/)

  t.match(await carry(parent, [100, one]), { status: 200 })
  await refused(carry(two, [100, one]), 409, 'port-in-use', /take it out/)
  await refused(carry(one, [100, two]), 400, 'bad-request', /cannot have one of its own/)
  await refused(carry(two, [100, parent]), 400, 'bad-request', /has a trunk of its own/)
  t.match(await plug(await vnic(), one, {}), { status: 409, body: { code: 'port-in-use' } })
  t.match(await call('DELETE', `${RED}/ports/${one}`), {
    status: 409,
    body: { code: 'port-in-use', detail: new RegExp(parent) },
  })
  t.match(await patch(one, { rate_limit: { egress_kbps: 1000 } }), { status: 400, body: { code: 'unsupported' } })
  t.match(
    await call('DELETE', `${RED}/ports/${parent}`),
    { status: 204 },
    'the parent port is destroyed, and its sub-ports stay',
  )
  const id = await vnic()
  t.match(await plug(id, one, {}), { status: 202 })
  await refused(carry(two, [100, one]), 409, 'port-in-use', /is plugged into/)

  const limited = await port(undefined, { rate_limit: { egress_kbps: 1000 } })
  await refused(carry(two, [100, limited]), 400, 'unsupported', /rate limit/)
  const bridge = { remote_ip: '192.0.2.99', tunnel_type: 'vxlan', tunnel_key: 7 }
  const site = await call('POST', `${RED}/networks/${await network()}/ports`, bridge)
  t.match(site, { status: 201 })
  await refused(carry(two, [100, String(site.body.id)]), 400, 'unsupported', /remote site/)
})

t.test('the same MAC address twice in a network is refused on every path', async (t) => {
  const { port, network, vnic, plug, carry } = await cloud(t)
  const shared = await network()
  const mac_address = '02:00:00:00:00:77'
  const [one, two] = [await vnic({ mac_address }), await vnic({ mac_address })]
  const [there, sub, parent] = [await port(shared), await port(shared), await port()]
  await plug(one, there, {})
  t.match(await carry(parent, [100, sub]), { status: 200 })
  t.match(await plug(two, parent, {}), { status: 409, body: { code: 'mac-in-use', field: 'trunk' } })
  await carry(parent)
  t.match(await plug(two, parent, {}), { status: 202 })
  t.match(await carry(parent, [100, sub]), { status: 409, body: { code: 'mac-in-use', field: 'trunk' } })
  const other = await port()
  t.match(await carry(parent, [100, other]), { status: 200 })
})

t.test('made with a trunk, repeated, restarted; stores of older versions open', async (t) => {
  const store = new MemoryStore()
  const { port, network, call, show, controller } = await cloud(t, store)
  const [sub, home] = [await port(), await network()]
  const body = { id: NOBODY, trunk: [{ vlan_id: 7, port_id: sub }] }
  const path = `${RED}/networks/${home}/ports`
  t.match(await call('POST', path, body), { status: 201, body: { trunk: body.trunk } })
  t.match(await call('POST', path, body), { status: 200 })
  t.match(await call('POST', path, { ...body, trunk: [] }), { status: 409, body: { code: 'id-conflict' } })
  t.match(await show(sub), { trunk_port_id: NOBODY, trunk_vlan_id: 7 })
  t.ok(controller.graph.carrierOf(sub as PortId))
  const { value } = (await store.get(`port/${sub}`)) ?? {}
  const { trunk: _, ...older } = value as Record<string, never>
  await store.commit([{ put: `port/${sub}`, value: older }])
  const again = await apiOn(t, { store })
  t.match((await again.call('GET', `${RED}/ports/${NOBODY}`)).body, { trunk: body.trunk })
  t.match((await again.call('GET', `${RED}/ports/${sub}`)).body, { trunk: [], trunk_port_id: NOBODY })
})
