/** Requests of guests to the controller: which ones it answers, and how many. */
import t from 'tap'
import { authorOf, cookieOf } from '../../flows/pipeline/cookie.ts'
import { TARGET } from '../../flows/pipeline/registers.ts'
import type { Answer, Engine } from '../../src/core/engine/engine.ts'
import { readUdp4 } from '../../src/engines/dhcp/frames.ts'
import { readMessage4 } from '../../src/engines/dhcp/message4.ts'
import { ipv4, mac, printActions } from '../../src/openflow/index.ts'
import type { Key, VnicId } from '../../topology/ids.ts'
import { DISCOVER_UDHCPC } from '../engines/dhcp/captured.ts'
import { PROJECT } from '../support/controller.ts'
import { oddEngine } from '../support/odd-engine.ts'
import { cloudOf, until } from '../support/switches.ts'

type Cloud = Awaited<ReturnType<typeof cloudOf>>
const NETWORK = { engine: 'vxlan', ipv4: { prefix: '10.9.0.0/24', gateway_ip: '10.9.0.1' } }

/** A DISCOVER from this MAC address. */
function discover(from: string): Uint8Array {
  const frame = Uint8Array.from(DISCOVER_UDHCPC)
  const octets = from.split(':').map((octet) => Number.parseInt(octet, 16))
  for (const at of [6, 70]) frame.set(octets, at)
  return frame
}

/** A guest of a network on a hypervisor, and the form of its packets there. */
async function guest({ controller, plug, status }: Cloud, network: { id: string }, where: number) {
  const id = await plug(network, where)
  await until(() => status(id) === 'active')
  const { mac_address, port_id } = controller.operations.vnics.show(PROJECT, id)
  const binding = controller.graph.bindings.get(id)
  const port = controller.graph.ports.get(port_id as never)
  if (!port || !binding?.ofport) throw new Error('it is in no port')
  const [address] = port.attributes.ip_addresses as string[]
  return {
    id,
    mac: String(mac_address),
    port,
    ofport: binding.ofport,
    cookie: cookieOf(port.key),
    address: String(address),
  }
}

const countsOf = async ({ controller }: Cloud) => {
  const metric = (await controller.metrics()).find(({ name }) => name === 'plugboard_questions_total')
  return Object.fromEntries(metric?.samples.map(({ labels, value }) => [labels.outcome, value]) ?? [])
}

t.test('a guest is answered at its own port, through its own network', async (t) => {
  const cloud = await cloudOf(t, 1)
  const h0 = await cloud.connect(0)
  const one = await guest(cloud, await cloud.call('create_network', NETWORK), 0)
  const rule = [...h0.flows.values()].find(
    ({ table, cookie, instructions }) =>
      table === 20 && cookie === one.cookie && JSON.stringify(instructions).includes('meter'),
  )
  t.ok(rule, 'its switch sends such frames to the controller')
  h0.ask(one.cookie, one.ofport, discover(one.mac))
  await until(() => h0.packetOuts.length === 1)
  const [{ data, actions, match } = { data: new Uint8Array(), actions: [], match: [] }] = h0.packetOuts
  const datagram = readUdp4(data)
  t.equal(readMessage4(datagram?.payload ?? new Uint8Array())?.yiaddr, ipv4(one.address))
  t.equal(datagram?.to.mac, mac(one.mac))
  t.match(match, [{ field: 'in_port', value: 0xfffffffd }])
  const target = `set_field:0x${one.port.key.toString(16)}->${TARGET.field}`
  t.match(printActions(actions), new RegExp(`metadata,.*${target},resubmit\\(,60\\)$`))
  t.same(await countsOf(cloud), { answered: 1, ignored: 0, dropped: 0 })
})

t.test('a packet that is not a question of a current guest is ignored', async (t) => {
  const cloud = await cloudOf(t, 2)
  const [h0, h1] = [await cloud.connect(0), await cloud.connect(1)]
  const network = await cloud.call('create_network', NETWORK)
  const one = await guest(cloud, network, 0)
  const frame = discover(one.mac)
  const askAll = () => {
    h0.ask(0x1234n, one.ofport, frame)
    h0.ask(cookieOf(0xfffffff as Key), one.ofport, frame)
    h0.ask(cookieOf(cloud.controller.graph.networks.get(network.id as never)?.key as Key), one.ofport, frame)
    h0.ask(one.cookie, one.ofport, frame, 30)
    h0.ask(one.cookie, one.ofport + 1, frame)
    h0.ask(one.cookie, one.ofport, new Uint8Array())
    h1.ask(one.cookie, one.ofport, frame)
  }
  askAll()
  const ignored = async (count: number) => until(async () => (await countsOf(cloud)).ignored === count)
  await ignored(7)
  await cloud.controller.operations.ports.update(PROJECT, one.port.id, { admin_state_up: false }, null, {
    project: '*',
    role: 'admin',
  })
  h0.ask(one.cookie, one.ofport, frame)
  await ignored(8)
  t.same([...h0.packetOuts, ...h1.packetOuts], [], 'and neither is one whose port is down')
})

t.test('a guest that sends too many requests gets some answers, and delays no other guest', async (t) => {
  const cloud = await cloudOf(t, 1)
  const h0 = await cloud.connect(0)
  const network = await cloud.call('create_network', NETWORK)
  const [loud, quiet] = [await guest(cloud, network, 0), await guest(cloud, network, 0)]
  for (let n = 0; n < 3_000; n++) h0.ask(loud.cookie, loud.ofport, discover(loud.mac))
  h0.ask(quiet.cookie, quiet.ofport, discover(quiet.mac))
  await until(() => h0.packetOuts.some(({ data }) => readUdp4(data)?.to.mac === mac(quiet.mac)))
  const { answered = 0, ignored, dropped = 0 } = await countsOf(cloud)
  t.equal(answered + dropped, 3_001)
  t.equal(ignored, 0)
  t.equal(answered, h0.packetOuts.length)
})

t.test('an engine that throws or returns nonsense: the guest gets no answer, and others do', async (t) => {
  const answers: Array<() => unknown> = [
    () => {
      throw new Error('boom')
    },
    () => Promise.resolve({ frames: [] }),
    () => undefined,
    () => ({ frames: [new Uint8Array(3)] }),
    () => ({ frames: Array.from({ length: 5 }, () => new Uint8Array(60)) }),
    () => ({ frames: [new Uint8Array(60)], note: 'said' }),
  ]
  let asked = 0
  const answer = (() => answers[asked++]?.()) as () => Answer
  const rules = { punts: () => [{ match: [{ field: 'eth_type', value: 0x88b5 }], what: 'anything' }] }
  const odd = oddEngine({ rules, answer: answer as NonNullable<Engine['answer']> })
  const cloud = await cloudOf(t, 1, { outside: [odd] })
  const h0 = await cloud.connect(0)
  const port = await cloud.call('create_port_on_its_own', { engine: 'odd', tunnel_key: 9 })
  const vnic = (await cloud.call('create_vnic', { kind: 'odd' })).id as VnicId
  await cloud.bind(vnic, 0, 60)
  await cloud.controller.operations.vnics.plug(PROJECT, vnic, port.id as never, null)
  await until(() => cloud.status(vnic) === 'active')
  const rule = [...h0.flows.values()].find(({ table }) => table === 20)
  t.ok(rule && authorOf(rule.cookie ?? 0n))
  for (const [index] of answers.entries()) {
    h0.ask(rule?.cookie ?? 0n, 60, new Uint8Array(60))
    await until(() => asked === index + 1)
  }
  await until(() => h0.packetOuts.length === 1)
  t.same(await countsOf(cloud), { answered: 1, ignored: 5, dropped: 0 })
})
