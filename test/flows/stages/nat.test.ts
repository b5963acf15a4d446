/** Answers of an engine about a routed network are checked; prefixes; next hops. */
import t from 'tap'
import { compile, type Engines, faultOf } from '../../../flows/compile.ts'
import type { EngineRules, Member } from '../../../flows/engines/engine-rules.ts'
import { dotted, isWithin, maskOf, overlap, prefixOf, printPrefix } from '../../../flows/engines/prefix.ts'
import { engineTables } from '../../../flows/pipeline/table.ts'
import { nextHopFor, onward, routersOf, wayOf, whoHas } from '../../../flows/stages/nat/next-hop.ts'
import type { Translation } from '../../../flows/stages/nat/routed-fabric.ts'
import { natIpv4Rules } from '../../../src/engines/nat-ipv4/nat-ipv4-rules.ts'
import { ipv4, printActions } from '../../../src/openflow/index.ts'
import type { Key } from '../../../topology/ids.ts'
import { graphOf } from '../../support/cloud.ts'
import { binding, ENGINES, hypervisor, hypervisorId, natNetwork, natPort, portId, vnic } from '../../support/nodes.ts'

const graph = graphOf({
  hypervisors: [hypervisor(0)],
  networks: [natNetwork(1), natNetwork(2)],
  ports: [natPort(0, 1, 1), natPort(1, 2, 1)],
  vnics: [vnic(0, 0), vnic(1, 1)],
  bindings: [binding(0, 0), binding(1, 0)],
})
const member = (n: number): Member => {
  const placement = graph.placement(portId(n))
  if (!placement?.vnic) throw new Error(`port ${n} has no VNIC`)
  return placement as Member
}
const enginesWith = (rules: Partial<EngineRules>): Engines =>
  new Map([['nat-ipv4', { rules: { ...natIpv4Rules, ...rules }, tables: engineTables(5) }]])

t.test('a member has no address but the one that its port was given', async (t) => {
  const own: Translation = { floating: ipv4('203.0.113.17'), inside: ipv4('100.64.0.2'), mac: 0x020000000000 }
  const say = (translation: Partial<EngineRules>['translation']) =>
    compile(graph, enginesWith(translation ? { translation } : {}), hypervisorId(0), 300 as Key)
  t.ok(say(() => own).length > 10)
  for (const [said, words] of [
    [
      { ...own, floating: ipv4('203.0.113.18') },
      /address 203\.0\.113\.18, but port-0 was not given routed\/physnet1\/203\.0\.113\.18/,
    ],
    [{ ...own, inside: ipv4('100.64.0.1') }, /address 100\.64\.0\.1, which is none that a member/],
    [{ ...own, inside: ipv4('10.0.0.1') }, /address 10\.0\.0\.1, which is none/],
    [{ ...own, mac: -1 }, /no \{floating, inside, mac\}/],
  ] as const) {
    t.throws(() => say(() => said), { name: 'EngineMistake', message: words })
  }
  const thrower = () => {
    throw new TypeError('boom')
  }
  t.throws(() => say(thrower), { message: 'engine "nat-ipv4": translation() failed: boom' })
  const { translation: _, ...without } = natIpv4Rules
  const engines = new Map([['nat-ipv4', { rules: without, tables: engineTables(5) }]])
  t.throws(() => compile(graph, engines, hypervisorId(0), 300 as Key), { message: /it has no translation\(\)/ })
})

t.test('a way to the fabric that is another network\u2019s, or lacks an address, is a mistake', async (t) => {
  const network = natNetwork(1)
  const here = hypervisor(0)
  const good = natIpv4Rules.fabric(network, here)
  t.match(good, { kind: 'routed', role: 'uplink:physnet1', vlanId: 50, gateway: ipv4('100.64.0.1') })
  for (const wrong of [
    { prefix: prefixOf('203.0.113.32/28') },
    { gateway: -1 },
    { inside: undefined },
    { nextHop: 'x' },
  ]) {
    const fault = faultOf(enginesWith({ fabric: () => ({ ...good, ...wrong }) as never }), network, here)
    t.match(fault, { code: 'engine-mistake', pending: false }, JSON.stringify(wrong))
  }
  t.match(faultOf(ENGINES, network, hypervisor(0, { bridgeMappings: {} })), { code: 'bridge-mapping-missing' })
})

t.test('next hops: on the link, through the router, or none; requested and used as the member', async (t) => {
  const way = wayOf(graph, ENGINES, member(0))
  if (!way) throw new Error('it has a way')
  t.equal(way.via, 1001 * 4096 + 50)
  t.equal(nextHopFor(way.fabric, ipv4('203.0.113.200')), ipv4('203.0.113.200'))
  t.equal(nextHopFor(way.fabric, ipv4('198.51.100.1')), ipv4('203.0.113.1'))
  t.equal(nextHopFor({ ...way.fabric, nextHop: null }, ipv4('198.51.100.1')), undefined)
  const { frame, actions } = whoHas(way, ipv4('203.0.113.200'))
  t.equal(
    Buffer.from(frame).toString('hex').slice(0, 84),
    `ffffffffffff0e51cb0071110806${'0001080006040001'}0e51cb007111cb007111000000000000cb0071c8`,
  )
  const leave = 'set_field:0xc9->metadata,set_field:0x12c->reg0,set_field:0x1->reg1,resubmit(,60)'
  t.equal(printActions(actions), leave)
  t.equal(printActions(onward(way, frame, 0x020000000099).actions), `set_field:02:00:00:00:00:99->eth_dst,${leave}`)
  t.equal(routersOf(graph, ENGINES, [member(0), member(1)]).length, 1, 'one member asks for all members in a VLAN')
})

t.test('prefixes', async (t) => {
  const prefix = prefixOf('203.0.113.64/26')
  t.equal(printPrefix(prefix), '203.0.113.64/26')
  t.equal(dotted(maskOf(prefix)), '255.255.255.192')
  t.equal(maskOf({ first: 0, length: 0 }), 0)
  t.ok(isWithin(ipv4('203.0.113.127'), prefix))
  t.notOk(isWithin(ipv4('203.0.113.128'), prefix))
  t.ok(overlap(prefix, prefixOf('203.0.113.0/24')))
  t.notOk(overlap(prefix, prefixOf('203.0.113.128/25')))
  t.ok(isWithin(ipv4('255.255.255.255'), prefixOf('255.255.255.0/24')))
})
