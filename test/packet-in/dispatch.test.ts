/** Packets from switches: each one goes to the handler of the stage whose rule has sent it. */
import pino from 'pino'
import t from 'tap'
import type { Stage } from '../../flows/pipeline/stage.ts'
import { ENGINE_RANGE } from '../../flows/pipeline/table.ts'
import * as stages from '../../flows/stages/index.ts'
import { Latencies } from '../../src/core/latencies.ts'
import type { PacketIn, Session } from '../../src/openflow/index.ts'
import { PacketDispatch, type PacketHandler } from '../../src/packet-in/dispatch.ts'
import { GuardDrops } from '../../src/packet-in/guard-drops.ts'
import { packetDispatch } from '../../src/packet-in/index.ts'
import { Confirmations } from '../../src/switches/confirmations.ts'
import { Fleet } from '../../src/switches/fleet.ts'
import { Graph } from '../../topology/graph.ts'
import { ENGINES, hypervisorId } from '../support/nodes.ts'

const HERE = hypervisorId(0)
const SESSION = {} as Session
const all: readonly Stage[] = Object.values(stages)
const punting = all.filter(({ punts = [] }) => punts.length > 0)
const packetFrom = (table: number) => ({ table, data: new Uint8Array(), cookie: 0n, match: [] }) as unknown as PacketIn

t.test('every stage that sends packets to the controller has a handler', async (t) => {
  const log = pino({ level: 'silent' })
  const graph = new Graph()
  const fleet = new Fleet({
    graph,
    engines: ENGINES,
    confirmations: new Confirmations(),
    log,
    stopwatch: new Latencies().bundle,
    isOther: () => false,
    isOwn: () => false,
    refusalOf: undefined,
    reception: () => ({ isAdmitted: () => true, switchSeen: () => undefined }),
    reviewer: { review: async () => [] },
  })
  const guardDrops = new GuardDrops({ graph, rules: ENGINES, fleet, log })
  const [engines, rules] = [new Map(), ENGINES]
  const dispatch = packetDispatch({ graph, engines, rules, fleet, guardDrops, log, activate: async () => {} })
  t.teardown(() => dispatch.close())
  t.ok(punting.length > 0)
  for (const stage of punting) {
    const again = { stage, packetIn: () => {} }
    t.throws(() => dispatch.register(again), `two handlers take the packets of stage ${stage.name}`)
  }
})

t.test('a packet goes to one handler; a packet of no stage is ignored', async (t) => {
  const dispatch = new PacketDispatch()
  const taken: string[] = []
  let closed = 0
  for (const stage of punting) {
    const packetIn: PacketHandler['packetIn'] = (_, __, { table }) => void taken.push(`${stage.name} ${table}`)
    dispatch.register({ stage, packetIn, close: () => void closed++ })
  }
  const expected = punting.flatMap(({ name, punts = [] }) => punts.map(({ number }) => `${name} ${number}`))
  for (const stage of punting) {
    for (const { number } of stage.punts ?? []) dispatch.packetIn(HERE, SESSION, packetFrom(number))
  }
  t.same(taken, expected)
  t.same(dispatch.counts, { answered: 0, ignored: 0, dropped: 0 })
  dispatch.packetIn(HERE, SESSION, packetFrom(ENGINE_RANGE.first))
  t.same(dispatch.counts, { answered: 0, ignored: 1, dropped: 0 })
  t.equal(taken.length, expected.length)
  dispatch.close()
  t.equal(closed, punting.length)
})
