import t from 'tap'
import { geneve } from '../../../src/engines/geneve/geneve.ts'
import { vlan } from '../../../src/engines/vlan/vlan.ts'
import { vxlan } from '../../../src/engines/vxlan/vxlan.ts'
import { Graph } from '../../../topology/graph.ts'
import { hypervisor } from '../../support/nodes.ts'

const engine = vlan({
  physnet1: { vlans: [{ first: 10, last: 11 }] },
  physnet2: { vlans: [{ first: 10, last: 10 }] },
})

const { networks } = engine
if (!networks) throw new Error('engine vlan has networks')
const VNIS = [{ first: 4096, last: 5000 }]

t.test('B10: one VLAN id on two physical networks is two segments', async (t) => {
  const graph = new Graph()
  const [one, two] = ['physnet1', 'physnet2'].map((physical) =>
    networks.plan(graph, { physical_network: physical, vlan_id: 10 }, {}),
  )
  t.not(one?.segmentId, two?.segmentId)
})

t.test('if one physical network is full, the next one is used, unless the request names one', async (t) => {
  const graph = new Graph()
  for (const id of ['vlan/physnet1/10', 'vlan/physnet1/11']) {
    graph.setSegment(id, { id, partOf: null, owner: 16 as never, holders: [], freed: 0 })
  }
  t.match(networks.plan(graph, null, {}), { segment: { physical_network: 'physnet2', vlan_id: 10 } })
  t.throws(() => networks.plan(graph, { physical_network: 'physnet1' }, {}), { code: 'segments-exhausted' })
  t.throws(() => networks.plan(graph, { physical_network: 'physnet9' }, {}), {
    code: 'bad-request',
    field: 'segment.physical_network',
    message: 'physical network "physnet9" is not configured: physnet1, physnet2 is',
  })
})

t.test('B27: the MTU leaves room for the headers that the fabric adds', async (t) => {
  const graph = new Graph()
  t.equal(networks.mtu(graph), 1500)
  const overlay = [vxlan, geneve].map((make) => make({ underlayMtu: 1500, vnis: VNIS }).networks)
  t.strictSame(
    overlay.map((each) => each?.mtu(graph)),
    [1450, 1450],
  )
  graph.setHypervisor(hypervisor(0).id, hypervisor(0, { encapIp: '2001:db8::1' }))
  t.strictSame(
    overlay.map((each) => each?.mtu(graph)),
    [1430, 1430],
  )
  t.equal(vxlan({ underlayMtu: 9000, vnis: VNIS }).networks?.mtu(new Graph()), 8950)
})

t.test('a pool given out of order is used from its lowest number', async (t) => {
  const odd = vlan({
    p: {
      vlans: [
        { first: 30, last: 31 },
        { first: 5, last: 5 },
      ],
    },
  })
  const graph = new Graph()
  const taken: unknown[] = []
  for (let n = 0; n < 3; n++) {
    const { segment, segmentId } = odd.networks?.plan(graph, null, {}) ?? { segment: {}, segmentId: '' }
    graph.setSegment(segmentId, { id: segmentId, partOf: null, owner: 16 as never, holders: [], freed: 0 })
    taken.push(segment.vlan_id)
  }
  t.strictSame(taken, [5, 30, 31])
})

t.test('a host that would lose inner tags has a condition', async (t) => {
  t.match(engine.judgeHost(new Map([['vlan-limit', '2']])), [{ code: 'vlan-limit', message: /remove the key/ }])
  t.strictSame(engine.judgeHost(new Map([['vlan-limit', '1']])), [])
  t.strictSame(engine.judgeHost(new Map()), [])
})

t.test('fabric ports: a patch for each mapped physical network that is configured, one tunnel', async (t) => {
  const mapped = hypervisor(0, { bridgeMappings: { physnet1: 'br-eth1', other: 'br-eth2' } })
  t.strictSame(engine.fabricPorts(mapped), [{ role: 'uplink:physnet1', kind: 'patch', bridge: 'br-eth1' }])
  t.match(vxlan({ underlayMtu: 1500, vnis: VNIS }).fabricPorts(mapped), [
    { role: 'tunnel:vxlan', options: { local_ip: '192.0.2.1', key: 'flow' } },
  ])
  t.strictSame(vxlan({ underlayMtu: 1500, vnis: VNIS }).fabricPorts({ ...mapped, encapIp: null }), [])
})
