import t from 'tap'
import { readFloating } from '../../../src/config/floating.ts'
import { natIpv4 } from '../../../src/engines/nat-ipv4/nat-ipv4.ts'
import { Graph } from '../../../topology/graph.ts'

const floating = readFloating([{ prefix: '203.0.113.0/24', vlan: 50 }])
const { networks } = natIpv4({ physnet1: { vlans: [], floating }, 'a/b': { vlans: [], floating } })
if (!networks) throw new Error('engine nat-ipv4 has networks')

t.test('no two networks share an address, on two physical networks neither', async (t) => {
  const graph = new Graph()
  const plan = (physical_network: string, address_prefix: string) =>
    networks.plan(graph, { physical_network }, { address_prefix })
  for (const [one, other] of [
    ['physnet1', 'a/b'],
    ['a/b', 'physnet1'],
  ] as const) {
    const id = String(plan(one, '203.0.113.64/26').segmentId)
    graph.setSegment(id, { id, partOf: null, owner: 16 as never, holders: [], freed: 0 })
    const wrong = { code: 'prefix-overlap', message: /overlaps 203\.0\.113\.64\/26, which another network has/ }
    t.throws(() => plan(other, '203.0.113.0/24'), wrong, `of ${one}`)
    t.match(plan(other, '203.0.113.128/26'), { segment: { physical_network: other } })
    graph.setSegment(id, { id, partOf: null, owner: null, holders: [], freed: 0 })
  }
})
