/** The networks that the docs page of the pipeline explains, and clouds in which every stage makes all its kinds of rules. */
import { compileByStage, objectsOn, type Wanted } from '../../flows/compile.ts'
import { PIPELINE } from '../../flows/stages/assembled.ts'
import type { Graph } from '../../topology/graph.ts'
import type { Network } from '../../topology/model.ts'
import { graphOf, rulesOn } from './cloud.ts'
import {
  binding,
  ENGINES,
  hypervisor,
  hypervisorId,
  natNetwork,
  natPort,
  port,
  portId,
  vlanNetwork,
  vnic,
  vxlanNetwork,
  wire,
} from './nodes.ts'

/** Two members on one hypervisor, one on another. */
function cloud(make: typeof vlanNetwork, portOf: typeof port = port): Graph {
  const network = { ...make(1), name: 'blue' }
  return graphOf({
    hypervisors: [hypervisor(0), hypervisor(1)],
    networks: [network],
    ports: [0, 1, 2].map((n) => portOf(n, network)),
    vnics: [vnic(0, 0), vnic(1, 1), vnic(2, 2)],
    bindings: [binding(0, 0), binding(1, 0), binding(2, 1)],
  })
}

const clouds = {
  vlan: cloud(vlanNetwork),
  vxlan: cloud(vxlanNetwork),
  nat: cloud(natNetwork, (n) => natPort(n, 1, n + 1)),
}

const who =
  'VNICs 0 and 1 are on this hypervisor, in ports 10 and 11; VNIC 2 is on another one, 192.0.2.2. Ports 1001 and 1002 lead to the physical network and into tunnels.'

export const EXAMPLES = [
  { title: 'A network on a VLAN', words: `Network "blue" has VLAN 101. ${who}`, rules: rulesOn(clouds.vlan, 0) },
  { title: 'A network over VXLAN', words: `Network "blue" has VNI 5001. ${who}`, rules: rulesOn(clouds.vxlan, 0) },
  {
    title: 'A NATed network',
    words: `Network "blue" has 203.0.113.16/28 of 203.0.113.0/24, which VLAN 50 carries; the router there is 203.0.113.1. ${who}`,
    rules: rulesOn(clouds.nat, 0),
  },
]

/** Members with known addresses on a network that is bridged to a remote site, and a trunk with limits. */
function everything(): Graph {
  const ipv6 = { prefix: 'fd09::/64', mode: 'slaac', dns: [] }
  const bridged: Network = { ...vxlanNetwork(1), attributes: { ipv6 } }
  return graphOf({
    hypervisors: [hypervisor(0), hypervisor(1)],
    networks: [bridged, vlanNetwork(2)],
    ports: [
      port(0, bridged, { floodUnknown: true, attributes: { ip_addresses: ['10.0.0.7'] } }),
      port(1, vlanNetwork(2), {
        trunk: [{ vlanId: 7, portId: portId(2) }],
        rateLimit: { ingressKbps: 1000, egressKbps: 1000, burstKbit: null },
      }),
      port(2, bridged),
      wire(3, bridged, 0),
      wire(4),
      port(5, bridged, { adminUp: false }),
    ],
    vnics: [vnic(0, 0), vnic(1, 1), vnic(4, 4), vnic(5, 5)],
    bindings: [binding(0, 0), binding(1, 0), binding(4, 0), binding(5, 0)],
  })
}

/** More members than one rule can send copies to. */
function crowded(): Graph {
  const network = vlanNetwork(1)
  const each = [...Array(1600).keys()]
  return graphOf({
    hypervisors: [hypervisor(0)],
    networks: [network],
    ports: each.map((n) => ({ ...port(n, network), key: (10_000 + n) as never })),
    vnics: each.map((n) => ({ ...vnic(n, n), key: (20_000 + n) as never })),
    bindings: each.map((n) => binding(n, 0)),
  })
}

/** The rules of all these clouds, by the stage that makes them. */
export const BY_STAGE: readonly Wanted[] = [...Object.values(clouds), everything(), crowded()].flatMap((graph) =>
  [...new Set(objectsOn(graph, hypervisorId(0)))].flatMap((object) =>
    compileByStage({ graph, engines: ENGINES, pipeline: PIPELINE }, hypervisorId(0), object),
  ),
)
