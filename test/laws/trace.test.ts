/** Law 4 on samples, with Open vSwitch as the judge: `ofproto/trace` and our model must send every frame to the same places. */
import fc from 'fast-check'
import t from 'tap'
import type { Member } from '../../flows/engines/engine-rules.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import { meterOf } from '../../flows/pipeline/vnic-meter.ts'
import { ALL_TABLES, connect, METER, PORT, printFlow, type Session } from '../../src/openflow/index.ts'
import { apply } from '../../topology/change.ts'
import { Graph } from '../../topology/graph.ts'
import { noOvs, Ovs } from '../openflow/support/ovs.ts'
import { hypervisorId, mac, UPLINK } from '../support/nodes.ts'
import { run } from './interpreter.ts'
import { fromScratch, scenario, VNICS } from './scenario.ts'

const SAMPLES = 25
const HERE = hypervisorId(0)
const BROADCAST = 'ff:ff:ff:ff:ff:ff'

interface Frame {
  readonly inPort: number
  readonly src: string
  readonly dst: string
  /** VLAN id of its tag, if it has one. */
  readonly tag?: number
}

/**
 * The frames to test: from each interface with its own, a neighbour's and a forged address, with and without a tag; and from
 * the wire.
 */
function frames(graph: Graph): Frame[] {
  const here = [...graph.ports.keys()]
    .map((id) => graph.placement(id))
    .filter((one): one is Member => Boolean(one?.vnic) && one?.hypervisor === HERE)
  const destinations = [BROADCAST, ...here.map(({ vnic }) => String(vnic.attributes.mac_address)), mac(0x99)]
  return [
    ...here.flatMap(({ ofport, vnic }) => {
      const src = String(vnic.attributes.mac_address)
      return [
        ...destinations.map((dst) => ({ inPort: ofport, src, dst })),
        { inPort: ofport, src: mac(0x98), dst: BROADCAST },
        { inPort: ofport, src, dst: BROADCAST, tag: 100 },
      ]
    }),
    ...[100, 102, 999].flatMap((tag) => destinations.map((dst) => ({ inPort: UPLINK, src: mac(0x97), dst, tag }))),
  ]
}

const number = (address: string): bigint => BigInt(`0x${address.replaceAll(':', '')}`)

function modelled(rules: readonly Rule[], { inPort, src, dst, tag }: Frame): string[] {
  const fields = new Map([
    ['eth_src', number(src)],
    ['eth_dst', number(dst)],
  ])
  const outputs = run(rules, inPort, { fields, vlan: tag === undefined ? [] : [tag] })
  return outputs.map(({ port, packet }) => [port, ...packet.vlan].join('+')).sort()
}

/** Where Open vSwitch sends copies of a frame, each with its tags. */
async function traced(ovs: Ovs, ports: ReadonlyMap<string, number>, frame: Frame): Promise<string[]> {
  const { inPort, src, dst, tag } = frame
  const tagged = tag === undefined ? '' : `,dl_vlan=${tag}`
  const packet = `in_port=${inPort},dl_src=${src},dl_dst=${dst},dl_type=0x88b5${tagged}`
  const words = (await ovs.appctl('ofproto/trace', 'br0', packet)).match(/^Datapath actions: (.*)$/m)?.[1]
  if (words === undefined) throw new Error(`no datapath actions for ${packet}`)
  const copies = [...copiesIn(words, tag === undefined ? [] : [tag])]
  return copies.map(({ port, tags }) => [ports.get(port), ...tags].join('+')).sort()
}

/** `3,push_vlan(vid=100,pcp=0),clone(meter(1),2)` -> the datapath ports that it ends in, and the tags there. */
function* copiesIn(words: string, before: readonly number[]): Generator<{ port: string; tags: readonly number[] }> {
  let tags = before
  for (const action of actionsIn(words)) {
    const [name, inside = ''] = action.replace(/\)$/, '').split(/\((.*)/s)
    if (name === 'push_vlan') tags = [Number(inside.match(/^vid=(\d+)/)?.[1]), ...tags]
    else if (name === 'pop_vlan') tags = tags.slice(1)
    // Changes of the frame inside a clone end with the clone.
    else if (name === 'clone') yield* copiesIn(inside, tags)
    else if (/^\d+$/.test(action)) yield { port: action, tags }
    else if (name === 'userspace' && inside.includes('controller(')) yield { port: 'controller', tags }
    else if (name !== 'meter' && name !== 'drop') throw new Error(`unexpected datapath action ${action} in ${words}`)
  }
}

/** The actions of a list. An action may contain lists in brackets. */
function actionsIn(words: string): string[] {
  const actions = ['']
  let depth = 0
  for (const letter of words) {
    if (letter === '(') depth += 1
    if (letter === ')') depth -= 1
    if (letter === ',' && depth === 0) actions.push('')
    else actions.push(`${actions.pop()}${letter}`)
  }
  return actions
}

t.test('datapath actions are read with the lists within them', async (t) => {
  const words = 'clone(meter(1),push_vlan(vid=6,pcp=0),4),push_vlan(vid=104,pcp=0),2,pop_vlan,3'
  t.strictSame(
    [...copiesIn(words, [])],
    [
      { port: '4', tags: [6] },
      { port: '2', tags: [104] },
      { port: '3', tags: [] },
    ],
  )
  t.throws(() => [...copiesIn('1,trunc(100)', [])], {
    message: 'unexpected datapath action trunc(100) in 1,trunc(100)',
  })
})

/** Datapath port -> OpenFlow port: `    name 10/3: (tap)`. */
async function datapathPorts(ovs: Ovs): Promise<Map<string, number>> {
  const shown = await ovs.appctl('dpif/show')
  const ports = [...shown.matchAll(/ (\d+)\/(\d+):/g)].map(([, of, dp]) => [String(dp), Number(of)] as const)
  return new Map([...ports, ['controller', PORT.CONTROLLER]])
}

t.test('law 4: Open vSwitch sends every frame to the same places as the model', { skip: noOvs }, async (t) => {
  const ovs = await Ovs.start(t)
  const numbers = [UPLINK, ...[10, 50].flatMap((first) => [...Array(VNICS).keys()].map((n) => first + n))]
  for (const number of numbers) {
    const port = ['add-port', 'br0', `p${number}`, '--', 'set', 'interface', `p${number}`]
    await ovs.vsctl(...port, 'type=internal', `ofport_request=${number}`)
  }
  const ports = await datapathPorts(ovs)
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('the test is done'))
  let [compared, copies] = [0, 0]
  const seed = Math.floor(Math.random() * 2 ** 31)
  t.comment(`seed ${seed} makes these clouds again`)
  for (const { graph, rules } of busy(seed)) {
    await replace(session, rules)
    for (const frame of frames(graph)) {
      const [wanted, got] = [modelled(rules, frame), await traced(ovs, ports, frame)]
      compared += 1
      copies += got.length
      if (JSON.stringify(got) !== JSON.stringify(wanted)) t.strictSame({ frame, got }, { frame, got: wanted })
    }
  }
  t.ok(compared > 200, `${compared} frames were compared`)
  t.ok(copies > 100, `${copies} copies were sent`)
})

/** Sends the rules in our own session: ovs-ofctl does not support a meter within a clone, although switches do. */
async function replace(session: Session, rules: readonly Rule[]): Promise<void> {
  const meter = { meter: METER.ALL, flags: 0, bands: [] }
  const wanted = new Map(rules.flatMap(({ meters }) => meters).map((spec) => [spec.id, meterOf(spec)]))
  const refused = await session.series([
    { type: 'flow_mod', command: 'delete', table: ALL_TABLES, priority: 0, match: [] },
    { type: 'meter_mod', command: 'delete', ...meter },
    ...[...wanted.values()].map((each) => ({ type: 'meter_mod', command: 'add', ...each }) as const),
    ...rules.map((each) => ({ type: 'flow_mod', command: 'add', ...each }) as const),
  ])
  if (refused[0]) throw refused[0].error
}

/** The random clouds with the most rules on this hypervisor. */
function busy(seed: number): Array<{ graph: Graph; rules: Rule[] }> {
  const clouds = fc.sample(scenario, { numRuns: 500, seed }).map((steps) => {
    const graph = new Graph()
    for (const change of steps.flat()) apply(graph, change)
    return { graph, rules: (fromScratch(graph).get(HERE) ?? []).filter(local) }
  })
  return clouds.sort((a, b) => b.rules.length - a.rules.length).slice(0, SAMPLES)
}

/** Rules for a bridge without a tunnel port. Tests of tunnels need two hypervisors and real packets. */
const local = (rule: Rule): boolean => !printFlow(rule).includes('tun_')
