import t from 'tap'
import { apply, type Change } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import type { Key, NetworkId, ProjectId } from '../../topology/ids.ts'
import { changesOf, graphOf } from '../support/cloud.ts'
import {
  binding,
  hypervisor,
  hypervisorId,
  networkId,
  port,
  portId,
  vlanNetwork,
  vnic,
  vnicId,
} from '../support/nodes.ts'

const network = vlanNetwork(1)
const nodes = {
  hypervisors: [hypervisor(0), hypervisor(1)],
  networks: [network],
  ports: [port(0, network), port(1, network, { adminUp: false })],
  vnics: [vnic(0, 0), vnic(1, 1)],
  bindings: [binding(0, 0), binding(1, 0)],
}

t.test('a placement joins port, VNIC and binding; only members that are up count', async (t) => {
  const graph = graphOf(nodes)
  t.match(graph.placement(portId(0)), { hypervisor: hypervisorId(0), ofport: 10, vnic: { id: vnicId(0) } })
  t.strictSame([...graph.members(networkId(1)).get(hypervisorId(0))], [portId(0)])
  t.strictSame([...graph.networksOn(hypervisorId(0)).get(networkId(1))], [portId(0), portId(1)])
  t.equal(graph.vnicOf(portId(1))?.id, vnicId(1))
  t.same(graph.byKey.get(network.key), { kind: 'network', id: network.id })
})

t.test('nodes may come in any order: an edge waits for its other end', async (t) => {
  const backwards = new Graph()
  for (const change of changesOf(nodes).reverse()) apply(backwards, change)
  t.match(backwards.placement(portId(0)), { ofport: 10 })
  t.strictSame([...backwards.members(networkId(1)).get(hypervisorId(0))], [portId(0)])
})

t.test('a port is at its place, and expected where its VNIC is to migrate', async (t) => {
  const migrating = vnic(0, 0, { migratesTo: hypervisorId(1) })
  const graph = graphOf({ ...nodes, vnics: [migrating, vnic(1, 1, { migratesTo: hypervisorId(1) })] })
  const places = () => [...graph.placesOf(portId(0))].map(({ hypervisor }) => hypervisor)
  t.strictSame(places(), [hypervisorId(0), hypervisorId(1)])
  t.equal(graph.placement(portId(0))?.hypervisor, hypervisorId(0))
  t.strictSame(
    [...graph.members(networkId(1)).get(hypervisorId(1))],
    [portId(0)],
    'a port that is down is not a member',
  )
  t.strictSame([...graph.networksOn(hypervisorId(1)).get(networkId(1))], [portId(0), portId(1)])
  t.strictSame([...graph.vnicsMigratingTo.get(hypervisorId(1))], [vnicId(0), vnicId(1)])
  apply(graph, { kind: 'binding', id: vnicId(0), to: binding(0, 1) })
  t.strictSame(places(), [hypervisorId(1)], 'when it has arrived, it has one place')
  apply(graph, { kind: 'vnic', id: vnicId(0), to: vnic(0, 0) })
  t.strictSame([...graph.members(networkId(1)).get(hypervisorId(1))], [portId(0)])
  apply(graph, { kind: 'vnic', id: vnicId(0), to: migrating })
  apply(graph, { kind: 'binding', id: vnicId(0), to: null })
  t.strictSame(places(), [hypervisorId(1)], 'nowhere, and expected')
  apply(graph, { kind: 'vnic', id: vnicId(0), to: null })
  t.strictSame(places(), [])
  t.notOk(graph.members(networkId(1)).has(hypervisorId(1)))
})

t.test('B01: without a port number there is no placement, and a new number moves it', async (t) => {
  const graph = graphOf({ ...nodes, bindings: [binding(0, 0, null)] })
  t.equal(graph.placement(portId(0)), undefined)
  apply(graph, { kind: 'binding', id: vnicId(0), to: binding(0, 0, 7) })
  t.equal(graph.placement(portId(0))?.ofport, 7)
  apply(graph, { kind: 'binding', id: vnicId(0), to: binding(0, 1, 9) })
  t.match(graph.placement(portId(0)), { hypervisor: hypervisorId(1), ofport: 9 })
  t.notOk(graph.members(networkId(1)).has(hypervisorId(0)), 'the old place is empty')
})

t.test('apply gives the change that takes it back', async (t) => {
  const graph = graphOf(nodes)
  const changes: Change[] = [
    { kind: 'vnic', id: vnicId(0), to: vnic(0, null) },
    { kind: 'binding', id: vnicId(1), to: null },
    { kind: 'port', id: portId(0), to: null },
    { kind: 'network', id: networkId(1), to: null },
    { kind: 'hypervisor', id: hypervisorId(0), to: null },
    { kind: 'segment', id: 's', to: { id: 's', partOf: null, owner: null, holders: [hypervisorId(1)], freed: 1 } },
  ]
  const undo = changes.map((change) => apply(graph, change))
  t.equal(graph.placement(portId(0)), undefined)
  t.equal(graph.byKey.get(network.key), undefined)
  t.strictSame([...graph.segmentsHeldBy.get(hypervisorId(1))], ['s'])
  for (const change of undo.reverse()) apply(graph, change)
  t.match(graph.placement(portId(0)), { ofport: 10 })
  t.strictSame(graph.networks.get(networkId(1)), network)
  t.strictSame([...graph.segmentsHeldBy.get(hypervisorId(1))], [])
})

t.test('a project lists its objects in the order of their creation, whatever changes in between', async (t) => {
  const graph = new Graph()
  const project = 'p' as ProjectId
  for (const n of [3, 1, 2]) apply(graph, { kind: 'network', id: networkId(n), to: vlanNetwork(n) })
  apply(graph, { kind: 'network', id: networkId(3), to: { ...vlanNetwork(3), name: 'new', revision: 2 } })
  t.strictSame([...graph.networksOfProject.get(project)], [3, 1, 2].map(networkId))
  apply(graph, { kind: 'network', id: networkId(1), to: null })
  t.strictSame([...graph.networksOfProject.get(project)], [3, 2].map(networkId))
  t.strictSame([...graph.networksOfProject.get('other' as ProjectId)], [])
})

t.test('a shared network is listed as such while it is', async (t) => {
  const graph = new Graph()
  apply(graph, { kind: 'network', id: networkId(1), to: { ...network, shared: true } })
  t.strictSame([...graph.sharedNetworks], [networkId(1)])
  apply(graph, { kind: 'network', id: networkId(1), to: null })
  t.equal(graph.sharedNetworks.size, 0)
})

t.test('a key that another object takes over stays with that one', async (t) => {
  const graph = new Graph()
  apply(graph, { kind: 'network', id: networkId(1), to: network })
  apply(graph, { kind: 'network', id: networkId(1), to: { ...network, key: 900 as Key } })
  t.equal(graph.byKey.get(network.key), undefined)
  t.same(graph.byKey.get(900 as Key), { kind: 'network', id: 'network-1' as NetworkId })
})

t.test('B125: tunnel addresses of hypervisors that never had a VNIC change no MTU, if others had one', async (t) => {
  const stranger = (n: number) => hypervisor(n, { encapIp: `fd00::${n}`, hadVnic: false })
  const strangers = [stranger(1), stranger(2)]
  const has = (...hypervisors: ReturnType<typeof hypervisor>[]) => graphOf({ hypervisors }).hasIpv6Tunnels
  t.equal(has(...strangers), true, 'nobody has had one')
  t.equal(has(...strangers, hypervisor(0)), false)
  t.equal(has(...strangers, hypervisor(0, { encapIp: 'fd00::9' })), true)
  const graph = graphOf({ hypervisors: [...strangers, hypervisor(0)] })
  for (const n of [1, 2]) graph.setHypervisor(hypervisorId(n), { ...stranger(n), hadVnic: true })
  t.equal(graph.hasIpv6Tunnels, true)
  for (const n of [1, 2]) graph.setHypervisor(hypervisorId(n), null)
  t.equal(graph.hasIpv6Tunnels, false)
})
