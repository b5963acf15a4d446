/** The networks that the docs page of the pipeline explains. */
import { graphOf, rulesOn } from './cloud.ts'
import { binding, hypervisor, natNetwork, natPort, port, vlanNetwork, vnic, vxlanNetwork } from './nodes.ts'

/** Two members on one hypervisor, one on another. */
function rules(make: typeof vlanNetwork, portOf: typeof port = port) {
  const network = { ...make(1), name: 'blue' }
  const graph = graphOf({
    hypervisors: [hypervisor(0), hypervisor(1)],
    networks: [network],
    ports: [0, 1, 2].map((n) => portOf(n, network)),
    vnics: [vnic(0, 0), vnic(1, 1), vnic(2, 2)],
    bindings: [binding(0, 0), binding(1, 0), binding(2, 1)],
  })
  return rulesOn(graph, 0)
}

const who =
  'VNICs 0 and 1 are on this hypervisor, in ports 10 and 11; VNIC 2 is on another one, 192.0.2.2. Ports 1001 and 1002 lead to the physical network and into tunnels.'

export const EXAMPLES = [
  { title: 'A network on a VLAN', words: `Network "blue" has VLAN 101. ${who}`, rules: rules(vlanNetwork) },
  { title: 'A network over VXLAN', words: `Network "blue" has VNI 5001. ${who}`, rules: rules(vxlanNetwork) },
  {
    title: 'A NATed network',
    words: `Network "blue" has 203.0.113.16/28 of 203.0.113.0/24, which VLAN 50 carries; the router there is 203.0.113.1. ${who}`,
    rules: rules(natNetwork, (n) => natPort(n, 1, n + 1)),
  },
]
