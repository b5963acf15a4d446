import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { faultOf } from '../../flows/compile.ts'
import { MAX_COPIES_PER_RULE } from '../../flows/stages/forward/copies.ts'
import { encode } from '../../src/openflow/index.ts'
import type { Port } from '../../topology/model.ts'
import { graphOf, linesOn, type Nodes, rulesOn } from '../support/cloud.ts'
import {
  binding,
  ENGINES,
  hypervisor,
  natNetwork,
  natPort,
  networkId,
  port,
  portId,
  vlanNetwork,
  vnic,
  vxlanNetwork,
} from '../support/nodes.ts'

const golden = (name: string): string[] =>
  readFileSync(join(import.meta.dirname, `../golden/${name}.txt`), 'utf8')
    .trimEnd()
    .split('\n')

/** Two members on hypervisor 0 and one on 1; a second network with one member on 0. */
const cloud = (make: typeof vlanNetwork): Nodes => {
  const [a, b] = [make(1), make(2)]
  return {
    hypervisors: [hypervisor(0), hypervisor(1)],
    networks: [a, b],
    ports: [port(0, a), port(1, a), port(2, a), port(3, b)],
    vnics: [vnic(0, 0), vnic(1, 1), vnic(2, 2), vnic(3, 3)],
    bindings: [binding(0, 0), binding(1, 0), binding(2, 1), binding(3, 0)],
  }
}

t.test('a VLAN network, line by line', async (t) => {
  t.strictSame(linesOn(graphOf(cloud(vlanNetwork)), 0), golden('vlan'))
})

t.test('a VXLAN network, line by line', async (t) => {
  t.strictSame(linesOn(graphOf(cloud(vxlanNetwork)), 0), golden('vxlan'))
})

t.test(
  'B95: no copy goes to its own tunnel address, which a host that was installed anew shares with its former self',
  async (t) => {
    const nodes = {
      ...cloud(vxlanNetwork),
      hypervisors: [hypervisor(0), hypervisor(1, { encapIp: hypervisor(0).encapIp })],
    }
    t.notMatch(linesOn(graphOf(nodes), 0).join('\n'), /one copy to each other hypervisor/)
    t.match(linesOn(graphOf(cloud(vxlanNetwork)), 0).join('\n'), /one copy to each other hypervisor/)
  },
)

t.test('a NATed network beside another with the same private addresses, line by line', async (t) => {
  const nodes = {
    ...cloud(natNetwork),
    ports: [natPort(0, 1, 1), natPort(1, 1, 2), natPort(2, 1, 3), natPort(3, 2, 1)],
  }
  t.strictSame(linesOn(graphOf(nodes), 0), golden('nat-ipv4'))
})

t.test('a network that hands out addresses, line by line: of one member here and one elsewhere', async (t) => {
  const attributes = {
    ipv4: { prefix: '10.9.0.0/24', gateway_ip: null, dns: [], routes: [], pool: [] },
    ipv6: { prefix: 'fd09::/64', mode: 'dhcpv6-stateless', dns: [] },
  }
  const network = { ...vxlanNetwork(1), attributes }
  const ports = [5, 6].map((n) => port(n - 5, network, { attributes: { ip_addresses: [`10.9.0.${n}`] } }))
  const graph = graphOf({
    ...cloud(vxlanNetwork),
    networks: [network],
    ports,
    vnics: [vnic(0, 0), vnic(1, 1)],
    bindings: [binding(0, 0), binding(1, 1)],
  })
  const asked = linesOn(graph, 0).filter((line) => /table=(10|11|20|21),/.test(line))
  t.strictSame(asked, golden('addresses'))
})

/** A trunk on a VLAN network, with a further network in tunnels. */
const trunked = (of: Partial<Port> = {}): Nodes => ({
  hypervisors: [hypervisor(0), hypervisor(1)],
  networks: [vlanNetwork(1), vxlanNetwork(2)],
  ports: [
    port(0, vlanNetwork(1), { ...of, trunk: [{ vlanId: 7, portId: portId(1) }] }),
    port(1, vxlanNetwork(2)),
    port(2, vxlanNetwork(2)),
  ],
  vnics: [vnic(0, 0), vnic(2, 2)],
  bindings: [binding(0, 0), binding(2, 1)],
})

t.test('a trunk on a VLAN network and one by tunnels, line by line', (t) => {
  t.strictSame(linesOn(graphOf(trunked()), 0), golden('trunk'))
  t.end()
})

t.test('a limit is for all of a trunk together: one meter each way, in the rules of all its ports', (t) => {
  const limited = graphOf(trunked({ rateLimit: { ingressKbps: 1000, egressKbps: 2000, burstKbit: null } }))
  const lines = linesOn(limited, 0)
  t.strictSame(
    lines.filter((line) => line.includes('meter:') && !line.includes('table=11,')),
    golden('trunk-limited'),
  )
  const bare = (line: string) => line.replace(/, \d+ kbit\/s at most$/, '').replace(/meter:\d+,(?!CONTROLLER)/, '')
  const unlimited = lines.map((line) => bare(line).replace(/clone\((.*)\)/, '$1'))
  t.strictSame(unlimited, golden('trunk'), 'nothing else is new')
  t.end()
})

t.test('B21: a port that is down is a drop, and in no flood', async (t) => {
  const nodes = cloud(vlanNetwork)
  const [first, ...others] = nodes.ports ?? []
  const down = first ? [{ ...first, adminUp: false }, ...others] : []
  const lines = linesOn(graphOf({ ...nodes, ports: down }), 0)
  const its = lines.filter((line) => line.includes('cookie=0x706c75670000012c'))
  t.strictSame(its, [
    'cookie=0x706c75670000012c, priority=100,in_port=10 actions=drop  # VNIC vnic-0 in port port-0: the port is administratively down',
  ])
  t.notOk(
    lines.some((line) => line.includes('set_field:0x12c->reg1')),
    'nobody sends to it',
  )
})

t.test('no rules without a way to the fabric, and a fault with the reason', async (t) => {
  for (const [make, without, code, pending] of [
    [vlanNetwork, { bridgeMappings: {} }, 'bridge-mapping-missing', false],
    [vlanNetwork, { fabric: {} }, 'uplink-missing', true],
    [vxlanNetwork, { encapIp: null }, 'no-encap-ip', false],
    [vxlanNetwork, { fabric: {} }, 'tunnel-missing', true],
  ] as const) {
    const graph = graphOf({ ...cloud(make), hypervisors: [hypervisor(0, without), hypervisor(1)] })
    t.strictSame(linesOn(graph, 0), [], code)
    const [network, here] = [graph.networks.get(networkId(1)), [...graph.hypervisors.values()][0]]
    const fault = network && here && faultOf(ENGINES, network, here)
    t.match(fault, { code, pending, message: /hypervisor hv0/ })
  }
})

t.test('B26: floods of 2, 500 and 3,000 members stay in rules that a switch keeps', async (t) => {
  for (const count of [2, 500, 3000]) {
    const network = vlanNetwork(1)
    const each = [...Array(count).keys()]
    const graph = graphOf({
      hypervisors: [hypervisor(0)],
      networks: [network],
      ports: each.map((n) => ({ ...port(n, network), key: (10_000 + n) as never })),
      vnics: each.map((n) => ({ ...vnic(n, n), key: (20_000 + n) as never })),
      bindings: each.map((n) => binding(n, 0)),
    })
    const rules = rulesOn(graph, 0).filter(({ author }) => author === network.key)
    const copies = rules.flatMap(({ instructions }) =>
      instructions.flatMap((one) => (one.type === 'apply_actions' ? one.actions : [])),
    )
    const targets = copies.filter((action) => action.type === 'set_field' && action.field === 'reg1')
    t.ok(targets.length >= count, `${count} members: ${targets.length} targets`)
    const lookUps = copies.filter(({ type }) => type === 'resubmit').length
    t.ok(lookUps < 4000, `${lookUps} look-ups`)
    for (const flow of rules) {
      const { length } = encode({ type: 'flow_mod', command: 'add', ...flow })
      t.ok(length < 60_000, `${count} members: a rule of ${length} octets`)
    }
  }
  t.ok(MAX_COPIES_PER_RULE * 40 <= 60_000)
})
