/** Answers of an outside engine are checked before the core uses them. */
import t from 'tap'
import type { Engine } from '../../../src/core/engine/engine.ts'
import { guarded as guard } from '../../../src/core/engine/guarded.ts'
import { takenNames } from '../../../src/core/engine/taken-names.ts'
import { FEATURES } from '../../../src/features/feature-list.ts'
import { Graph } from '../../../topology/graph.ts'
import { port, vlanNetwork } from '../../support/nodes.ts'
import { oddEngine } from '../../support/odd-engine.ts'

const TAKEN = takenNames(FEATURES)
const guarded = (engine: Engine) => guard(engine, TAKEN)
const graph = new Graph()
const network = vlanNetwork(1)
const caller = { project: '*', role: 'admin' } as const
const thrower = () => {
  throw new Error('boom')
}

function networksOf(parts: object): NonNullable<Engine['networks']> {
  const schema = { type: 'object', properties: {} }
  const good = { mesh: true, segment: schema, plan: () => ({ segment: {}, segmentId: 'vxlan/1' }), mtu: () => 1400 }
  const { networks } = guarded(oddEngine({ networks: { ...good, ...parts } as NonNullable<Engine['networks']> }))
  if (!networks) throw new Error('it has networks')
  return networks
}

t.test('networks: a segment with a name, an MTU, limits in words', async (t) => {
  const good = networksOf({})
  t.same(good.plan(graph, null, {}), { segment: {}, segmentId: 'vxlan/1', attributes: {} })
  t.equal(good.mtu(graph), 1400)
  t.equal(good.limits?.(graph, network), undefined)
  for (const said of [
    undefined,
    { segment: {} },
    { segment: [], segmentId: 'vxlan/1' },
    { segment: {}, segmentId: 'x' },
  ]) {
    t.throws(() => networksOf({ plan: () => said }).plan(graph, null, {}), { code: 'unavailable' })
  }
  const broken = networksOf({ mtu: thrower })
  t.equal(broken.mtu(graph), 0, 'the list of networks can still be shown')
  t.equal(broken.limits?.(graph, network), 'engine "odd": networks.mtu() failed: boom')
  t.match(
    networksOf({ mtu: () => -1 }).limits?.(graph, network),
    /networks\.mtu\(\) says -1: it must be a number of octets/,
  )
  t.match(networksOf({ limits: thrower }).limits?.(graph, network), /networks\.limits\(\) failed: boom/)
  t.equal(networksOf({ limits: () => 'too many' }).limits?.(graph, network), 'too many')
})

t.test('fields of ports: attributes, and whether they ask for unknown addresses; all else is the core’s', async (t) => {
  const fields = (set: () => unknown) =>
    networksOf({ portFields: { schema: { type: 'object', properties: {} }, set } }).portFields
  const was = port(1, network)
  const stolen = { ...was, networkId: 'another', key: 1, attributes: { colour: 'red' }, floodUnknown: true }
  t.same(fields(() => stolen)?.set(graph, was, {}, caller), {
    ...was,
    attributes: { colour: 'red' },
    floodUnknown: true,
  })
  t.throws(() => fields(() => ({ attributes: { status: 'up' } }))?.set(graph, was, {}, caller), { code: 'unavailable' })
  t.throws(() => fields(thrower)?.set(graph, was, {}, caller), {
    message: 'engine "odd": portFields.set() failed: boom',
  })
  t.equal(fields(() => was)?.check, undefined)
  const asked = networksOf({
    portFields: { schema: { type: 'object', properties: {} }, set: () => was, check: thrower },
  })
  t.throws(() => asked.portFields?.check?.(graph, was), { message: 'engine "odd": portFields.check() failed: boom' })
})

t.test('ports in networks must be at an existing hypervisor', async (t) => {
  const plan = (hypervisor: unknown) => ({ attributes: {}, hypervisor, segment: null })
  const { ports } = guarded(oddEngine({ ports: { inNetworks: true, plan: () => plan('nowhere') } }))
  t.throws(() => ports?.plan(graph, network, {}, caller), {
    message: /hypervisor is nowhere: it must be the hypervisor/,
  })
})

t.test('conditions of hosts', async (t) => {
  const conditions = (judgeHost: () => unknown) =>
    guarded(oddEngine({ judgeHost: judgeHost as Engine['judgeHost'] })).judgeHost(new Map())
  t.same(
    conditions(() => [{ code: 'odd', message: 'odd' }]),
    [{ code: 'odd', message: 'odd' }],
  )
  const mistake = { code: 'engine-mistake', message: /judgeHost\(\) failed/ }
  t.match(conditions(thrower), [mistake])
  t.match(
    conditions(() => ['odd']),
    [mistake],
  )
  t.match(
    conditions(() => undefined),
    [mistake],
  )
})

t.test('a promise is not an answer, and its rejection does not end the process', async (t) => {
  const later = async () => {
    throw new Error('later')
  }
  const ports = { plan: later as never }
  const engine = guarded(
    oddEngine({ ports, checkPlug: later as never, judgeHost: later as never, fabricPorts: later as never }),
  )
  const promise = /it says a promise, and must say what it has to say at once/
  t.throws(() => engine.checkPlug(graph, {} as never, {} as never), { code: 'unavailable', message: promise })
  t.throws(() => engine.ports?.plan(graph, null, {}, caller), { code: 'unavailable', message: promise })
  t.match(engine.judgeHost(new Map()), [{ code: 'engine-mistake', message: promise }])
  t.throws(() => engine.fabricPorts({ bridgeMappings: {}, encapIp: null }), { message: promise })
  t.match(networksOf({ mtu: later }).limits?.(graph, network), promise)
})
