/** Two connections with one system-id: a copied host, a host that reaches the controller twice, and one that comes back. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t from 'tap'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import { until } from '../support/switches.ts'

interface Teardown {
  teardown(stop: () => unknown): void
}

/** Another way to a port, which can lose everything without a word. */
async function detour(t: Teardown, port: number) {
  const sockets: Socket[] = []
  const server = createServer((incoming) => {
    const onward = connect(port, '127.0.0.1')
    sockets.push(incoming, onward)
    for (const socket of [incoming, onward]) socket.on('error', () => undefined)
    incoming.pipe(onward)
    onward.pipe(incoming)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  return {
    port: address && typeof address === 'object' ? address.port : 0,
    cut: () => {
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
  }
}

t.test('B55: a copied host is refused with a condition, and the first one keeps its place', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const { hosts } = cloud.controller
  const first = await cloud.host('hv1', FABRIC)
  await cloud.connectSwitch('hv1')
  const vnic = await cloud.vnic()
  await first.addInterface('tap1', { vnic, ofport: 1 })
  await until(() => cloud.status(vnic) === 'active')
  const copy = await cloud.newHost('hv1', FABRIC)
  await copy.join(cloud.port)
  await until(() => hosts.refusals > 1)
  t.ok((await cloud.conditions('hv1')).includes('duplicate-system-id'))
  const messages = (await cloud.messages('hv1')).join()
  t.match(messages, /the host at 127\.0\.0\.1 has the system-id of the host at 127\.0\.0\.1/)
  t.equal(copy.bridge('br-int'), undefined, 'nothing is written there')
  await until(() => !first.rows('Open_vSwitch')[0]?.external_ids.has('plugboard-nonce'))
  await cloud.settled(first)
  t.same([cloud.place(vnic), cloud.status(vnic)], ['hv1 tap1 1', 'active'])
  t.equal(hosts.lastError(first.id), null, 'the first connection has never ended')
  await copy.set({ 'system-id': 'hv2' })
  await until(() => hosts.connected(cloud.id('hv2')))
})

t.test(
  'B56: a host that reaches the controller twice has a spare connection, without flapping',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const { hosts } = cloud.controller
    const host = await cloud.host('hv1')
    const other = await detour(t, cloud.port)
    await host.joinAgain(other.port)
    await until(() => host.rows('Manager').every(({ is_connected }) => is_connected))
    await cloud.settled(host)
    t.equal(hosts.lastError(host.id), null, 'no connection has ended')
    t.same([hosts.refusals, hosts.size], [0, 1])
    t.notOk((await cloud.conditions('hv1')).includes('duplicate-system-id'))
    await host.leave()
    await until(() => !hosts.connected(host.id))
  },
)

t.test('B56: the spare connection takes the place of the first one when that ends', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const { hosts } = cloud.controller
  const first = await detour(t, cloud.port)
  const host = await cloud.newHost('hv1')
  await host.join(first.port)
  await host.ready()
  await host.joinAgain(cloud.port)
  await until(() => host.rows('Manager').every(({ is_connected }) => is_connected))
  await cloud.settled(host)
  t.equal(hosts.lastError(host.id), null)
  await host.removeManager(first.port)
  await until(() => hosts.lastError(host.id) !== null)
  await until(() => hosts.connected(host.id))
  await cloud.settled(host)
  t.equal(hosts.refusals, 0)
})

t.test('B55: a first connection that does not answer is replaced', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const { hosts } = cloud.controller
  const way = await detour(t, cloud.port)
  const host = await cloud.newHost('hv1')
  await host.join(way.port)
  await host.ready()
  await cloud.settled(host)
  way.cut()
  await host.join(cloud.port)
  await until(() => hosts.lastError(host.id) !== null || hosts.connected(host.id))
  await cloud.settled(host)
  t.same([hosts.refusals, hosts.size], [0, 1])
})
