/** What a change makes stale, and that this is no more than it affects. Law 1 checks that it is enough. */
import t from 'tap'
import { apply, type Change } from '../../topology/change.ts'
import type { Graph } from '../../topology/graph.ts'
import { stale } from '../../topology/stale.ts'
import { graphOf } from '../support/cloud.ts'
import {
  binding,
  hypervisor,
  networkId,
  port,
  portId,
  vlanNetwork,
  vnic,
  vnicId,
  vxlanNetwork,
} from '../support/nodes.ts'

/** Stale pairs as sorted text: `hv0 port-1`. */
function staleBy(graph: Graph, change: Change): string[] {
  const pairs = new Set<string>()
  const mark = (where: string, key: number) => pairs.add(`${where} ${graph.byKey.get(key as never)?.id ?? key}`)
  stale(graph, change, mark)
  const undo = apply(graph, change)
  stale(graph, undo, mark)
  return [...pairs].sort()
}

/** A network of three ports on three hypervisors, and another network on the same hypervisors. */
const cloud = (make: typeof vlanNetwork) => {
  const [a, b] = [make(1), make(2)]
  return graphOf({
    hypervisors: [0, 1, 2].map((n) => hypervisor(n)),
    networks: [a, b],
    ports: [port(0, a), port(1, a), port(2, a), port(3, a), port(4, b), port(5, b), port(6, b)],
    vnics: [vnic(0, 0), vnic(1, 1), vnic(2, 2), vnic(3, null), vnic(4, 4), vnic(5, 5), vnic(6, 6)],
    bindings: [0, 1, 2].flatMap((n) => [binding(n, n), binding(n + 4, n)]).concat(binding(3, 0)),
  })
}
const plug: Change = { kind: 'vnic', id: vnicId(3), to: vnic(3, 3) }

t.test('VLAN: a plug concerns its own hypervisor only', async (t) => {
  t.strictSame(staleBy(cloud(vlanNetwork), plug), ['hv0 network-1', 'hv0 port-3'])
})

t.test('VXLAN: a plug concerns its port on each hypervisor with members, and the flood at home', async (t) => {
  t.strictSame(staleBy(cloud(vxlanNetwork), plug), ['hv0 network-1', 'hv0 port-3', 'hv1 port-3', 'hv2 port-3'])
})

t.test(
  'VXLAN: the first member on a hypervisor brings it into the flood of the others, and all members to it',
  async (t) => {
    const graph = cloud(vxlanNetwork)
    apply(graph, { kind: 'binding', id: vnicId(0), to: null })
    t.strictSame(staleBy(graph, plug), [
      'hv0 network-1',
      'hv0 port-1',
      'hv0 port-2',
      'hv0 port-3',
      'hv1 network-1',
      'hv1 port-3',
      'hv2 network-1',
      'hv2 port-3',
    ])
  },
)

t.test('a VNIC without an interface or a port concerns no switch', async (t) => {
  const graph = cloud(vxlanNetwork)
  t.strictSame(staleBy(graph, { kind: 'vnic', id: vnicId(3), to: vnic(3, null) }), [])
  apply(graph, { kind: 'binding', id: vnicId(3), to: null })
  t.strictSame(staleBy(graph, plug), [])
  t.strictSame(staleBy(graph, { kind: 'network', id: networkId(9), to: vlanNetwork(9) }), [])
})

t.test('a move between hypervisors concerns both', async (t) => {
  t.strictSame(staleBy(cloud(vlanNetwork), { kind: 'binding', id: vnicId(0), to: binding(0, 1) }), [
    'hv0 network-1',
    'hv0 port-0',
    'hv1 network-1',
    'hv1 port-0',
  ])
})

t.test('a migration concerns the target hypervisor, and on an overlay also its peers', async (t) => {
  const migrate: Change = { kind: 'vnic', id: vnicId(0), to: vnic(0, 0, { migratesTo: 'hv1' as never }) }
  const at = (pairs: string[], where: string) => pairs.filter((pair) => pair.startsWith(where))
  t.strictSame(at(staleBy(cloud(vlanNetwork), migrate), 'hv1'), ['hv1 network-1', 'hv1 port-0'])
  const graph = cloud(vxlanNetwork)
  apply(graph, { kind: 'binding', id: vnicId(1), to: null })
  const pairs = staleBy(graph, migrate)
  t.strictSame(at(pairs, 'hv1'), ['hv1 network-1', 'hv1 port-0', 'hv1 port-2'])
  t.ok(pairs.includes('hv2 network-1'), 'which sends a copy there')
})

t.test('a port that goes down on an overlay concerns its own hypervisor and the peers that knew it', async (t) => {
  const down: Change = { kind: 'port', id: portId(0), to: port(0, vxlanNetwork(1), { adminUp: false }) }
  const pairs = staleBy(cloud(vxlanNetwork), down)
  t.ok(pairs.includes('hv1 port-0') && pairs.includes('hv2 network-1'))
  t.notOk(pairs.some((pair) => pair.includes('network-2')))
})
