/** The state that is read from the rows of a host. */
import t from 'tap'
import { readHost } from '../../src/hypervisors/facts.ts'
import { type RowsWish, rowsOf } from '../support/ovsdb-rows.ts'

const VNIC = '11111111-1111-4111-8111-111111111111'

const iface = (name: string, ofport: number | null, id = VNIC) => ({
  name,
  ofport,
  external_ids: new Map([['iface-id', id]]),
})
const bound = (wish: RowsWish, before?: string) =>
  readHost(rowsOf(wish), () => (before ? ({ hypervisor: 'hv1', interface: before } as never) : undefined))

t.test('B01: an ofport that is absent, 0 or -1 is no port number', async (t) => {
  for (const [ofport, wanted] of [
    [null, null],
    [0, null],
    [-1, null],
    [5, 5],
  ] as const) {
    const [binding] = bound({ bridges: { 'br-int': [iface('tap0', ofport)] } }).claims.values()
    t.match(binding, { interface: 'tap0', bridge: 'br-int', hypervisor: 'hv1', ofport: wanted })
  }
})

t.test('B02, B06: only an id on the integration bridge binds', async (t) => {
  t.equal(bound({ bridges: { 'br-int': [{ name: 'tap0' }] } }).claims.size, 0, 'no id')
  t.equal(bound({ bridges: { 'br-int': [iface('tap0', 5, 'vm-7')] } }).claims.size, 0, 'an id that is not ours')
  t.equal(bound({ bridges: { 'br-int': [], 'br-eth1': [iface('tap0', 5)] } }).claims.size, 0, 'another bridge')
  t.equal(bound({ bridges: {} }).claims.size, 0, 'no bridge at all')
})

t.test('B03: of two interfaces with one id the bound one stays bound, and a condition reports it', async (t) => {
  const two = { bridges: { 'br-int': [iface('tap1', 6), iface('tap0', 5)] } }
  t.match([...bound(two).claims.values()], [{ interface: 'tap0' }], 'the first by name, if neither is bound')
  const kept = bound(two, 'tap1')
  t.match([...kept.claims.values()], [{ interface: 'tap1', ofport: 6 }])
  t.match(kept.conditions, [{ code: 'duplicate-iface-id', message: /tap1 is bound; clear it on the other/ }])
})

t.test(
  'B03: of two interfaces with one id, one with a port number is preferred to the bound one without',
  async (t) => {
    const { claims } = bound({ bridges: { 'br-int': [iface('tap0', -1), iface('tap1', 6)] } }, 'tap0')
    t.match([...claims.values()], [{ interface: 'tap1', ofport: 6 }])
  },
)

t.test('a port towards the fabric is never bound, whatever its iface-id', async (t) => {
  const external_ids = new Map([
    ['iface-id', VNIC],
    ['plugboard-role', 'uplink:physnet1'],
  ])
  const { claims, conditions } = bound({ bridges: { 'br-int': [{ name: 'plug-physnet1-int', external_ids }] } })
  t.equal(claims.size, 0)
  t.match(conditions, [{ code: 'fabric-iface-id' }])
})

t.test('B10: two physical networks cannot share a bridge, where they would share their VLANs', async (t) => {
  const external = { 'plugboard-bridge-mappings': 'physnet1:br-eth1,physnet2:br-eth1' }
  const { facts, conditions } = bound({ external, bridges: { 'br-int': [], 'br-eth1': [] } })
  t.strictSame(facts.bridgeMappings, { physnet1: 'br-eth1' })
  t.match(conditions, [{ code: 'bad-bridge-mapping', message: /physnet2:br-eth1/ }])
})

t.test('the reason why a port towards the fabric cannot be made is one of the facts', async (t) => {
  const external = { 'plugboard-bridge-mappings': 'physnet1:br-eth1' }
  const { facts, troubles } = bound({
    external,
    bridges: {
      'br-int': [
        {
          name: 'plug-vxlan',
          ofport: -1,
          error: 'could not add network device',
          external_ids: new Map([['plugboard-role', 'tunnel:vxlan']]),
        },
      ],
    },
  })
  t.match(facts.faults, { 'uplink:physnet1': /hv1.*br-eth1/, 'tunnel:vxlan': /could not add network device/ })
  t.match(troubles, [{ code: 'bridge-missing', stopped: { kind: 'role', role: 'uplink:physnet1' } }])
})

t.test('settings of the host become facts, and wrong ones become conditions', async (t) => {
  const external = {
    hostname: 'h1',
    'plugboard-bridge-mappings': ' physnet1:br-eth1, nonsense ,physnet2:br-int,physnet1:br-eth9',
    'plugboard-encap-ip': '10.0.0.300',
    'plugboard-datapath-type': 'fast',
  }
  const { facts, conditions, datapathType } = bound({
    external,
    bridges: { 'br-int': [], 'br-eth1': [] },
  })
  t.match(facts, { hostname: 'h1', ovsVersion: '3.1.0', encapIp: null, datapathId: '00000000000000aa' })
  t.strictSame(facts.bridgeMappings, { physnet1: 'br-eth1' })
  t.equal(datapathType, null)
  const codes = conditions.map(({ code }) => code).sort()
  t.strictSame(codes, [
    'bad-bridge-mapping',
    'bad-bridge-mapping',
    'bad-bridge-mapping',
    'bad-datapath-type',
    'bad-encap-ip',
  ])
})

t.test('physical networks may have names that objects have, too', async (t) => {
  const external = { 'plugboard-bridge-mappings': 'constructor:br-a,__proto__:br-b,toString:br-c' }
  const { facts, conditions } = bound({ external, bridges: { 'br-int': [], 'br-a': [], 'br-b': [], 'br-c': [] } })
  t.same(Object.entries(facts.bridgeMappings).flat().join(' '), 'constructor br-a __proto__ br-b toString br-c')
  t.same(conditions, [])
})

t.test('ports towards the fabric are recognised by their role', async (t) => {
  const role = (name: string, value: string, ofport: number) => ({
    name,
    ofport,
    external_ids: new Map([['plugboard-role', value]]),
  })
  const { facts } = bound({ bridges: { 'br-int': [role('a', 'uplink:physnet1', 3), role('b', 'tunnel:vxlan', -1)] } })
  t.strictSame(facts.fabric, { 'uplink:physnet1': 3 })
})
