/** What the controller writes into the OVSDB of a host: the integration bridge and the ports towards the fabric. */
import t from 'tap'
import { datapathIdOf } from '../../src/hypervisors/provision.ts'
import { FABRIC, ovsdbCloud, skip } from '../support/hosts.ts'
import type { OvsdbHost } from '../support/ovsdb-host.ts'
import { until } from '../support/switches.ts'

const marked = (host: OvsdbHost): string[] =>
  host
    .rows('Interface')
    .filter(({ external_ids }) => external_ids.has('plugboard-role'))
    .map(({ name }) => name)
    .sort()
const PORTS = ['plug-geneve', 'plug-gre', 'plug-physnet1-ext', 'plug-physnet1-int', 'plug-vxlan']

t.test(
  'B20, B25a: br-int is created with the right settings, and created again when somebody deletes it',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const host = await cloud.host('hv1')
    const wanted = {
      fail_mode: 'secure',
      datapath_id: datapathIdOf('hv1'),
      other_config: new Map([
        ['datapath-id', datapathIdOf('hv1')],
        ['disable-in-band', 'true'],
      ]),
    }
    t.match(host.bridge('br-int'), wanted)
    t.match(host.rows('Controller'), [{ connection_mode: 'out-of-band', max_backoff: 1_000 }])
    await host.removeBridge('br-int')
    await host.ready()
    await cloud.settled(host)
    t.match(host.bridge('br-int'), wanted)
  },
)

t.test('B25a: a bridge that has no fixed datapath id gets one, and keeps one that it has', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const bare = await cloud.host('hv1', {}, (host) => host.addBridge('br-int'))
  await until(() => bare.bridge('br-int')?.datapath_id === datapathIdOf('hv1'))
  const fixed = await cloud.host('hv2', {}, (host) => host.addBridge('br-int', { 'datapath-id': '00000000000000bb' }))
  for (const [host, id] of [
    [bare, datapathIdOf('hv1')],
    [fixed, '00000000000000bb'],
  ] as const) {
    await host.addInterface('tap0', { ofport: 5 })
    await cloud.settled(host)
    t.equal(host.bridge('br-int')?.other_config.get('datapath-id'), id)
    t.equal(cloud.hypervisor(host.systemId)?.datapathId, id)
  }
})

t.test('B31: ports towards the fabric are made once', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1', FABRIC)
  await until(() => Object.keys(cloud.hypervisor('hv1')?.fabric ?? {}).length === 4)
  t.same(marked(host), PORTS)
  const before = { ...cloud.hypervisor('hv1')?.fabric }
  await host.restart()
  await cloud.join(host)
  t.same(marked(host), PORTS)
  t.same(cloud.hypervisor('hv1')?.fabric, before, 'with the same port numbers')
})

t.test('a mapping to a missing bridge is a condition until the bridge exists', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1', { 'plugboard-bridge-mappings': 'physnet1:br-missing' })
  t.same(await cloud.conditions('hv1'), ['bridge-missing'])
  t.same(marked(host), [])
  await host.addBridge('br-missing')
  await until(() => marked(host).length === 2)
  await cloud.settled(host)
  t.same(await cloud.conditions('hv1'), [])
  await host.set({ 'plugboard-bridge-mappings': null })
  await until(() => marked(host).length === 0)
  await cloud.settled(host)
  t.same(cloud.hypervisor('hv1')?.bridgeMappings, {})
})

t.test('wrong settings become conditions, and the correct ones take effect', { skip }, async (t) => {
  const cloud = await ovsdbCloud(t)
  const host = await cloud.host('hv1', {
    'plugboard-bridge-mappings': 'physnet1:br-eth1,nonsense,physnet2:br-eth1,physnet3:br-int',
    'plugboard-encap-ip': '127.0.0.1',
    'plugboard-datapath-type': 'fast',
  })
  const bad = ['bad-bridge-mapping', 'bad-bridge-mapping', 'bad-bridge-mapping', 'bad-datapath-type', 'bad-encap-ip']
  t.same(await cloud.conditions('hv1'), [...bad, 'bridge-missing'])
  await host.addBridge('br-eth1')
  await host.set({ ...FABRIC, 'plugboard-datapath-type': 'netdev' })
  await until(() => marked(host).length === PORTS.length)
  await cloud.settled(host)
  t.same(await cloud.conditions('hv1'), ['uplink-broken'], 'br-eth1 has another datapath now')
  t.equal(host.bridge('br-int')?.datapath_type, 'netdev')
})

t.test(
  'a foreign interface with one of our names is left alone, and the port is created when it disappears',
  { skip },
  async (t) => {
    const cloud = await ovsdbCloud(t)
    const host = await cloud.host('hv1', {}, async (bare) => {
      await bare.addBridge('br-eth1')
      await bare.addInterface('plug-physnet1-ext', { ofport: 9 }, 'br-eth1')
    })
    await host.set(FABRIC)
    await cloud.settled(host)
    t.same(await cloud.conditions('hv1'), ['name-taken'])
    t.equal(host.interface('plug-physnet1-int'), undefined, 'no half of a pair')
    t.equal(host.interface('plug-physnet1-ext')?.ofport, 9)
    await host.removeInterface('plug-physnet1-ext')
    await until(() => marked(host).length === PORTS.length)
    await cloud.settled(host)
    t.same(await cloud.conditions('hv1'), [])
  },
)
