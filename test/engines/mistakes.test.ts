/** An outside engine that throws or returns nonsense: the VNIC shows the mistake, others continue to work, and nothing leaks. */
import t from 'tap'
import { authorOf } from '../../flows/pipeline/cookie.ts'
import type { Engine } from '../../src/core/engine/engine.ts'
import { PlugboardError } from '../../src/core/errors.ts'
import { printFlow } from '../../src/openflow/index.ts'
import type { Placement } from '../../topology/graph.ts'
import type { NetworkId, PortId, VnicId } from '../../topology/ids.ts'
import type { Hypervisor } from '../../topology/model.ts'
import { controllerOn, PROJECT } from '../support/controller.ts'
import { hypervisorId, port, vlanNetwork } from '../support/nodes.ts'
import { oddEngine } from '../support/odd-engine.ts'
import { cloudOf, until } from '../support/switches.ts'

const to = (target: object) => [{ priority: 5, match: [], target, why: 'a mistake' }]

/** Wrong answers of an engine about its rules, and the text that the VNIC shows then. */
const MISTAKES: ReadonlyArray<readonly [what: string, rules: (others: Others) => object, words: RegExp]> = [
  ['fabric throws', () => ({ fabric: thrower }), /engine "odd": fabric\(\) failed: boom/],
  ['fabric of no kind', () => ({ fabric: () => ({}) }), /fabric\(\) says kind undefined: it must be uplink/],
  [
    'a role of another sort',
    () => ({ fabric: () => wire({ role: 'uplink:physnet1' }) }),
    /says role "uplink:physnet1"/,
  ],
  ['a remote end', () => ({ fabric: () => wire({ remoteIp: 'there' }) }), /says remoteIp "there": it must be an IP/],
  ['a key', () => ({ fabric: () => wire({ tunnelKey: -1 }) }), /says tunnelKey -1/],
  [
    "another's tunnel",
    () => ({ fabric: () => wire({ tunnelKey: 9 }) }),
    /segment vxlan\/9\/203.0.113.9, but .* given vxlan\/7\//,
  ],
  [
    "a network's VLAN",
    () => ({ fabric: () => uplink(100) }),
    /says segment vlan\/physnet1\/100, but .* was given vxlan\/7/,
  ],
  ['no VLAN', () => ({ fabric: () => uplink(5000) }), /says vlanId 5000: it must be a number from 1 to 4094, or null/],
  ["a network's VNI", () => ({ fabric: () => wire({ kind: 'overlay', tunnelKey: 4096 }) }), /segment vxlan\/4096, but/],
  ['guard throws', () => ({ guard: thrower }), /hv0 has no rules for it: engine "odd": guard\(\) failed: boom/],
  ['guard no list', () => ({ guard: () => true }), /guard\(\) is true: it must be a list/],
  ['guard of no kind', () => ({ guard: () => [[]] }), /guard\(\)\[0\] has may undefined: it must be pass or never/],
  [
    'guard of no rank',
    () => ({ guard: () => [{ may: 'pass', rank: 0, match: [], what: 'x' }] }),
    /has rank 0: it must be a number from 1 to 1000/,
  ],
  [
    'a promise',
    () => ({ domain: async () => thrower() }),
    /domain\(\) says a promise: it must say what it has to say at/,
  ],
  ['domain throws', () => ({ domain: thrower }), /domain\(\) failed: boom/],
  ['no target', () => ({ domain: () => to({ to: 'table', table: 60 }) }), /domain\(\)\[0\] has target "table"/],
  [
    'a port number',
    () => ({ domain: () => to({ to: 'output', port: 1 }) }),
    /it must be one of member, peer, uplink, everybody, unknown, nobody/,
  ],
  ['a register', () => ({ member: () => rule({ match: [{ field: 'reg1', value: 1 }] }) }), /matches field "reg1"/],
  [
    'the domain',
    () => ({ member: () => rule({ match: [{ field: 'metadata', value: 1n }] }) }),
    /field "metadata": it may/,
  ],
  [
    'a value',
    () => ({ member: () => rule({ match: [{ field: 'eth_dst', value: '02::' }] }) }),
    /must be a number of 48 bits/,
  ],
  [
    'a priority',
    () => ({ member: () => rule({ priority: 70_000 }) }),
    /has priority 70000: it must be a number from 1/,
  ],
  ['no reason', () => ({ member: () => rule({ why: undefined }) }), /has why undefined: it must say in words/],
  ['no match', () => ({ member: () => rule({ match: undefined }) }), /a match is undefined: it must be a list/],
  [
    'a member of another domain',
    ({ member }) => ({ domain: () => to({ to: 'member', member }) }),
    /hands packets to port .*, which is not a member of .* on hypervisor hv0/,
  ],
  [
    'a member that is not a member',
    () => ({ domain: () => to({ to: 'member', member: { port: { ...port(1, vlanNetwork(1)), key: 1 } } }) }),
    /hands packets to port port-1, which is not a member/,
  ],
  [
    'a peer',
    ({ peer }) => ({ domain: () => to({ to: 'peer', peer }) }),
    /sends packets to hypervisor hv1, which is not another/,
  ],
  [
    'a peer that is not a peer',
    () => ({ domain: () => to({ to: 'peer' }) }),
    /sends packets to hypervisor undefined, which is not/,
  ],
]

interface Others {
  readonly member: Placement | undefined
  readonly peer: Hypervisor | undefined
}

const thrower = () => {
  throw new Error('boom')
}
const wire = (parts: object) => ({
  kind: 'wire',
  role: 'tunnel:vxlan',
  tunnelKey: 7,
  remoteIp: '203.0.113.9',
  ...parts,
})
const uplink = (vlanId: number) => ({ kind: 'uplink', role: 'uplink:physnet1', vlanId })
const rule = (parts: object) => [{ priority: 5, match: [], target: { to: 'everybody' }, why: 'odd', ...parts }]

t.test(
  'its VNIC is in error with the reason, others are plugged meanwhile, and after a correction it becomes active',
  async (t) => {
    let wrong: object = {}
    const rules = new Proxy(oddEngine().rules, {
      get: (good, name) => (wrong as Record<string | symbol, unknown>)[name] ?? Reflect.get(good, name),
    })
    const engine: Engine = { ...oddEngine(), rules }
    const { controller, connect, call, plug, bind, realised } = await cloudOf(t, 2, { outside: [engine] })
    const [here] = [await connect(0), await connect(1)]
    const network = await call('create_network', { segment: { vlan_id: 100, physical_network: 'physnet1' } })
    await call('create_network', { engine: 'vxlan' })
    const neighbour = await plug(network, 0)
    await realised(neighbour)
    const placed = controller.graph.placement(controller.graph.vnics.get(neighbour)?.portId ?? ('' as PortId))
    const others = { member: placed, peer: controller.graph.hypervisors.get(hypervisorId(1)) }
    const port = await call('create_port_on_its_own', { engine: 'odd', tunnel_key: 7 })
    const vnic = (await call('create_vnic', { kind: 'odd' })).id as VnicId
    await bind(vnic, 0, 9)
    const before = [...here.flows.values()].map(printFlow).sort()
    for (const [what, make, words] of MISTAKES) {
      wrong = make(others)
      await controller.operations.vnics.plug(PROJECT, vnic, port.id as PortId, null)
      const shown = await realised(vnic)
      t.match(shown, { status: 'error', status_detail: words }, what)
      t.equal((await realised(await plug(network, 1))).status, 'active', 'others are not delayed')
      await controller.operations.hypervisors.flows(hypervisorId(0), {}, true)
      t.same([...here.flows.values()].map(printFlow).sort(), before, 'it has no rules')
      await controller.operations.vnics.unplug(PROJECT, vnic, null)
    }
    wrong = { domain: thrower }
    await controller.operations.vnics.plug(PROJECT, vnic, port.id as PortId, null)
    t.equal((await realised(vnic)).status, 'error')
    wrong = {}
    await until(() => controller.operations.vnics.show(PROJECT, vnic).status === 'active')
    t.ok(here.flows.size > before.length, 'retried, and its rules are installed')
  },
)

t.test('a network whose engine fails keeps its rules on the switch', async (t) => {
  let fails = false
  const networks: Engine['networks'] = {
    mesh: false,
    segment: { type: 'object', properties: {} },
    plan: () => ({ segment: {}, segmentId: 'vlan/physnet1/7' }),
    mtu: () => 1500,
  }
  const rules = { fabric: () => uplink(7), domain: () => (fails ? thrower() : rule({})) }
  const { controller, connect, call, bind, realised } = await cloudOf(t, 1, {
    outside: [oddEngine({ networks, rules })],
  })
  const here = await connect(0)
  const network = await call('create_network', { engine: 'odd' })
  const plug = async (ofport: number) => {
    const id = (await call('create_vnic', { kind: 'odd' })).id as VnicId
    await bind(id, 0, ofport)
    const port = await call('create_port', {}, { network_id: network.id })
    await controller.operations.vnics.plug(PROJECT, id, port.id as PortId, null)
    return realised(id)
  }
  t.match(await plug(11), { status: 'active' })
  const key = controller.graph.networks.get(network.id as NetworkId)?.key
  const its = () => [...here.flows.values()].filter(({ cookie }) => authorOf(cookie) === key).map(printFlow)
  const before = its()
  t.equal(before.length, 4)
  fails = true
  t.match(await plug(12), {
    status: 'error',
    status_detail: /hv0 has no rules for it: engine "odd": domain\(\) failed/,
  })
  t.same(its(), before)
})

t.test('other mistakes of an engine refuse the request or become a condition', async (t) => {
  let wrong: Record<string, unknown> = {}
  const get = (name: string, good: unknown) => wrong[name] ?? good
  const base = oddEngine()
  const engine: Engine = {
    ...base,
    ports: {
      inNetworks: false,
      schema: { type: 'object', properties: { tunnel_key: { type: 'integer' } } },
      plan: (...about) => (get('plan', base.ports?.plan) as NonNullable<Engine['ports']>['plan'])(...about),
    },
    vnics: [
      {
        kind: 'odd',
        schema: { type: 'object', properties: {} },
        attributes: () => (get('attributes', () => ({ asked: {}, attributes: {} })) as () => never)(),
      },
    ],
    checkPlug: () => (get('checkPlug', () => undefined) as () => void)(),
    judgeHost: () => (get('judgeHost', () => []) as () => [])(),
    fabricPorts: () => (get('fabricPorts', () => []) as () => [])(),
  }
  const { call, controller } = await cloudOf(t, 1, { outside: [engine] })
  const makes = (tunnel_key = 7) => call('create_port_on_its_own', { engine: 'odd', tunnel_key })
  const plan = (parts: object) => () => ({ attributes: {}, hypervisor: null, segment: null, ...parts })
  const refusals: ReadonlyArray<readonly [object, RegExp]> = [
    [{ plan: thrower }, /^engine "odd": ports\.plan\(\) failed: boom$/],
    [{ plan: () => undefined }, /attributes says no attributes/],
    [{ plan: plan({ attributes: { status: 'fine' } }) }, /has "status", which is a field of the core's/],
    [{ plan: plan({ attributes: { deep: { down: 1n } } }) }, /has "deep", which is no value that JSON has/],
    [{ plan: plan({ hypervisor: 'hv0' }) }, /hypervisor is hv0: it must be null for a port on its own/],
    [{ plan: plan({ segment: 'vxlan' }) }, /segment\.id is undefined: it must be the name of a segment/],
    [{ plan: plan({ segment: { id: 'vxlan/7', partOf: 'vxlan/8' } }) }, /vxlan\/7, which is no part of vxlan\/8/],
  ]
  for (const [parts, message] of refusals) {
    wrong = { ...parts }
    await t.rejects(makes(), { code: 'unavailable', message }, String(message))
  }
  wrong = { attributes: () => ({ attributes: {} }) }
  await t.rejects(call('create_vnic', { kind: 'odd' }), { code: 'unavailable', message: /says no `asked`/ })
  wrong = {}
  const network = await call('create_network', { engine: 'vxlan', segment: { vni: 5000 } })
  t.ok(network.id)
  await t.rejects(
    makes(5000),
    { code: 'segment-in-use', message: /segment vxlan\/5000 is taken: a network has it/ },
    "the core's own look",
  )
  const port = await makes(7)
  const vnic = (await call('create_vnic', { kind: 'odd' })).id as VnicId
  wrong = {
    checkPlug: () => {
      throw new PlugboardError('unsupported', 'not today')
    },
  }
  await t.rejects(controller.operations.vnics.plug(PROJECT, vnic, port.id as PortId, null), { code: 'unsupported' })
  wrong = { checkPlug: thrower }
  await t.rejects(controller.operations.vnics.plug(PROJECT, vnic, port.id as PortId, null), {
    code: 'unavailable',
    message: 'engine "odd": checkPlug() failed: boom',
  })
})

t.test('an engine that has objects in the store must be loaded', async (t) => {
  const { store, call } = await controllerOn({ outside: [oddEngine()] })
  await call('create_port_on_its_own', { engine: 'odd', tunnel_key: 7 })
  await t.rejects(controllerOn({ store }), {
    name: 'StoreError',
    message: 'the store has objects of engine "odd", which is not loaded: name it in "engines"',
  })
})
